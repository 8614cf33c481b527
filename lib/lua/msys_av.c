/*
 * msys_av.c - the Lua module msys.av: engines, scan and scan_part of the CSAPI module, on libcsapi; see msys.av(3).
 *
 * One source for Lua 5.1, LuaJIT and Lua 5.4. Raises an error for arguments of a wrong type only: whatever is wrong with a message is a
 * verdict. Refuses to take anything for a message that was not given as one. Called by require "msys.av".
 */
#include "csapi.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MOST ((size_t)2 << 30) /* bytes; what the library takes at most */
#define STEP         ((size_t)256 << 10)
#define INFO         "_info"
#define NO_MESSAGE   "no message was given, and outside of a mail server there is none at hand"

int luaopen_msys_av(lua_State *L);

/* The handle of this Lua state. */
struct av {
	struct csapi *csapi; /* NULL: not made yet */
};

/* What one call holds: collected with it, should Lua raise an error meanwhile. */
struct call {
	struct csapi_result *result;
	char *data;
};

static const char av_type[] = "msys.av", call_type[] = "msys.av call";

static int av_gc(lua_State *L)
{
	struct av *av = lua_touserdata(L, 1);
	csapi_free(av->csapi);
	av->csapi = NULL;
	return 0;
}

static int call_gc(lua_State *L)
{
	struct call *call = lua_touserdata(L, 1);
	csapi_result_free(call->result);
	free(call->data);
	*call = (struct call){.result = NULL};
	return 0;
}

static struct csapi *handle(lua_State *L)
{
	struct av *av = lua_touserdata(L, lua_upvalueindex(1));
	if (!av->csapi)
		av->csapi = csapi_new();
	if (!av->csapi)
		(void)luaL_error(L, "no memory is left");
	return av->csapi;
}

/* --- messages --------------------------------------------------------------------------------------------------- */

/* The rest of a stream that cannot be repositioned, such as io.popen's. */
static struct csapi_result *scan_stream(struct csapi *csapi, struct call *call, FILE *file, bool part)
{
	size_t size = 0, room = 0;
	while (!feof(file) && size <= MESSAGE_MOST) {
		if (size == room) {
			room = room ? room * 2 : STEP;
			char *larger = realloc(call->data, room);
			if (!larger)
				return NULL;
			call->data = larger;
		}
		size += fread(call->data + size, 1, room - size, file);
		if (ferror(file))
			return csapi_scan_fd(csapi, -1);
	}
	return part ? csapi_scan_part(csapi, call->data, size) : csapi_scan(csapi, call->data, size);
}

/* From where it stands to its end; it stands at its end then. */
static struct csapi_result *scan_file(struct csapi *csapi, struct call *call, FILE *file, bool part)
{
	off_t place = ftello(file);
	if (part || place < 0 || lseek(fileno(file), place, SEEK_SET) < 0)
		return scan_stream(csapi, call, file, part);
	struct csapi_result *result = csapi_scan_fd(csapi, fileno(file));
	(void)fseeko(file, 0, SEEK_END);
	return result;
}

static struct csapi_result *scan_path(struct csapi *csapi, struct call *call, const char *path, bool part)
{
	FILE *file = part ? fopen(path, "re") : NULL;
	/* What cannot be opened is told by the library in its own way. */
	if (!file)
		return csapi_scan_path(csapi, path);
	struct csapi_result *result = scan_stream(csapi, call, file, part);
	(void)fclose(file);
	return result;
}

/* A file of the io library; closed ones as well. NULL: it is something else. */
static FILE **to_file(lua_State *L, int number)
{
	if (lua_type(L, number) != LUA_TUSERDATA || !lua_getmetatable(L, number))
		return NULL;
	luaL_getmetatable(L, LUA_FILEHANDLE);
	bool same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same ? lua_touserdata(L, number) : NULL;
}

