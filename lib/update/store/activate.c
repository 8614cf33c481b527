/*
 * activate.c - the change from one set to another; see store.h. Whatever moment it is killed at, `current` leads to a whole set.
 */
#include "update/store/folder.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readable for all whoever fetched it, and on disk. What is neither a definition nor the manifest goes. */
static int settle_file(int directory, const char *name, void *context)
{
	(void)context;
	bool ours = strcmp(name, STORE_MANIFEST) == 0;
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
	error = error ? error : store_write_text(incoming, STORE_MANIFEST, text);
	error = error ? error : store_each(incoming, settle_file, NULL);
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
	char target[sizeof STORE_VERSIONS + STORE_ID_MAX];
	(void)snprintf(target, sizeof target, STORE_VERSIONS "%s", id);
	(void)unlinkat(store->directory, "tmp/link", 0);
	if (symlinkat(target, store->directory, "tmp/link") < 0 ||
	    renameat(store->directory, "tmp/link", store->directory, link) < 0)
		return -errno;
	return 0;
}

/* incoming/ in place of the set of this name; the old one stays beside it until nobody reads it. */
static int replace(const struct store *store, const char *name)
{
	char gone[sizeof STORE_VERSIONS + STORE_ID_MAX + sizeof STORE_GONE];
	if (renameat2(store->directory, "incoming", store->directory, name, RENAME_EXCHANGE) < 0)
		return -errno;
	(void)snprintf(gone, sizeof gone, "%s" STORE_GONE, name);
	(void)renameat(store->directory, "incoming", store->directory, gone);
	return 0;
}

/* The links lead elsewhere already, and readers follow them: that it may not outlast a crash changes nothing about it. */
static void settle_links(const struct store *store, struct why *why)
{
	int error = sync_inside(store, ".");
	if (error)
		(void)why_errno(why, error, "the change of %s/current may not outlast a crash of the machine",
				store->path);
}

int store_activate(const struct store *store, const struct manifest *manifest, struct why *why)
{
	char name[sizeof STORE_VERSIONS + STORE_ID_MAX], old[STORE_ID_MAX];
	(void)snprintf(name, sizeof name, STORE_VERSIONS "%s", manifest->id);
	int error = settle_incoming(store, manifest);
	if (!error && renameat2(store->directory, "incoming", store->directory, name, RENAME_NOREPLACE) < 0)
		error = -errno;
	/* Names come from the contents: it is the same set, and what lies there may be damaged. */
	if (error == -EEXIST)
		error = replace(store, name);
	error = error ? error : sync_inside(store, "versions");
	if (!error && store_link(store, "current", old) == 0) {
		if (strcmp(old, manifest->id) == 0)
			return 0;
		error = point(store, "previous", old);
	}
	error = error ? error : point(store, "current", manifest->id);
	if (error)
		return why_errno(why, error, "cannot put the new definitions in use in %s", store->path);
	settle_links(store, why);
	return 0;
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
	if (error)
		return why_errno(why, error, "cannot go back in %s", store->path);
	settle_links(store, why);
	return 0;
}
