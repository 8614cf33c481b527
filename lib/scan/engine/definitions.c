/*
 * definitions.c - loads a directory of definition files; see definitions.h. Refuses a file that brings nothing. Called
 * by engine.c.
 */
#include "scan/engine/definitions.h"

#include "scan/engine/message.h"

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

/* In the order in which clamscan loads them: what tells others to be ignored comes first. */
enum turn { TURN_IGNORE, TURN_DAILY_CLD, TURN_DAILY_CVD, TURN_LOCAL_GDB, TURN_DAILY_CFG, TURN_TRUST, TURN_OTHER };

struct file {
	char *name;
	enum turn turn;
	bool signatures; /* it is a fault if it brings none */
};

struct files {
	struct file *items;
	size_t count;
};

/*
 * The extensions that the library loads. The flag says whether a good file brings signatures: lists of exceptions, of
 * types, of trust and of passwords do not, nor does what is off by default (potentially unwanted programs, unsigned
 * byte code).
 */
static const struct {
	const char *text;
	bool signatures;
} extensions[] = {
	{".cvd", true},  {".cld", true},   {".cud", true},  {".db", true},   {".hdb", true},  {".hsb", true},
	{".hdu", false}, {".hsu", false},  {".mdb", true},  {".msb", true},  {".mdu", false}, {".msu", false},
	{".imp", true},  {".ndb", true},   {".ndu", false}, {".sdb", true},  {".ldb", true},  {".ldu", false},
	{".zmd", true},  {".rmd", true},   {".idb", true},  {".cdb", true},  {".yar", true},  {".yara", true},
	{".gdb", true},  {".pdb", true},   {".wdb", false}, {".cbc", false}, {".cfg", false}, {".crb", false},
	{".cat", false}, {".ftm", false},  {".fp", false},  {".sfp", false}, {".ign", false}, {".ign2", false},
	{".ioc", false}, {".pwdb", false},
};

static bool has_extension(const char *name, const char *extension)
{
	const char *dot = strrchr(name, '.');
	return dot && strcasecmp(dot, extension) == 0;
}

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

static int compare_files(const void *a, const void *b)
{
	const struct file *one = a;
	const struct file *other = b;
	if (one->turn != other->turn)
		return one->turn < other->turn ? -1 : 1;
	return strcmp(one->name, other->name);
}

static void files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].name);
	free(files->items);
	*files = (struct files){NULL, 0};
}

static int files_add(struct files *files, const char *name)
{
	size_t row = 0;
	while (row < sizeof extensions / sizeof extensions[0] && !has_extension(name, extensions[row].text))
		row++;
	if (row == sizeof extensions / sizeof extensions[0])
		return 0;
	if (files->count == FILES_MAX)
		return -E2BIG;
	struct file *items = reallocarray(files->items, files->count + 1, sizeof *items);
	if (!items)
		return -ENOMEM;
	files->items = items;
	struct file file = {.name = strdup(name), .turn = turn_of(name), .signatures = extensions[row].signatures};
	if (!file.name)
		return -ENOMEM;
	items[files->count++] = file;
	return 0;
}

static int files_read(DIR *stream, struct files *files)
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
		int error = files_add(files, entry->d_name);
		if (error)
			return error;
	}
}

static int files_list(const char *directory, struct files *ret_files, enum scan_code *ret_code, struct why *why)
{
	*ret_files = (struct files){NULL, 0};
	DIR *stream = opendir(directory);
	if (!stream) {
		int error = -errno;
		*ret_code = error == -ENOENT || error == -ENOTDIR ? GEN_RESULT_DEFINITION_DIR_UNSET
								  : DEC_RESULT_DEF_DIR_ACCESS_FAILED;
		return why_errno(why, error, "cannot list the definitions in %.300s", directory);
	}
	int error = files_read(stream, ret_files);
	(void)closedir(stream);
	*ret_code = AVS_RESULT_DEFINITIONS_MISSING;
	if (error)
		why_errno(why, error, "cannot list the definitions in %.300s", directory);
	else if (ret_files->count == 0)
		error = why_set(why, -ENOENT, "no definition file is in %.300s", directory);
	if (error)
		files_free(ret_files);
	else
		qsort(ret_files->items, ret_files->count, sizeof ret_files->items[0], compare_files);
	return error;
}

