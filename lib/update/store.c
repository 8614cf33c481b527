/*
 * store.c - the directory of definitions; see store.h. Refuses links that lead out of it.
 */
#include "update/store.h"

#include "base/clock.h"
#include "base/fd.h"
#include "process/tempdir.h"

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

#define STATE_MOST    (1u << 20) /* bytes of a document of ours */
#define LOCK_DEAD_MS  3000       /* what is left of a run that was killed ends within that time */
#define LOCK_TURN_MS  20
#define VERSIONS_MOST 1000 /* sets looked at when pruning */

#define LINK_PREFIX "versions/"
#define MANIFEST    "manifest.json"
#define IDENTITY    "freshclam.dat"

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
		if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH || clock_now() >= patience)
			return lock_busy(path, lock, why);
		(void)poll(NULL, 0, LOCK_TURN_MS);
	}
	char text[64];
	int length = snprintf(text, sizeof text, "%ld %" PRId64 "\n", (long)getpid(), clock_wall());
	/* It only tells others whom they wait for: a full disk does not matter. */
	if (ftruncate(lock, 0) == 0)
		(void)!pwrite(lock, text, (size_t)length, 0);
	return 0;
}

static int make_inside(const struct store *store, const char *name, struct why *why)
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
	error = error ? error : make_inside(ret_store, "tmp", why);
	error = error ? error : make_inside(ret_store, "versions", why);
	if (error) {
		store_close(ret_store);
		return error;
	}
	store_clear(ret_store);
	return 0;
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

