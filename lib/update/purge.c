/*
 * purge.c - what is in incoming/ and tmp/ after csapi-fetch was there, and must not be; see run.h.
 *
 * It parses what strangers send, so it may have been taken over. Refuses links, what lies elsewhere too, and all that was not asked for: nothing of it is opened,
 * or given other modes, by csapi-update, which may be root.
 */
#include "update/run.h"

#include "base/fd.h"
#include "process/tempdir.h"
#include "update/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is it one that csapi-fetch was to bring? */
static bool asked_for(const struct run *run, const char *name)
{
	static const char *const forms[] = {"cld", "cvd"};
	for (char **database = run->settings->databases; database && *database; database++) {
		for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
			char file[DEFINITION_NAME_MAX];
			(void)snprintf(file, sizeof file, "%.100s.%s", *database, forms[i]);
			if (strcmp(file, name) == 0)
				return true;
		}
	}
	for (uint32_t i = 0; i < run->settings->feed_count; i++)
		if (remote_keeps(&run->settings->feeds[i], name))
			return true;
	return strcmp(name, STORE_IDENTITY) == 0;
}

/* The very file, by another link. */
static bool is_in_use(const struct run *run, const char *name, const struct stat *status)
{
	struct stat other;
	int current = store_open_current(&run->store);
	bool same = current >= 0 && fstatat(current, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
		    other.st_ino == status->st_ino && other.st_dev == status->st_dev;
	fd_close(&current);
	return same;
}

/* NULL: it may stay. */
static const char *fault_of(const struct run *run, const char *name, const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "it is no file";
	if (status->st_nlink != 1 && !is_in_use(run, name, status))
		return "it lies elsewhere too";
	if (definition_name_known(name) && !store_file_changed(&run->store, name))
		return NULL;
	return asked_for(run, name) ? NULL : "nobody asked for it";
}

static int look_at(int incoming, const char *name, void *context)
{
	struct run *run = context;
	struct stat status;
	char *path = NULL;
	if (fstatat(incoming, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	const char *fault = fault_of(run, name, &status);
	if (!fault)
		return 0;
	run_message(run, 1, "csapi-fetch left %.128s, which is thrown away: %s", name, fault);
	if (asprintf(&path, "%s/incoming/%s", run->store.path, name) < 0)
		return -ENOMEM;
	int error = tempdir_remove_path(path);
	free(path);
	return error;
}

/* What was put there under the names that are ours would be in the way, or worse. */
static int empty_temporary(struct run *run)
{
	char *path = run_path(run, "tmp");
	int error = path ? tempdir_remove_path(path) : -ENOMEM;
	free(path);
	return !error && mkdirat(run->store.directory, "tmp", 0755) < 0 ? -errno : error;
}

int purge_incoming(struct run *run)
{
	int incoming = store_open_incoming(&run->store);
	int error = incoming < 0 ? incoming : store_each(incoming, look_at, run);
	fd_close(&incoming);
	return error ? error : empty_temporary(run);
}