/* When a file was made: signed sets say it themselves, of others only the file's own time is known. */
static int64_t file_built(const char *path, const char *name, const struct stat *status)
{
	int64_t built = status->st_mtime;
	if (!has_extension(name, ".cvd") && !has_extension(name, ".cld") && !has_extension(name, ".cud"))
		return built;
	struct cl_cvd *header = cl_cvdhead(path);
	if (header && header->stime)
		built = header->stime;
	if (header)
		cl_cvdfree(header);
	return built;
}

/* Some signed sets are empty by intent, and say so. */
static bool says_empty(const char *path, const char *name)
{
	if (!has_extension(name, ".cvd") && !has_extension(name, ".cld"))
		return false;
	struct cl_cvd *header = cl_cvdhead(path);
	bool empty = header && header->sigs == 0;
	if (header)
		cl_cvdfree(header);
	return empty;
}

/* The library's "cannot open" would not say why. */
static int file_readable(const char *path, struct stat *ret_status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, ret_status) ? -errno : 0;
	(void)close(fd);
	return error;
}

static int file_load(const char *path, const struct file *file, struct cl_engine *library,
		     struct definitions *definitions, enum scan_code *ret_code, struct why *why)
{
	struct stat status;
	int error = file_readable(path, &status);
	*ret_code = AVS_RESULT_DEFINITIONS_MISSING;
	if (error)
		return why_errno(why, error, "cannot read %.400s", path);

	*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
	message_forget();
	unsigned int brought = 0;
	cl_error_t result = cl_load(path, library, &brought, CL_DB_STDOPT);
	if (result != CL_SUCCESS)
		return why_set(why, -EINVAL, "%.300s is broken: %s (%.120s)", path, cl_strerror(result),
			       message_last());
	if (brought == 0 && file->signatures && !says_empty(path, file->name))
		return why_set(why, -EINVAL, "%.300s brings no signature%s%.120s", path, message_last()[0] ? ": " : "",
			       message_last());
	/* The library counts exceptions as well. */
	if (file->signatures)
		definitions->signatures += brought;
	int64_t built = file_built(path, file->name, &status);
	if (built > definitions->built)
		definitions->built = built;
	return 0;
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

/* Of the two forms of the official daily set only the newer is loaded, the incremental one when they are equal. */
static void drop_older_daily(const char *directory, struct files *files)
{
	size_t cld = files->count;
	size_t cvd = files->count;
	for (size_t i = 0; i < files->count; i++) {
		if (files->items[i].turn == TURN_DAILY_CLD)
			cld = i;
		else if (files->items[i].turn == TURN_DAILY_CVD)
			cvd = i;
	}
	if (cld == files->count || cvd == files->count)
		return;
	size_t older = version_of(directory, "daily.cld") < version_of(directory, "daily.cvd") ? cld : cvd;
	free(files->items[older].name);
	files->count--;
	memmove(&files->items[older], &files->items[older + 1], (files->count - older) * sizeof files->items[0]);
}

int definitions_load(const char *directory, struct cl_engine *library, struct definitions *ret_definitions,
		     enum scan_code *ret_code, struct why *why)
{
	*ret_definitions = (struct definitions){0, 0};
	struct files files;
	int error = files_list(directory, &files, ret_code, why);
	if (error)
		return error;
	drop_older_daily(directory, &files);
	for (size_t i = 0; i < files.count && !error; i++) {
		char *path = path_of(directory, files.items[i].name);
		if (!path) {
			*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
			error = why_errno(why, -ENOMEM, "cannot load %.300s", directory);
			break;
		}
		error = file_load(path, &files.items[i], library, ret_definitions, ret_code, why);
		free(path);
	}
	files_free(&files);
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
