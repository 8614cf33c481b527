/*
 * store.c - the directory of definitions; see store.h. Refuses links that lead out of it.
 */
#include "update/store.h"

#include "base/clock.h"
#include "base/fd.h"
#include "update/store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MOST   (1u << 20) /* bytes of a document of ours */
#define LOCK_DEAD_MS 20000 /* what is left of a run that was killed ends within that time, be the disk ever so busy */
#define LOCK_TURN_MS 20

/* ---- opening ---- */

/* Makes a directory and those above it. 0 or -errno. */
static int make_directories(const char *path)
{
	char *text = strdup(path);
	int error = text ? 0 : -ENOMEM;
	for (char *slash = text ? strchr(text + 1, '/') : NULL; slash && !error; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(text, 0755) < 0 && errno != EEXIST)
			error = -errno;
		*slash = '/';
	}
	if (!error && mkdir(text, 0755) < 0 && errno != EEXIST)
		error = -errno;
	free(text);
	return error;
}

int store_open(const char *path, struct store *ret_store, struct why *why)
{
	*ret_store = (struct store){.path = strdup(path), .directory = -1, .lock = -1};
	if (!ret_store->path)
		return why_errno(why, -ENOMEM, "cannot open %s", path);
	ret_store->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret_store->directory >= 0)
		return 0;
	int error = why_errno(why, -errno, "cannot open the directory of definitions %s", path);
	store_close(ret_store);
	return error;
}

void store_close(struct store *store)
{
	fd_close(&store->lock);
	fd_close(&store->directory);
	free(store->path);
	store->path = NULL;
}

/* "PID TIME" of who holds the lock, as far as it can be read. */
static pid_t lock_holder(int lock, int64_t *ret_since)
{
	char text[64] = "";
	long pid = 0;
	*ret_since = 0;
	if (pread(lock, text, sizeof text - 1, 0) > 0 && sscanf(text, "%ld %" SCNd64, &pid, ret_since) < 1)
		pid = 0;
	return (pid_t)pid;
}

static int lock_busy(const char *path, int lock, struct why *why)
{
	int64_t since;
	char when[CLOCK_TEXT_SIZE];
	pid_t pid = lock_holder(lock, &since);
	if (pid <= 0)
		return why_set(why, -EAGAIN, "another update is at work in %s", path);
	clock_text(since, when, sizeof when);
	return why_set(why, -EAGAIN, "another update (process %d) is at work in %s since %s", (int)pid, path, when);
}

/* Dead, be it that nobody took note of it yet. */
static bool is_gone(pid_t pid)
{
	char path[64], text[512] = "";
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return true;
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool read_it = fd >= 0 && read(fd, text, sizeof text - 1) > 0;
	fd_close(&fd);
	/* The name before it may hold anything. */
	const char *state = read_it ? strrchr(text, ')') : NULL;
	return state && (strncmp(state, ") Z", 3) == 0 || strncmp(state, ") X", 3) == 0);
}

/* The lock of a run that was killed goes on for the moment that its children need to die. */
static int lock_take(const char *path, int lock, struct why *why)
{
	int64_t patience = clock_now() + LOCK_DEAD_MS, since;
	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return why_errno(why, -errno, "cannot lock %s/lock", path);
		pid_t pid = lock_holder(lock, &since);
		if (pid <= 0 || !is_gone(pid) || clock_now() >= patience)
			return lock_busy(path, lock, why);
		(void)poll(NULL, 0, LOCK_TURN_MS);
	}
	char text[64];
	int length = snprintf(text, sizeof text, "%ld %" PRId64 "\n", (long)getpid(), clock_wall());
	/* It only tells others whom they wait for: a full disk does not matter. */
	if (pwrite(lock, text, (size_t)length, 0) == length)
		(void)!ftruncate(lock, length);
	return 0;
}

int store_make(const struct store *store, const char *name, struct why *why)
{
	if (mkdirat(store->directory, name, 0755) < 0 && errno != EEXIST)
		return why_errno(why, -errno, "cannot make %s/%s", store->path, name);
	return 0;
}