static bool is_closed(FILE **file)
{
#if LUA_VERSION_NUM >= 502
	return !((luaL_Stream *)file)->closef;
#else
	return !*file;
#endif
}

/* Is the argument of a type that can be a message? Raises an error if not. */
static void check_message(lua_State *L, int number)
{
	int type = lua_type(L, number);
	if (type == LUA_TNONE || type == LUA_TNIL || type == LUA_TSTRING || to_file(L, number))
		return;
	if (type == LUA_TTABLE) {
		lua_getfield(L, number, "file");
		bool named = lua_type(L, -1) == LUA_TSTRING;
		lua_pop(L, 1);
		if (named)
			return;
	}
	(void)luaL_argerror(L, number, "a string, a file, a table {file=PATH} or nil is expected");
}

static struct csapi_result *scan_argument(lua_State *L, struct csapi *csapi, struct call *call, int number, bool part)
{
	if (lua_type(L, number) == LUA_TSTRING) {
		size_t size;
		const char *data = lua_tolstring(L, number, &size);
		return part ? csapi_scan_part(csapi, data, size) : csapi_scan(csapi, data, size);
	}
	if (lua_istable(L, number)) {
		lua_getfield(L, number, "file");
		struct csapi_result *result = scan_path(csapi, call, lua_tostring(L, -1), part);
		lua_pop(L, 1);
		return result;
	}
	FILE **file = to_file(L, number);
	/* No message, or a closed file: the library's answer about what cannot be read. */
	return file && !is_closed(file) ? scan_file(csapi, call, *file, part) : csapi_scan_fd(csapi, -1);
}

/* --- context ---------------------------------------------------------------------------------------------------- */

/* Of the caller's variables those that switch engines off: true, numbers and strings that are not empty. */
static void read_context(lua_State *L, struct csapi *csapi, int number)
{
	const char *const *names = csapi_skip_variables(csapi);
	for (; names && *names; names++) {
		lua_getfield(L, number, *names);
		if (lua_isboolean(L, -1))
			(void)csapi_set_context(csapi, *names, lua_toboolean(L, -1) ? "true" : NULL);
		else if (lua_isstring(L, -1))
			(void)csapi_set_context(csapi, *names, lua_tostring(L, -1));
		lua_pop(L, 1);
	}
}

static bool is_info(const char *name)
{
	size_t size = strlen(name), behind = sizeof INFO - 1;
	return size >= behind && strcmp(name + size - behind, INFO) == 0;
}

/* `info` goes before the result's, unless it is NULL. */
static void write_context(lua_State *L, const struct csapi_result *result, const char *info, int number)
{
	const char *name;
	for (size_t i = 0; (name = csapi_result_context_name(result, i)) != NULL; i++) {
		const char *value = csapi_result_context_value(result, i);
		value = value && info && is_info(name) ? info : value;
		if (value)
			lua_pushstring(L, value);
		else
			lua_pushnil(L);
		lua_setfield(L, number, name);
	}
}

/* --- functions -------------------------------------------------------------------------------------------------- */

static struct call *new_call(lua_State *L)
{
	struct call *call = lua_newuserdata(L, sizeof *call);
	*call = (struct call){.result = NULL};
	luaL_getmetatable(L, call_type);
	(void)lua_setmetatable(L, -2);
	return call;
}

static void push_or_nil(lua_State *L, const char *text)
{
	if (text)
		lua_pushstring(L, text);
	else
		lua_pushnil(L);
}

