/*
 * definitions.c - lists and loads a directory of definition files; see definitions.h. Refuses a file that brings nothing.
 */
#include "scan/engine/definitions.h"

#include "scan/engine/message.h"
#include "scan/engine/whole.h"
#include "verdict/update.h"

#include <clamav.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of definitions holds tens of files; a cap so that a wrong directory costs no more than a message. */
#define FILES_MAX 4096

static bool has_extension(const char *name, const char *extension)
{
	const char *dot = strrchr(name, '.');
	return dot && strcasecmp(dot, extension) == 0;
}

/* In the order in which clamscan loads them: what tells others to be ignored comes first. */
enum turn { TURN_IGNORE, TURN_DAILY_CLD, TURN_DAILY_CVD, TURN_LOCAL_GDB, TURN_DAILY_CFG, TURN_TRUST, TURN_OTHER };

static enum turn turn_of(const char *name)
{
	if (has_extension(name, ".ign") || has_extension(name, ".ign2"))
		return TURN_IGNORE;
	if (strcmp(name, "daily.cld") == 0)
		return TURN_DAILY_CLD;
	if (strcmp(name, "daily.cvd") == 0)
		return TURN_DAILY_CVD;
	if (strcmp(name, "local.gdb") == 0)
		return TURN_LOCAL_GDB;
	if (strcmp(name, "daily.cfg") == 0)
		return TURN_DAILY_CFG;
	return has_extension(name, ".crb") ? TURN_TRUST : TURN_OTHER;
}

static int compare_items(const void *a, const void *b)
{
	const struct definition_item *one = a;
	const struct definition_item *other = b;
	enum turn turn = turn_of(one->name), other_turn = turn_of(other->name);
	if (turn != other_turn)
		return turn < other_turn ? -1 : 1;
	return strcmp(one->name, other->name);
}

void definition_list_free(struct definition_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct definition_list){NULL, 0};
}

static int list_add(struct definition_list *list, const char *name)
{
	if (!definition_name_known(name))
		return 0;
	if (list->count == FILES_MAX)
		return -E2BIG;
	struct definition_item *items = reallocarray(list->items, list->count + 1, sizeof *items);
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = (struct definition_item){.name = strdup(name)};
	return items[list->count].name ? (list->count++, 0) : -ENOMEM;
}

static int list_read(DIR *stream, struct definition_list *list)
{
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry)
			return -errno;
		/* A file that begins with a dot is somebody's temporary file, whatever it ends with. */
		if (entry->d_name[0] == '.')
			continue;
		struct stat status;
		if (fstatat(dirfd(stream), entry->d_name, &status, 0) == 0 && !S_ISREG(status.st_mode))
			continue;
		int error = list_add(list, entry->d_name);
		if (error)
			return error;
	}
}

static char *path_of(const char *directory, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static unsigned int version_of(const char *directory, const char *name)
{
	char *path = path_of(directory, name);
	struct cl_cvd *header = path ? cl_cvdhead(path) : NULL;
	unsigned int version = header ? header->version : 0;
	if (header)
		cl_cvdfree(header);
	free(path);
	return version;
}

/* Of the two forms of a signed set the library uses only the newer, the incremental one when they are equal. */
void definition_list_settle(const char *directory, struct definition_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct definition_item *cld = &list->items[i];
		if (!has_extension(cld->name, ".cld"))
			continue;
		size_t stem = strlen(cld->name) - strlen(".cld");
		for (size_t j = 0; j < list->count; j++) {
			struct definition_item *cvd = &list->items[j];
			if (strncmp(cld->name, cvd->name, stem) != 0 || strcmp(cvd->name + stem, ".cvd") != 0)
				continue;
			bool older = version_of(directory, cld->name) < version_of(directory, cvd->name);
			(older ? cld : cvd)->superseded = true;
		}
	}
}

int definition_list_read(const char *directory, struct definition_list *ret_list, enum scan_code *ret_code,
			 struct why *why)
{
	*ret_list = (struct definition_list){NULL, 0};
	DIR *stream = opendir(directory);
	if (!stream) {
		int error = -errno;
		*ret_code = error == -ENOENT || error == -ENOTDIR ? GEN_RESULT_DEFINITION_DIR_UNSET
								  : DEC_RESULT_DEF_DIR_ACCESS_FAILED;
		return why_errno(why, error, "cannot list the definitions in %.300s", directory);
	}
	int error = list_read(stream, ret_list);
	(void)closedir(stream);
	*ret_code = AVS_RESULT_DEFINITIONS_MISSING;
	if (error)
		why_errno(why, error, "cannot list the definitions in %.300s", directory);
	else if (ret_list->count == 0)
		error = why_set(why, -ENOENT, "no definition file is in %.300s", directory);
	if (error) {
		definition_list_free(ret_list);
		return error;
	}
	qsort(ret_list->items, ret_list->count, sizeof ret_list->items[0], compare_items);
	return 0;
}