int store_open_locked(const char *path, struct store *ret_store, struct why *why)
{
	int error = make_directories(path);
	*ret_store = (struct store){.directory = -1, .lock = -1};
	if (error)
		return why_errno(why, error, "cannot make the directory of definitions %s", path);
	error = store_open(path, ret_store, why);
	if (error)
		return error;
	ret_store->lock = openat(ret_store->directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (ret_store->lock < 0)
		error = why_errno(why, -errno, "cannot write in the directory of definitions %s", path);
	error = error ? error : lock_take(path, ret_store->lock, why);
	if (!error)
		store_clear(ret_store);
	error = error ? error : store_make(ret_store, "tmp", why);
	error = error ? error : store_make(ret_store, "versions", why);
	if (error)
		store_close(ret_store);
	return error;
}

/* ---- files of ours ---- */

/* A whole small file. 0 (caller frees), or -errno. */
static int read_text(int directory, const char *name, char **ret_text, size_t *ret_size)
{
	struct buffer buffer;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	buffer_init(&buffer, STATE_MOST);
	int error = fd_read_all(fd, &buffer);
	error = error ? error : buffer_append(&buffer, "", 1);
	fd_close(&fd);
	if (error) {
		buffer_free(&buffer);
		return error;
	}
	*ret_text = (char *)buffer_take(&buffer, ret_size);
	*ret_size -= 1;
	return 0;
}

int store_write_text(int directory, const char *name, const char *text)
{
	/* Never into what somebody put there, nor into what lies elsewhere too. */
	(void)unlinkat(directory, name, 0);
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	int error = fd_write_all(fd, text, strlen(text));
	error = error ? error : fd_write_all(fd, "\n", 1);
	if (!error && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		error = -errno;
	fd_close(&fd);
	return error;
}

int store_read_state(const struct store *store, struct state *ret_state, bool *ret_damaged)
{
	char *text;
	size_t size;
	*ret_state = (struct state){0};
	int error = read_text(store->directory, "state.json", &text, &size);
	if (!error) {
		error = state_json_decode(text, size, ret_state);
		free(text);
	}
	if (ret_damaged)
		*ret_damaged = error && error != -ENOENT;
	return error == -ENOMEM ? error : 0;
}

int store_write_state(const struct store *store, const struct state *state, struct why *why)
{
	char *text = state_json_encode(state);
	int error = text ? store_write_text(store->directory, "tmp/state.json", text) : -ENOMEM;
	free(text);
	if (!error && renameat(store->directory, "tmp/state.json", store->directory, "state.json") < 0)
		error = -errno;
	if (error) {
		(void)unlinkat(store->directory, "tmp/state.json", 0);
		return why_errno(why, error, "cannot write %s/state.json", store->path);
	}
	return 0;
}

/* ---- reading sets ---- */

int store_link(const struct store *store, const char *link, char ret_id[STORE_ID_MAX])
{
	char target[sizeof STORE_VERSIONS + STORE_ID_MAX];
	ssize_t length = readlinkat(store->directory, link, target, sizeof target - 1);
	if (length < 0)
		return errno == EINVAL ? -EBADMSG : -errno;
	target[length] = '\0';
	const char *id = target + sizeof STORE_VERSIONS - 1;
	size_t size = strlen(target) < sizeof STORE_VERSIONS ? 0 : strlen(id) + 1;
	if (strncmp(target, STORE_VERSIONS, sizeof STORE_VERSIONS - 1) != 0 || !size || *id == '.' || strchr(id, '/') ||
	    size > STORE_ID_MAX)
		return -EBADMSG;
	memcpy(ret_id, id, size);
	struct stat status;
	if (fstatat(store->directory, target, &status, 0) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -EBADMSG;
}

int store_open_set(const struct store *store, const char *id)
{
	char name[sizeof STORE_VERSIONS + STORE_ID_MAX];
	(void)snprintf(name, sizeof name, STORE_VERSIONS "%s", id);
	int fd = openat(store->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int store_manifest(const struct store *store, const char *id, struct manifest *ret_manifest)
{
	char *text;
	size_t size;
	*ret_manifest = (struct manifest){0};
	int set = store_open_set(store, id);
	if (set < 0)
		return set;
	int error = read_text(set, STORE_MANIFEST, &text, &size);
	fd_close(&set);
	if (error)
		return error;
	error = manifest_json_decode(text, size, ret_manifest);
	free(text);
	return error;
}

int store_each(int directory, int (*visit)(int directory, const char *name, void *context), void *context)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	int error = stream ? 0 : -errno;
	if (!stream && copy >= 0)
		(void)close(copy);
	while (stream && !error) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry) {
			error = -errno;
			break;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = visit(directory, entry->d_name, context);
	}
	if (stream)
		(void)closedir(stream);
	return error;
}

struct comparison {
	const struct manifest *manifest;
	uint32_t found;
	struct why *why;
};

static int compare_file(int directory, const char *name, void *context)
{
	struct comparison *comparison = context;
	struct stat status;
	if (strcmp(name, STORE_MANIFEST) == 0)
		return 0;
	const struct definition_file *file = definition_set_find(&comparison->manifest->set, name);
	if (!file)
		return why_set(comparison->why, -EBADMSG, "%s is not one of its files", name);
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size != file->size)
		return why_set(comparison->why, -EBADMSG, "%s is not as it was when it was verified", name);
	comparison->found++;
	return 0;
}

int store_compare(const struct store *store, const struct manifest *manifest, struct why *why)
{
	struct comparison comparison = {.manifest = manifest, .why = why};
	int set = store_open_set(store, manifest->id);
	if (set < 0)
		return why_errno(why, -EBADMSG, "the set %s cannot be read", manifest->id);
	int error = store_each(set, compare_file, &comparison);
	fd_close(&set);
	if (!error && comparison.found != manifest->set.count)
		error = why_set(why, -EBADMSG, "some of its files are missing");
	return error ? -EBADMSG : 0;
}
