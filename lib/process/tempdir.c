/*
 * tempdir.c - private directories; see tempdir.h.
 *
 * Refuses to follow links, and to touch what is another user's or in use. However deep directories lie in one another,
 * removal needs three descriptors and no stack: what lies in a directory's directory is moved up before it is looked
 * into.
 */
#include "process/tempdir.h"

#include "base/fd.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PREFIX      "csapi-"
#define RANDOM_SIZE 6 /* mkdtemp's */
#define MEMORY      "/dev/shm"

/* Two scanners that start and sweep at once can take a fresh directory from each other; not this often. */
#define CREATE_TRIES 16
/* Entries that one removal takes away, more than a worker can make: somebody who keeps adding must not keep us here. */
#define REMOVE_MOST (1u << 24)
/* Entries of the base, which may belong to anybody. */
#define SWEEP_MOST (1u << 20)

/* --- where ------------------------------------------------------------------------------------------------------- */

static bool has_room(const char *path, uint64_t room)
{
	struct statfs status;
	return statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC && status.f_bsize > 0 &&
	       (uint64_t)status.f_bavail >= room / (uint64_t)status.f_bsize && eaccess(path, W_OK | X_OK) == 0;
}

const char *tempdir_base(uint64_t room)
{
	const char *told = secure_getenv("TMPDIR");
	if (told && *told)
		return told;
	return has_room(MEMORY, room) ? MEMORY : "/tmp";
}

/* --- making ------------------------------------------------------------------------------------------------------ */

/*
 * Opens and locks a directory that was just made. -EAGAIN: it was swept away between the two, and another one is
 * needed.
 */
static int lock_fresh(const char *path, int *ret_lock)
{
	struct stat held, named;
	int lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	int error = flock(lock, LOCK_EX | LOCK_NB) || fstat(lock, &held) ? -errno : 0;
	if (!error && (lstat(path, &named) || held.st_ino != named.st_ino || held.st_dev != named.st_dev))
		error = -EAGAIN;
	if (error)
		fd_close(&lock);
	*ret_lock = lock;
	return error == -EWOULDBLOCK ? -EAGAIN : error;
}

static int create_locked(const char *base, char **ret_path, int *ret_lock)
{
	for (unsigned i = 0; i < CREATE_TRIES; i++) {
		char *path = NULL;
		if (asprintf(&path, "%s/" PREFIX "XXXXXX", base) < 0)
			return -ENOMEM;
		bool made = mkdtemp(path) != NULL;
		int error = made ? lock_fresh(path, ret_lock) : -errno;
		if (!error) {
			*ret_path = path;
			return 0;
		}
		/* Nobody would remove it before the next scanner sweeps. */
		if (made)
			(void)rmdir(path);
		free(path);
		if (error != -EAGAIN)
			return error;
	}
	return -EAGAIN;
}

int tempdir_create(const char *base, struct tempdir *ret_tempdir, struct why *why)
{
	*ret_tempdir = (struct tempdir){NULL, -1};
	char *real = realpath(base, NULL);
	int error = real ? create_locked(real, &ret_tempdir->path, &ret_tempdir->lock) : -errno;
	free(real);
	return error ? why_errno(why, error, "directory for temporary files %s", base) : 0;
}

int tempdir_child(const struct tempdir *tempdir, const char *name, char **ret_path, struct why *why)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", tempdir->path, name) < 0)
		return why_errno(why, -ENOMEM, "directory %s", name);
	if (mkdir(path, 0700) < 0) {
		int error = why_errno(why, -errno, "directory %s", path);
		free(path);
		return error;
	}
	*ret_path = path;
	return 0;
}

/* --- removing ---------------------------------------------------------------------------------------------------- */

struct removal {
	int top;         /* what lies deeper is moved here */
	uint64_t random; /* names for that which nobody can have taken on purpose */
	unsigned moved;
	unsigned done; /* entries removed or moved */
	int error;     /* the first of this round */
};