/* Writes and flushes a new file. 0 or -errno. */
static int write_text(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
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
	int error = text ? write_text(store->directory, "tmp/state.json", text) : -ENOMEM;
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
	char target[sizeof LINK_PREFIX + STORE_ID_MAX];
	ssize_t length = readlinkat(store->directory, link, target, sizeof target - 1);
	if (length < 0)
		return errno == EINVAL ? -EBADMSG : -errno;
	target[length] = '\0';
	const char *id = target + sizeof LINK_PREFIX - 1;
	size_t size = strlen(target) < sizeof LINK_PREFIX ? 0 : strlen(id) + 1;
	if (strncmp(target, LINK_PREFIX, sizeof LINK_PREFIX - 1) != 0 || !size || *id == '.' || strchr(id, '/') ||
	    size > STORE_ID_MAX)
		return -EBADMSG;
	memcpy(ret_id, id, size);
	struct stat status;
	if (fstatat(store->directory, target, &status, 0) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -EBADMSG;
}

/* A descriptor of the directory of a set, or -errno. */
static int open_set(const struct store *store, const char *id)
{
	char name[sizeof LINK_PREFIX + STORE_ID_MAX];
	(void)snprintf(name, sizeof name, LINK_PREFIX "%s", id);
	int fd = openat(store->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int store_manifest(const struct store *store, const char *id, struct manifest *ret_manifest)
{
	char *text;
	size_t size;
	*ret_manifest = (struct manifest){0};
	int set = open_set(store, id);
	if (set < 0)
		return set;
	int error = read_text(set, MANIFEST, &text, &size);
	fd_close(&set);
	if (error)
		return error;
	error = manifest_json_decode(text, size, ret_manifest);
	free(text);
	return error;
}

/* Calls `visit` for each name in a directory but "." and ".."; not 0 from it ends the walk. */
static int each_name(int directory, int (*visit)(int directory, const char *name, void *context), void *context)
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
	if (strcmp(name, MANIFEST) == 0)
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
	int set = open_set(store, manifest->id);
	if (set < 0)
		return why_errno(why, -EBADMSG, "the set %s cannot be read", manifest->id);
	int error = each_name(set, compare_file, &comparison);
	fd_close(&set);
	if (!error && comparison.found != manifest->set.count)
		error = why_set(why, -EBADMSG, "some of its files are missing");
	return error ? -EBADMSG : 0;
}

/* ---- staging ---- */

/* For filesystems without hard links, and files of others. Keeps the time of the last change. */
static int copy_file(int from_directory, const char *name, int to_directory, const char *to_name)
{
	struct stat status;
	int from = openat(from_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to = -1, error = 0;
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

static int link_file(int from, const char *name, int to)
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
	return definition_name_known(name) && name[0] != '.' ? link_file(directory, name, *incoming) : 0;
}

int store_open_incoming(const struct store *store)
{
	int fd = openat(store->directory, "incoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* A descriptor of the set in use, or -errno; -ENOENT: there is none. */
static int open_current(const struct store *store)
{
	char id[STORE_ID_MAX];
	int error = store_link(store, "current", id);
	return error ? error : open_set(store, id);
}

int store_stage(const struct store *store, struct why *why)
{
	store_clear(store);
	int error = make_inside(store, "incoming", why);
	if (error)
		return error;
	int incoming = store_open_incoming(store);
	if (incoming < 0)
		return why_errno(why, incoming, "cannot open %s/incoming", store->path);
	int current = open_current(store);
	if (current >= 0)
		error = each_name(current, stage_file, &incoming);
	if (!error) {
		/* It is written in place, so no link. */
		error = copy_file(store->directory, IDENTITY, incoming, IDENTITY);
		error = error == -ENOENT ? 0 : error;
	}
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
	int current = open_current(store);
	if (!error && current >= 0) {
		error = link_file(current, name, incoming);
		error = error == -ENOENT ? 0 : error;
	}
	fd_close(&current);
	fd_close(&incoming);
	return error;
}

int store_keep_identity(const struct store *store)
{
	if (renameat(store->directory, "incoming/" IDENTITY, store->directory, IDENTITY) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

bool store_file_changed(const struct store *store, const char *name)
{
	struct stat one, other;
	int incoming = store_open_incoming(store), current = open_current(store);
	bool new = incoming >= 0 && fstatat(incoming, name, &one, AT_SYMLINK_NOFOLLOW) == 0;
	bool old = current >= 0 && fstatat(current, name, &other, AT_SYMLINK_NOFOLLOW) == 0;
	fd_close(&incoming);
	fd_close(&current);
	if (!new || !old)
		return new != old;
	return one.st_ino != other.st_ino &&
	       (one.st_size != other.st_size || one.st_mtim.tv_sec != other.st_mtim.tv_sec ||
		one.st_mtim.tv_nsec != other.st_mtim.tv_nsec);
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
	int error = take_directory < 0 ? take_directory : each_name(take_directory, list_file, ret_set);
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
	if (list_files(open_current(store), &current))
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

/* ---- activation ---- */

/* Readable for all whoever fetched it, and on disk. What is neither a definition nor the manifest goes. */
static int settle_file(int directory, const char *name, void *context)
{
	(void)context;
	bool ours = strcmp(name, MANIFEST) == 0;
	if (!ours && (!definition_name_known(name) || name[0] == '.'))
		return unlinkat(directory, name, 0) < 0 ? -errno : 0;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	struct stat status;
	int error = fstat(fd, &status) < 0 ? -errno : S_ISREG(status.st_mode) ? 0 : -EBADMSG;
	/* The modes of a file that is linked elsewhere were settled when it came. */
	if (!error && (status.st_mode & 07777) != 0644 && fchmod(fd, 0644) < 0)
		error = -errno;
	if (!error && fsync(fd) < 0)
		error = -errno;
	fd_close(&fd);
	return error;
}

static int settle_incoming(const struct store *store, const struct manifest *manifest)
{
	char *text = manifest_json_encode(manifest);
	int incoming = store_open_incoming(store);
	int error = !text ? -ENOMEM : incoming < 0 ? incoming : 0;
	error = error ? error : write_text(incoming, MANIFEST, text);
	error = error ? error : each_name(incoming, settle_file, NULL);
	if (!error && (fchmod(incoming, 0755) < 0 || fsync(incoming) < 0))
		error = -errno;
	fd_close(&incoming);
	free(text);
	return error;
}

static int sync_inside(const struct store *store, const char *name)
{
	int fd = openat(store->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fsync(fd) < 0 ? -errno : 0;
	fd_close(&fd);
	return error;
}

/* Lets `link` lead to a set, by one rename. */
static int point(const struct store *store, const char *link, const char *id)
{
	char target[sizeof LINK_PREFIX + STORE_ID_MAX];
	(void)snprintf(target, sizeof target, LINK_PREFIX "%s", id);
	(void)unlinkat(store->directory, "tmp/link", 0);
	if (symlinkat(target, store->directory, "tmp/link") < 0 ||
	    renameat(store->directory, "tmp/link", store->directory, link) < 0)
		return -errno;
	return 0;
}

int store_activate(const struct store *store, const struct manifest *manifest, struct why *why)
{
	char name[sizeof LINK_PREFIX + STORE_ID_MAX], old[STORE_ID_MAX];
	(void)snprintf(name, sizeof name, LINK_PREFIX "%s", manifest->id);
	int error = settle_incoming(store, manifest);
	if (!error && renameat2(store->directory, "incoming", store->directory, name, RENAME_NOREPLACE) < 0)
		error = -errno;
	/* Names come from the contents: it is the same set, and what lies there may be damaged. */
	if (error == -EEXIST)
		error = renameat2(store->directory, "incoming", store->directory, name, RENAME_EXCHANGE) < 0 ? -errno
													     : 0;
	error = error ? error : sync_inside(store, "versions");
	if (!error && store_link(store, "current", old) == 0) {
		if (strcmp(old, manifest->id) == 0)
			return 0;
		error = point(store, "previous", old);
	}
	error = error ? error : point(store, "current", manifest->id);
	error = error ? error : sync_inside(store, ".");
	return error ? why_errno(why, error, "cannot put the new definitions in use in %s", store->path) : 0;
}

/* Both links at once: a run that is killed between two renames would leave nothing to go back to. */
static int exchange(const struct store *store, const char *now, const char *before)
{
	if (*now && renameat2(store->directory, "current", store->directory, "previous", RENAME_EXCHANGE) == 0)
		return 0;
	/* Some filesystems cannot. */
	if (*now && errno != EINVAL && errno != ENOSYS)
		return -errno;
	int error = point(store, "current", before);
	return error || !*now ? error : point(store, "previous", now);
}

int store_rollback(const struct store *store, char ret_id[STORE_ID_MAX], struct why *why)
{
	char now[STORE_ID_MAX];
	struct manifest manifest;
	struct why detail = {""};
	if (store_link(store, "current", now))
		now[0] = '\0';
	if (store_link(store, "previous", ret_id) || strcmp(now, ret_id) == 0)
		return why_set(why, -ENOENT, "there are no earlier definitions in %s to go back to", store->path);
	int error = store_manifest(store, ret_id, &manifest);
	if (!error) {
		error = store_compare(store, &manifest, &detail);
		manifest_free(&manifest);
	}
	if (error)
		return why_set(why, -EBADMSG, "the earlier definitions in %s/versions/%s are not whole: %s",
			       store->path, ret_id, detail.text);
	error = exchange(store, now, ret_id);
	error = error ? error : sync_inside(store, ".");
	return error ? why_errno(why, error, "cannot go back in %s", store->path) : 0;
}

/* ---- pruning ---- */

struct set {
	char id[STORE_ID_MAX];
	struct timespec changed;
};

struct sets {
	struct set *items;
	size_t count;
};

static int collect(int directory, const char *name, void *context)
{
	struct sets *sets = context;
	struct stat status;
	if (name[0] == '.' || strlen(name) >= STORE_ID_MAX ||
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode) ||
	    sets->count == VERSIONS_MOST)
		return 0;
	struct set *set = &sets->items[sets->count++];
	(void)snprintf(set->id, sizeof set->id, "%s", name);
	set->changed = status.st_mtim;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct timespec *one = &((const struct set *)a)->changed, *other = &((const struct set *)b)->changed;
	if (one->tv_sec != other->tv_sec)
		return one->tv_sec > other->tv_sec ? -1 : 1;
	return (one->tv_nsec < other->tv_nsec) - (one->tv_nsec > other->tv_nsec);
}

/* Only what nobody reads: readers hold a shared lock. True: it is gone. */
static bool remove_set(const struct store *store, const char *id)
{
	char name[sizeof LINK_PREFIX + STORE_ID_MAX], away[STORE_ID_MAX + 8];
	int fd = open_set(store, id);
	if (fd < 0)
		return false;
	(void)snprintf(name, sizeof name, LINK_PREFIX "%s", id);
	(void)snprintf(away, sizeof away, "tmp/%s", id);
	bool gone = flock(fd, LOCK_EX | LOCK_NB) == 0 && renameat(store->directory, name, store->directory, away) == 0;
	char *path = NULL;
	if (gone && asprintf(&path, "%s/%s", store->path, away) >= 0) {
		(void)tempdir_remove_path(path);
		free(path);
	}
	/* The lock is held until then: a reader that comes now finds the name gone. */
	fd_close(&fd);
	return gone;
}

int store_prune(const struct store *store, uint64_t keep)
{
	char current[STORE_ID_MAX] = "", previous[STORE_ID_MAX] = "";
	struct sets sets = {.items = calloc(VERSIONS_MOST, sizeof *sets.items)};
	int versions = openat(store->directory, "versions", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int removed = 0, error = !sets.items ? -ENOMEM : versions < 0 ? -errno : 0;
	if (store_link(store, "current", current))
		current[0] = '\0';
	if (store_link(store, "previous", previous))
		previous[0] = '\0';
	error = error ? error : each_name(versions, collect, &sets);
	fd_close(&versions);
	if (!error)
		qsort(sets.items, sets.count, sizeof *sets.items, newest_first);
	/* The two in use count among those to keep, wherever they stand. */
	uint64_t kept = (current[0] ? 1u : 0u) + (previous[0] && strcmp(previous, current) != 0 ? 1u : 0u);
	for (size_t i = 0; !error && i < sets.count; i++) {
		const char *id = sets.items[i].id;
		if (strcmp(id, current) == 0 || strcmp(id, previous) == 0)
			continue;
		if (kept < keep)
			kept++;
		else
			removed += remove_set(store, id);
	}
	free(sets.items);
	return error ? error : removed;
}
