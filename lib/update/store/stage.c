/*
 * stage.c - incoming/: a set that is being made beside the one in use; see store.h.
 */
#include "update/store/folder.h"

#include "base/fd.h"
#include "process/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY_MOST 65536 /* bytes; it has some 90 */
#define COMPARE_SIZE  65536

/* For filesystems without hard links, and files of others. Keeps the time of the last change. */
static int copy_file(int from_directory, const char *name, int to_directory, const char *to_name)
{
	struct stat status;
	int from = openat(from_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), to = -1, error = 0;
	if (from < 0)
		return -errno;
	(void)unlinkat(to_directory, to_name, 0);
	if (fstat(from, &status) < 0 ||
	    (to = openat(to_directory, to_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644)) < 0)
		error = -errno;
	for (ssize_t got = 1; !error && got;) {
		got = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
		if (got < 0 && errno != EINTR)
			error = -errno;
	}
	struct timespec times[2] = {status.st_mtim, status.st_mtim};
	if (!error && futimens(to, times) < 0)
		error = -errno;
	fd_close(&to);
	fd_close(&from);
	if (error)
		(void)unlinkat(to_directory, to_name, 0);
	return error;
}

int store_link_file(int from, const char *name, int to)
{
	if (linkat(from, name, to, name, 0) == 0)
		return 0;
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return -errno;
	return copy_file(from, name, to, name);
}

static int stage_file(int directory, const char *name, void *context)
{
	const int *incoming = context;
	if (!definition_name_known(name) || name[0] == '.')
		return 0;
	/* Who fetches may write in incoming/. What that does to a link it does to the set in use: a signature tells, where there is one. */
	return definition_name_signed(name) ? store_link_file(directory, name, *incoming)
					    : copy_file(directory, name, *incoming, name);
}

int store_open_incoming(const struct store *store)
{
	int fd = openat(store->directory, "incoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int store_open_current(const struct store *store)
{
	char id[STORE_ID_MAX];
	int error = store_link(store, "current", id);
	return error ? error : store_open_set(store, id);
}

/* It is written in place, so no link. What is no small file is none of libfreshclam's, and is made anew. */
static int stage_identity(const struct store *store, int incoming)
{
	struct stat status;
	if (fstatat(store->directory, STORE_IDENTITY, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > IDENTITY_MOST)
		return 0;
	int error = copy_file(store->directory, STORE_IDENTITY, incoming, STORE_IDENTITY);
	return error == -ENOENT ? 0 : error;
}

int store_stage(const struct store *store, struct why *why)
{
	store_clear(store);
	int error = store_make(store, "tmp", why);
	error = error ? error : store_make(store, "incoming", why);
	if (error)
		return error;
	int incoming = store_open_incoming(store);
	if (incoming < 0)
		return why_errno(why, incoming, "cannot open %s/incoming", store->path);
	int current = store_open_current(store);
	if (current >= 0)
		error = store_each(current, stage_file, &incoming);
	error = error ? error : stage_identity(store, incoming);
	fd_close(&current);
	fd_close(&incoming);
	return error ? why_errno(why, error, "cannot stage the definitions in %s/incoming", store->path) : 0;
}

int store_restore_file(const struct store *store, const char *name)
{
	int incoming = store_open_incoming(store);
	if (incoming < 0)
		return incoming;
	int error = unlinkat(incoming, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	int current = store_open_current(store);
	if (!error && current >= 0) {
		error = store_link_file(current, name, incoming);
		error = error == -ENOENT ? 0 : error;
	}
	fd_close(&current);
	fd_close(&incoming);
	return error;
}

int store_keep_identity(const struct store *store)
{
	struct stat status;
	/* Whatever is no file in its place would be in the way. */
	if (fstatat(store->directory, STORE_IDENTITY, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
		(void)unlinkat(store->directory, STORE_IDENTITY, AT_REMOVEDIR);
	if (renameat(store->directory, "incoming/" STORE_IDENTITY, store->directory, STORE_IDENTITY) < 0 &&
	    errno != ENOENT)
		return -errno;
	return 0;
}

bool store_same(int one, int other)
{
	char a[COMPARE_SIZE], b[COMPARE_SIZE];
	struct stat first, second;
	if (fstat(one, &first) < 0 || fstat(other, &second) < 0 || first.st_size != second.st_size)
		return false;
	if (first.st_dev == second.st_dev && first.st_ino == second.st_ino)
		return true;
	for (off_t at = 0; at < first.st_size;) {
		ssize_t got = pread(one, a, sizeof a, at);
		if (got <= 0 || pread(other, b, (size_t)got, at) != got || memcmp(a, b, (size_t)got) != 0)
			return false;
		at += got;
	}
	return true;
}

/* A descriptor of a file in a directory, of which there may be none; *ret_unknown: it could not be found out. */
static int open_in(int directory, const char *name, bool *ret_unknown)
{
	int error = directory < 0 ? -directory : 0, fd = -1;
	if (!error && (fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
		error = errno;
	*ret_unknown = *ret_unknown || (error && error != ENOENT);
	return fd;
}

/* Times tell nothing: servers give the same to files that differ. What cannot be compared counts as changed. */
bool store_file_changed(const struct store *store, const char *name)
{
	bool unknown = false;
	int incoming = store_open_incoming(store), current = store_open_current(store);
	int new = open_in(incoming, name, &unknown), old = open_in(current, name, &unknown);
	bool same = new >= 0 && old >= 0 ? store_same(new, old) : new < 0 && old < 0;
	bool changed = unknown || !same;
	fd_close(&new);
	fd_close(&old);
	fd_close(&incoming);
	fd_close(&current);
	return changed;
}

static int list_file(int directory, const char *name, void *context)
{
	struct definition_file file = {0};
	struct stat status;
	if (!definition_name_known(name) || name[0] == '.' || strlen(name) >= sizeof file.name)
		return 0;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	(void)snprintf(file.name, sizeof file.name, "%s", name);
	file.size = (uint64_t)status.st_size;
	return definition_set_put(context, &file);
}

/* Closes the directory. */
static int list_files(int take_directory, struct definition_set *ret_set)
{
	*ret_set = (struct definition_set){NULL, 0};
	int error = take_directory < 0 ? take_directory : store_each(take_directory, list_file, ret_set);
	fd_close(&take_directory);
	if (error)
		definition_set_free(ret_set);
	return error;
}

int store_incoming(const struct store *store, struct definition_set *ret_set)
{
	return list_files(store_open_incoming(store), ret_set);
}

bool store_changed(const struct store *store)
{
	struct definition_set incoming, current;
	if (store_incoming(store, &incoming))
		return true;
	if (list_files(store_open_current(store), &current))
		current = (struct definition_set){NULL, 0};
	bool changed = incoming.count != current.count;
	for (uint32_t i = 0; !changed && i < incoming.count; i++)
		changed = store_file_changed(store, incoming.files[i].name);
	definition_set_free(&incoming);
	definition_set_free(&current);
	return changed;
}

void store_clear(const struct store *store)
{
	static const char *const names[] = {"incoming", "tmp"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = NULL;
		if (asprintf(&path, "%s/%s", store->path, names[i]) < 0)
			return;
		(void)tempdir_remove_path(path);
		free(path);
	}
	(void)mkdirat(store->directory, "tmp", 0755);
}