static void keep(struct removal *removal, int error)
{
	removal->error = removal->error ? removal->error : error;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes what is no directory. 0; -EISDIR; -errno. */
static int remove_plain(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* POSIX allows EPERM for a directory, and it is also what a file that cannot be removed gives. */
	struct stat status;
	int error = errno;
	if (error == EPERM && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
		return -EISDIR;
	return -error;
}

/* Lets us into a directory of ours. libclamav may leave one without the right to read it or to write into it. */
static int unlock(int parent, const char *name)
{
	return fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static int open_directory(int parent, const char *name)
{
	(void)unlock(parent, name);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int move_up(struct removal *removal, int parent, const char *name)
{
	char up[64];
	/* Only who may write into a directory may give it another parent. */
	(void)unlock(parent, name);
	(void)snprintf(up, sizeof up, "%016llx-%u", (unsigned long long)removal->random, removal->moved++);
	return renameat(parent, name, removal->top, up) ? -errno : 0;
}

typedef int (*remove_entry)(struct removal *removal, int parent, const char *name);

/* Calls `entry` for each entry there is. Takes over the descriptor. */
static void each_entry(struct removal *removal, int take_directory, remove_entry entry)
{
	DIR *stream = fdopendir(take_directory);
	if (!stream) {
		keep(removal, -errno);
		fd_close(&take_directory);
		return;
	}
	for (struct dirent *next; removal->done < REMOVE_MOST && (next = readdir(stream));) {
		if (is_dots(next->d_name))
			continue;
		int error = entry(removal, dirfd(stream), next->d_name);
		keep(removal, error);
		removal->done += !error;
	}
	(void)closedir(stream);
}

/* In a directory of the top one: no deeper than this. */
static int clear_lower(struct removal *removal, int parent, const char *name)
{
	int error = remove_plain(parent, name);
	return error == -EISDIR ? move_up(removal, parent, name) : error;
}

static int clear_upper(struct removal *removal, int parent, const char *name)
{
	int error = remove_plain(parent, name);
	if (error != -EISDIR)
		return error;
	/* Most are empty. */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	int directory = open_directory(parent, name);
	if (directory < 0)
		return directory;
	each_entry(removal, directory, clear_lower);
	return unlinkat(parent, name, AT_REMOVEDIR) ? -errno : 0;
}

/* Round after round, for as long as each takes something away: what was moved up comes in the next. */
static int clear(int top)
{
	struct removal removal = {.top = top};
	if (getrandom(&removal.random, sizeof removal.random, GRND_NONBLOCK) < 0)
		removal.random = (uint64_t)getpid();
	for (unsigned before = UINT32_MAX; removal.done != before && removal.done < REMOVE_MOST;) {
		before = removal.done;
		removal.error = 0;
		int again = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (again < 0)
			return -errno;
		each_entry(&removal, again, clear_upper);
	}
	return removal.error;
}

int tempdir_remove_path(const char *path)
{
	int error = remove_plain(AT_FDCWD, path);
	if (error != -EISDIR)
		return error;
	if (rmdir(path) == 0)
		return 0;
	int top = open_directory(AT_FDCWD, path);
	if (top < 0)
		return top;
	error = clear(top);
	fd_close(&top);
	return rmdir(path) && !error ? -errno : error;
}

void tempdir_remove(struct tempdir *tempdir)
{
	if (!tempdir->path)
		return;
	(void)tempdir_remove_path(tempdir->path);
	free(tempdir->path);
	tempdir->path = NULL;
	fd_close(&tempdir->lock);
}

/* --- what was left ----------------------------------------------------------------------------------------------- */

static bool is_our_name(const char *name)
{
	size_t prefix = strlen(PREFIX);
	if (strncmp(name, PREFIX, prefix) != 0 || strlen(name) != prefix + RANDOM_SIZE)
		return false;
	for (const char *letter = name + prefix; *letter; letter++)
		if (!isalnum((unsigned char)*letter))
			return false;
	return true;
}

/* Removes one directory if nobody holds it. */
static bool sweep_one(int base, const char *name)
{
	struct stat status;
	int lock = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0)
		return false;
	bool removed = fstat(lock, &status) == 0 && status.st_uid == geteuid() && flock(lock, LOCK_EX | LOCK_NB) == 0 &&
		       clear(lock) == 0 && unlinkat(base, name, AT_REMOVEDIR) == 0;
	fd_close(&lock);
	return removed;
}

int tempdir_sweep(const char *base)
{
	int count = 0;
	DIR *stream = opendir(base);
	if (!stream)
		return -errno;
	struct dirent *entry;
	for (unsigned i = 0; i < SWEEP_MOST && (entry = readdir(stream)); i++)
		count += is_our_name(entry->d_name) && sweep_one(dirfd(stream), entry->d_name);
	(void)closedir(stream);
	return count;
}

bool tempdir_empty(const char *path)
{
	char entries[1024];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool empty = true;
	ssize_t got;
	while (empty && (got = getdents64(fd, entries, sizeof entries)) != 0) {
		empty = got > 0;
		for (ssize_t at = 0; empty && at < got;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			empty = is_dots(entry->d_name);
			at += entry->d_reclen;
		}
	}
	fd_close(&fd);
	return empty;
}
