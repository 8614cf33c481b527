/*
 * engine_settings.c - the rows of engine_settings.def as values, and what they say together; see engine_settings.h.
 *
 * Refuses what could only fail when a message is there: a clamd without an address, names that nobody could give.
 */
#include "verdict/engine_settings.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may stand in the name of a context variable. */
#define VARIABLE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define VARIABLE_MOST    64 /* bytes; "_info" comes behind it */

enum scope { SCOPE_BOTH, SCOPE_CSAPI, SCOPE_CLAMAV };

#define AT(key) offsetof(struct engine_settings, key)

/* All rows, in the order of enum engine_row. `voided`: why the value has no effect. */
static const struct row {
	enum scope scope;
	const char *voided;
	struct setting setting;
} rows[ENGINE_ROW_COUNT] = {
#define ENGINE_NUMBER(scope, key, unit, min, max, def, text)                                                           \
	{SCOPE_##scope, NULL, {#key, SETTING_NUMBER, AT(key), unit, min, max, def, NULL, text}},
#define ENGINE_TEXT(scope, key, def, text)                                                                             \
	{SCOPE_##scope, NULL, {#key, SETTING_TEXT, AT(key), NULL, 0, 0, 0, def, text}},
#define ENGINE_LIST(scope, key, def, text)                                                                             \
	{SCOPE_##scope, NULL, {#key, SETTING_LIST, AT(key), NULL, 0, 0, 0, def, text}},
#define ENGINE_BOOL(scope, key, def, text)                                                                             \
	{SCOPE_##scope, NULL, {#key, SETTING_BOOL, AT(key), NULL, 0, 0, def, NULL, text}},
#define ENGINE_WORD(scope, key, words, def, text)                                                                      \
	{SCOPE_##scope, NULL, {#key, SETTING_WORD, AT(key), NULL, 0, 0, def, words, text}},
#define ENGINE_VOID(scope, key, text)                                                                                  \
	{SCOPE_##scope, text, {#key, SETTING_TEXT, AT(key), NULL, 0, 0, 0, NULL, "taken, and without effect: " text}},
#include "verdict/engine_settings.def"
#undef ENGINE_NUMBER
#undef ENGINE_TEXT
#undef ENGINE_LIST
#undef ENGINE_BOOL
#undef ENGINE_WORD
#undef ENGINE_VOID
#define LIMIT(key, unit, min, max, def, code, text)                                                                    \
	{LIMIT_##key == LIMIT_timeout ? SCOPE_BOTH : SCOPE_CSAPI,                                                      \
	 NULL,                                                                                                         \
	 {#key, SETTING_NUMBER, AT(limits.value[LIMIT_##key]), #unit, min, max, def, NULL, text}},
#include "verdict/limits.def"
#undef LIMIT
};

const char *engine_kind_word(enum engine_kind kind)
{
	static const char *const words[] = {[ENGINE_CSAPI] = "csapi", [ENGINE_CLAMAV] = "clamav"};
	assert(kind < ENGINE_KIND_COUNT);
	return words[kind];
}

static bool in_scope(enum scope scope, enum engine_kind kind)
{
	return scope == SCOPE_BOTH || (scope == SCOPE_CSAPI && kind == ENGINE_CSAPI) ||
	       (scope == SCOPE_CLAMAV && kind == ENGINE_CLAMAV);
}

const struct setting *engine_settings_rows(enum engine_kind kind, size_t *ret_count)
{
	/* Made once: the parser and the manuals want them without gaps. */
	static struct setting tables[ENGINE_KIND_COUNT + 1][ENGINE_ROW_COUNT];
	static size_t counts[ENGINE_KIND_COUNT + 1];
	assert(kind <= ENGINE_KIND_COUNT);
	if (!counts[kind])
		for (size_t i = 0; i < ENGINE_ROW_COUNT; i++)
			if (in_scope(rows[i].scope, kind))
				tables[kind][counts[kind]++] = rows[i].setting;
	*ret_count = counts[kind];
	return tables[kind];
}

const struct setting *engine_global_rows(size_t *ret_count)
{
	static struct setting table[2];
	table[0] = rows[ENGINE_ROW_enabled].setting;
	table[1] = rows[ENGINE_ROW_debug_level].setting;
	*ret_count = 2;
	return table;
}

unsigned engine_settings_row(const struct setting *row)
{
	unsigned i = 0;
	while (strcmp(rows[i].setting.key, row->key) != 0)
		if (++i == ENGINE_ROW_COUNT)
			abort(); /* a row of another table */
	return i;
}

const char *engine_settings_void(enum engine_kind kind, const struct setting *row)
{
	unsigned number = engine_settings_row(row);
	if (kind == ENGINE_CLAMAV && number == ENGINE_ROW_cache_size)
		return "what clamd keeps is clamd's own affair";
	if (kind == ENGINE_CLAMAV && number == ENGINE_ROW_file_base)
		return "clamd has a TemporaryDirectory of its own, and here everything is in memory";
	return rows[number].voided;
}

/* --- sections and engines --------------------------------------------------------------------------------------- */

static int init_one(struct engine_settings *ret_engine)
{
	*ret_engine = (struct engine_settings){.line = 0};
	limits_defaults(&ret_engine->limits);
	for (size_t i = 0; i < ENGINE_ROW_COUNT; i++)
		if (setting_defaults(&rows[i].setting, 1, ret_engine))
			return -ENOMEM;
	return 0;
}

static void free_one(struct engine_settings *engine)
{
	for (size_t i = 0; i < ENGINE_ROW_COUNT; i++)
		setting_free(&rows[i].setting, 1, engine);
	free(engine->name);
	free(engine->antivirus);
}

int engines_settings_init(struct engines_settings *ret_settings)
{
	*ret_settings = (struct engines_settings){.configured = false};
	int error = init_one(&ret_settings->global);
	if (error)
		free_one(&ret_settings->global);
	return error;
}

void engines_settings_free(struct engines_settings *settings)
{
	for (uint32_t i = 0; i < settings->engine_count; i++)
		free_one(&settings->engines[i]);
	for (uint32_t i = 0; i < settings->antivirus_count; i++)
		free_one(&settings->antivirus[i]);
	free(settings->engines);
	free(settings->antivirus);
	free_one(&settings->global);
	*settings = (struct engines_settings){.configured = false};
}

/* One more, with defaults and this title. 0 or -ENOMEM. */
static int append(struct engine_settings **array, uint32_t *count, const char *title, const char *name,
		  struct engine_settings **ret)
{
	struct engine_settings *more = reallocarray(*array, *count + 1, sizeof *more);
	if (!more)
		return -ENOMEM;
	*array = more;
	struct engine_settings *one = &more[*count];
	int error = init_one(one);
	one->antivirus = title ? strdup(title) : NULL;
	one->name = name ? strdup(name) : NULL;
	if (error || (title && !one->antivirus) || (name && !one->name)) {
		free_one(one);
		return -ENOMEM;
	}
	++*count;
	*ret = one;
	return 0;
}

static int check_name(const char *what, const char *name, struct why *why)
{
	if (!*name || !utf8_valid(name))
		return why_set(why, -EINVAL, "%s wants a name in quotes behind it, in UTF-8", what);
	if (engine_name_length(name) > ENGINE_NAME_MAX)
		return why_set(why, -EINVAL, "the name \"%.200s\" is longer than %u characters", name, ENGINE_NAME_MAX);
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			return why_set(why, -EINVAL, "a name takes no control characters");
	return 0;
}

int engines_settings_antivirus(struct engines_settings *settings, const char *title, struct engine_settings **ret,
			       struct why *why)
{
	for (uint32_t i = 0; i < settings->antivirus_count; i++) {
		*ret = &settings->antivirus[i];
		if (strcmp((*ret)->antivirus, title) == 0)
			return 0;
	}
	int error = check_name("antivirus", title, why);
	if (error)
		return error;
	if (settings->antivirus_count == ENGINES_MAX)
		return why_set(why, -E2BIG, "there are more than %u sections antivirus", ENGINES_MAX);
	error = append(&settings->antivirus, &settings->antivirus_count, title, NULL, ret);
	settings->configured = true;
	return error ? why_errno(why, error, "antivirus \"%s\"", title) : 0;
}

int engines_settings_engine(struct engines_settings *settings, const char *title, enum engine_kind kind,
			    const char *name, struct engine_settings **ret, struct why *why)
{
	for (uint32_t i = 0; i < settings->engine_count; i++) {
		*ret = &settings->engines[i];
		if (strcmp((*ret)->name, name) != 0)
			continue;
		if ((*ret)->kind == kind && strcmp((*ret)->antivirus, title) == 0)
			return 0;
		return why_set(why, -EEXIST,
			       "there is an engine \"%.64s\" already, in line %u; each wants its own name", name,
			       (*ret)->line);
	}
	int error = check_name(engine_kind_word(kind), name, why);
	if (error)
		return error;
	if (settings->engine_count == ENGINES_MAX)
		return why_set(why, -E2BIG, "there are more than %u engines", ENGINES_MAX);
	error = append(&settings->engines, &settings->engine_count, title, name, ret);
	if (error)
		return why_errno(why, error, "%s \"%s\"", engine_kind_word(kind), name);
	(*ret)->kind = kind;
	return 0;
}

/* --- what they say together ------------------------------------------------------------------------------------- */

/* Takes over the value of a row where the engine does not set it itself, or in any case. */
static int inherit(struct engine_settings *engine, const struct engine_settings *from, unsigned number)
{
	const struct setting *row = &rows[number].setting;
	if (!from->lines[number] || engine->lines[number])
		return 0;
	int error = setting_copy(row, engine, from);
	if (!error)
		engine->lines[number] = from->lines[number];
	return error;
}

static int inherit_all(struct engines_settings *settings, struct engine_settings *engine)
{
	int error = 0;
	for (uint32_t i = 0; i < settings->antivirus_count; i++)
		for (unsigned row = 0; !error && row < ENGINE_ROW_COUNT; row++)
			if (strcmp(settings->antivirus[i].antivirus, engine->antivirus) == 0)
				error = inherit(engine, &settings->antivirus[i], row);
	const struct engine_settings *global = &settings->global;
	if (engine->kind != ENGINE_CSAPI || error)
		return error;
	/* Switched off as a whole, none of its engines is on. */
	if (global->lines[ENGINE_ROW_enabled] && !global->enabled && engine->enabled) {
		engine->enabled = false;
		engine->lines[ENGINE_ROW_enabled] = global->lines[ENGINE_ROW_enabled];
	}
	return inherit(engine, global, ENGINE_ROW_debug_level);
}

static int check_variable(const struct engine_settings *engine, enum engine_row row, const char *name,
			  unsigned *ret_line, struct why *why)
{
	size_t length = name ? strlen(name) : 0;
	if (!length || (length <= VARIABLE_MOST && strspn(name, VARIABLE_LETTERS) == length &&
			!(name[0] >= '0' && name[0] <= '9')))
		return 0;
	*ret_line = engine->lines[row];
	return why_set(why, -EINVAL,
		       "%s takes a name of up to %d letters, digits, - _ and ., which does not begin with a digit, not "
		       "\"%.64s\"",
		       rows[row].setting.key, VARIABLE_MOST, name);
}

static int check_log(const struct engine_settings *engine, unsigned *ret_line, struct why *why)
{
	const char *log = engine->scanner_log;
	if (!log || *log == '/' || strcmp(log, "stderr") == 0 || strcmp(log, "journal") == 0 ||
	    strcmp(log, "none") == 0)
		return 0;
	*ret_line = engine->lines[ENGINE_ROW_scanner_log];
	return why_set(why, -EINVAL, "scanner_log takes an absolute path, stderr, journal or none, not \"%.64s\"", log);
}

static int check_paths(const struct engine_settings *engine, unsigned *ret_line, struct why *why)
{
	static const enum engine_row paths[] = {ENGINE_ROW_file_base, ENGINE_ROW_scanner_path, ENGINE_ROW_socket,
						ENGINE_ROW_definitions, ENGINE_ROW_passwords};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *path = setting_text(&rows[paths[i]].setting, engine);
		if (!path || *path == '/')
			continue;
		*ret_line = engine->lines[paths[i]];
		return why_set(why, -EINVAL, "%s must be an absolute path, not \"%.64s\"", rows[paths[i]].setting.key,
			       path);
	}
	return check_log(engine, ret_line, why);
}

static int check_engine(const struct engine_settings *engine, unsigned *ret_line, struct why *why)
{
	int error = check_variable(engine, ENGINE_ROW_context_variable, engine->context_variable, ret_line, why);
	error = error ? error
		      : check_variable(engine, ENGINE_ROW_skip_context_variable, engine->skip_context_variable,
				       ret_line, why);
	error = error ? error : check_paths(engine, ret_line, why);
	if (error || engine->kind != ENGINE_CLAMAV || engine->daemon[0])
		return error;
	*ret_line = engine->line;
	return why_set(why, -EINVAL, "clamav \"%s\" has no clamd to ask; write daemon = \"127.0.0.1:3310\" into it",
		       engine->name);
}

int engines_settings_settle(struct engines_settings *settings, unsigned *ret_line, struct why *why)
{
	int error = 0;
	*ret_line = 0;
	if (!settings->configured) {
		struct engine_settings *engine;
		error = append(&settings->engines, &settings->engine_count, NULL, engine_kind_word(ENGINE_CSAPI),
			       &engine);
		if (!error && settings->global.lines[ENGINE_ROW_enabled])
			engine->enabled = settings->global.enabled;
	}
	for (uint32_t i = 0; !error && i < settings->engine_count; i++) {
		struct engine_settings *engine = &settings->engines[i];
		if (engine->antivirus)
			error = inherit_all(settings, engine);
		for (int limit = 0; limit < LIMIT_COUNT; limit++)
			engine->limits.set[limit] = engine->lines[ENGINE_ROW_LIMITS + limit] != 0;
		error = error ? error : check_engine(engine, ret_line, why);
	}
	return error == -ENOMEM ? why_errno(why, error, "the engines") : error;
}

/* --- names ------------------------------------------------------------------------------------------------------ */

int engines_settings_csapi(const struct engines_settings *settings, const char *name,
			   const struct engine_settings **ret_engine, struct why *why)
{
	*ret_engine = NULL;
	for (uint32_t i = 0; i < settings->engine_count; i++) {
		const struct engine_settings *engine = &settings->engines[i];
		if (engine->kind == ENGINE_CSAPI && (!name || strcmp(engine->name, name) == 0)) {
			*ret_engine = engine;
			return 0;
		}
	}
	if (!name)
		return 0;
	return why_set(why, -ENOENT, "no csapi engine is called \"%.64s\"; csapi-scan --engines lists those there are",
		       name);
}

size_t engine_name_length(const char *name)
{
	size_t length = 0;
	bool valid = utf8_valid(name);
	for (const char *at = name; *at; at++)
		length += !valid || ((unsigned char)*at & 0xC0) != 0x80;
	return length;
}

const char *engine_context_variable(const struct engine_settings *engine)
{
	if (engine->context_variable)
		return engine->context_variable;
	return engine->kind == ENGINE_CSAPI ? "csapi_status" : "clamav_status";
}