/* When a file was made: signed sets say it themselves, of others only the file's own time is known. */
static int64_t file_built(const char *path, const struct stat *status)
{
	int64_t built = status->st_mtime;
	struct cl_cvd *header = definition_name_signed(path) ? cl_cvdhead(path) : NULL;
	if (header && header->stime)
		built = header->stime;
	if (header)
		cl_cvdfree(header);
	return built;
}

/* Some signed sets are empty by intent, and say so. */
static bool says_empty(const char *path)
{
	struct cl_cvd *header = definition_name_signed(path) ? cl_cvdhead(path) : NULL;
	bool empty = header && header->sigs == 0;
	if (header)
		cl_cvdfree(header);
	return empty;
}

/*
 * The library's "cannot open" would not say why. Of the containers only a .cvd is signed as a whole: in the others it does not miss what was lost
 * when they were cut short.
 */
static int file_look(const char *path, struct stat *ret_status, enum scan_code *ret_code, struct why *why)
{
	*ret_code = AVS_RESULT_DEFINITIONS_MISSING;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return why_errno(why, -errno, "cannot be read");
	int error = fstat(fd, ret_status) ? -errno : 0;
	if (error)
		why_errno(why, error, "cannot be read");
	else if (definition_name_signed(path) && !has_extension(path, ".cvd") && (error = whole_check(fd, true, why)))
		*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
	(void)close(fd);
	return error;
}

int definition_load(const char *path, struct cl_engine *library, struct definition_loaded *ret_loaded,
		    enum scan_code *ret_code, struct why *why)
{
	*ret_loaded = (struct definition_loaded){0, 0};
	struct stat status;
	int error = file_look(path, &status, ret_code, why);
	if (error)
		return error;
	*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
	message_forget();
	unsigned int brought = 0;
	cl_error_t result = cl_load(path, library, &brought, CL_DB_STDOPT);
	if (result != CL_SUCCESS)
		return why_set(why, result == CL_EMEM ? -ENOMEM : -EINVAL, "is broken: %s (%.120s)",
			       cl_strerror(result), message_last());
	if (brought == 0 && definition_name_brings(path) && !says_empty(path))
		return why_set(why, -EINVAL, "brings no signature%s%.120s", message_last()[0] ? ": " : "",
			       message_last());
	*ret_loaded = (struct definition_loaded){brought, file_built(path, &status)};
	return 0;
}

static int load_item(const char *directory, const char *name, struct cl_engine *library,
		     struct definitions *definitions, enum scan_code *ret_code, struct why *why)
{
	char *path = path_of(directory, name);
	if (!path) {
		*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
		return why_errno(why, -ENOMEM, "cannot load %.300s", directory);
	}
	struct why fault = {""};
	struct definition_loaded loaded;
	int error = definition_load(path, library, &loaded, ret_code, &fault);
	if (error)
		why_set(why, error, "%.300s %s", path, fault.text);
	/* The library counts exceptions as well. */
	if (definition_name_brings(name))
		definitions->signatures += loaded.signatures;
	definition_built_add(&definitions->built, name, loaded.built);
	free(path);
	return error;
}

int definitions_load(const char *directory, struct cl_engine *library, struct definitions *ret_definitions,
		     enum scan_code *ret_code, struct why *why)
{
	*ret_definitions = (struct definitions){0};
	struct definition_list list;
	int error = definition_list_read(directory, &list, ret_code, why);
	if (error)
		return error;
	definition_list_settle(directory, &list);
	for (size_t i = 0; i < list.count && !error; i++)
		if (!list.items[i].superseded)
			error = load_item(directory, list.items[i].name, library, ret_definitions, ret_code, why);
	definition_list_free(&list);
	if (error)
		return error;
	/* Lists of exceptions alone, or an empty signed set, would make an engine that calls everything clean. */
	if (ret_definitions->signatures == 0) {
		*ret_code = AVS_RESULT_DEFINITIONS_MISSING;
		return why_set(why, -ENOENT, "the definitions in %.300s hold no signature", directory);
	}
	*ret_code = SCAN_CODE_NONE;
	return 0;
}