/* The arguments stand at these places. */
static int scan(lua_State *L, int message, int engine, int context, bool part)
{
	const char *name = lua_isnoneornil(L, engine) ? NULL : luaL_checkstring(L, engine);
	bool variables = !lua_isnoneornil(L, context);
	if (variables)
		luaL_checktype(L, context, LUA_TTABLE);
	check_message(L, message);
	lua_settop(L, 3);
	struct csapi *csapi = handle(L);
	struct call *call = new_call(L);
	csapi_reset(csapi);
	if (variables)
		read_context(L, csapi, context);
	if (name && csapi_add_engine(csapi, name) < 0)
		return luaL_error(L, "%s", csapi_error(csapi));
	call->result = scan_argument(L, csapi, call, message, part);
	if (!call->result)
		return luaL_error(L, "no memory is left");
	bool nothing = lua_isnoneornil(L, message) && csapi_result_status(call->result) == CSAPI_ERROR;
	if (variables)
		write_context(L, call->result, nothing ? NO_MESSAGE : NULL, context);
	lua_pushinteger(L, csapi_result_status(call->result));
	lua_pushstring(L, nothing ? NO_MESSAGE : csapi_result_info(call->result));
	push_or_nil(L, csapi_result_engine(call->result));
	push_or_nil(L, csapi_result_code(call->result));
	/* Large ones do not wait for the collector. */
	csapi_result_free(call->result);
	free(call->data);
	*call = (struct call){.result = NULL};
	return 4;
}

/* scan([engine], [message], [context]) */
static int av_scan(lua_State *L)
{
	return scan(L, 2, 1, 3, false);
}

/* scan_part(part, [engine], [context]) */
static int av_scan_part(lua_State *L)
{
	return scan(L, 1, 2, 3, true);
}

/* engines(): the names; nil and the reason where the configuration cannot be read. */
static int av_engines(lua_State *L)
{
	struct csapi *csapi = handle(L);
	const char *const *names = csapi_engines(csapi);
	if (!names) {
		lua_pushnil(L);
		lua_pushstring(L, csapi_error(csapi));
		return 2;
	}
	lua_newtable(L);
	for (int i = 0; names[i]; i++) {
		lua_pushstring(L, names[i]);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

/* --- the module ------------------------------------------------------------------------------------------------- */

static void make_type(lua_State *L, const char *name, lua_CFunction collect)
{
	(void)luaL_newmetatable(L, name);
	lua_pushcfunction(L, collect);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
}

static void push_globals(lua_State *L)
{
#if LUA_VERSION_NUM >= 502
	lua_pushglobaltable(L);
#else
	lua_pushvalue(L, LUA_GLOBALSINDEX);
#endif
}

/* Scripts say msys.av.scan: the module, which is on top, is the field `av` of a global msys, where that is, or can be, a table. */
static void set_global(lua_State *L)
{
	push_globals(L);
	lua_pushliteral(L, "msys");
	lua_rawget(L, -2);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushliteral(L, "msys");
		lua_pushvalue(L, -2);
		lua_rawset(L, -4);
	}
	if (lua_istable(L, -1)) {
		lua_pushliteral(L, "av");
		lua_pushvalue(L, -4);
		lua_rawset(L, -3);
	}
	lua_pop(L, 2);
}

__attribute__((visibility("default"))) int luaopen_msys_av(lua_State *L)
{
	static const struct {
		const char *name;
		lua_CFunction function;
	} functions[] = {{"engines", av_engines}, {"scan", av_scan}, {"scan_part", av_scan_part}};
	make_type(L, av_type, av_gc);
	make_type(L, call_type, call_gc);
	lua_newtable(L);
	struct av *av = lua_newuserdata(L, sizeof *av);
	*av = (struct av){.csapi = NULL};
	luaL_getmetatable(L, av_type);
	(void)lua_setmetatable(L, -2);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		lua_pushvalue(L, -1);
		lua_pushcclosure(L, functions[i].function, 1);
		lua_setfield(L, -3, functions[i].name);
	}
	lua_pop(L, 1);
	for (int i = 0; csapi_status_name(i); i++) {
		lua_pushinteger(L, i);
		lua_setfield(L, -2, csapi_status_name(i));
	}
	lua_pushstring(L, csapi_version());
	lua_setfield(L, -2, "_VERSION");
	set_global(L);
	return 1;
}
