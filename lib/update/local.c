/*
 * local.c - definitions from a directory or a file on this machine; see run.h.
 *
 * A directory that a freshclam keeps changes by renames: each file is opened once, and copied from that descriptor.
 */
#include "update/run.h"

#include "base/fd.h"
#include "format/cvd_header.h"
#include "update/store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_SIZE 65536
#define COPY_TEMP "tmp/copy"

/* From a descriptor to incoming/NAME, with the time of its last change. 0 or -errno. */
static int copy_in(const struct run *run, int from, const char *name, const struct stat *status)
{
	int directory = run->store.directory, incoming = store_open_incoming(&run->store), to = -1;
	int error = incoming < 0 ? incoming : 0;
	struct timespec times[2] = {status->st_mtim, status->st_mtim};
	(void)unlinkat(directory, COPY_TEMP, 0);
	if (!error &&
	    (to = openat(directory, COPY_TEMP, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644)) < 0)
		error = -errno;
	char block[COPY_SIZE];
	for (off_t at = 0; !error;) {
		ssize_t got = pread(from, block, sizeof block, at);
		if (got <= 0) {
			error = got < 0 && errno != EINTR ? -errno : 0;
			break;
		}
		at += got;
		if ((uint64_t)at > run->settings->max_size)
			error = -EFBIG;
		error = error ? error : fd_write_all(to, block, (size_t)got);
		if (!error && run->options->stop && *run->options->stop)
			error = -ECANCELED;
	}
	if (!error && futimens(to, times) < 0)
		error = -errno;
	if (!error && renameat(directory, COPY_TEMP, incoming, name) < 0)
		error = -errno;
	(void)unlinkat(directory, COPY_TEMP, 0);
	fd_close(&to);
	fd_close(&incoming);
	return error;
}

/* What became of one copy. */
static void settle(struct run *run, struct update_part *part, const char *name, int error)
{
	if (!error) {
		part->outcome = UPDATE_UPDATED;
		run_part_text(part, "copied from %s", part->source ? part->source : "there");
		return;
	}
	part->after = part->before;
	part->outcome = error == -EFBIG ? UPDATE_REJECTED : run_outcome_of(error);
	run_part_text(part, "%s cannot be copied: %s", name,
		      error == -EFBIG ? "it is larger than max_size" : strerror(-error));
	(void)run_restore_file(run, name);
}

/* A signed database: newer by its version, or not at all. */
static void take_signed(struct run *run, int fd, const char *name, const struct stat *status, struct update_part *part)
{
	struct cvd_header header;
	if (cvd_header_read(fd, &header)) {
		run_part_fail(part, UPDATE_REJECTED, "it is not a database");
		return;
	}
	/* Of two forms in one directory the newer one counts. */
	uint32_t have = run_version(run, part->name);
	if (!part->remote)
		part->before = have;
	part->remote = header.version > part->remote ? header.version : part->remote;
	if (header.version == have) {
		part->after = have;
		part->outcome = part->outcome == UPDATE_UPDATED ? UPDATE_UPDATED : UPDATE_CURRENT;
		return;
	}
	if (header.version < have && !run->options->force) {
		if (part->outcome == UPDATE_UPDATED)
			return;
		run_part_fail(part, UPDATE_REJECTED, "");
		run_part_text(part, "version %u is older than %u, which is in use; --force takes it all the same",
			      header.version, have);
		return;
	}
	int error = copy_in(run, fd, name, status);
	if (!error) {
		part->after = header.version;
		const struct definition_file *old = definition_set_database(&run->current.set, part->name);
		int incoming = store_open_incoming(&run->store);
		if (old && strcmp(old->name, name) != 0)
			(void)unlinkat(incoming, old->name, 0);
		fd_close(&incoming);
	}
	settle(run, part, name, error);
}

static void take_unsigned(struct run *run, int fd, const char *name, const struct stat *status,
			  struct update_part *part)
{
	int incoming = store_open_incoming(&run->store);
	int old = incoming < 0 ? -1 : openat(incoming, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool same = old >= 0 && store_same(fd, old);
	fd_close(&old);
	fd_close(&incoming);
	if (same)
		part->outcome = UPDATE_CURRENT;
	else
		settle(run, part, name, copy_in(run, fd, name, status));
}

/* One file of the source. */
static int take_file(struct run *run, int directory, const char *name, const char *from)
{
	char label[DEFINITION_NAME_MAX];
	struct stat status;
	(void)snprintf(label, sizeof label, "%.*s", (int)sizeof label - 1, name);
	if (definition_name_signed(name))
		*strrchr(label, '.') = '\0';
	struct update_part *part = run_part(run, label, false);
	if (!part)
		return -ENOMEM;
	free(part->source);
	if (asprintf(&part->source, "%s/%s", from, name) < 0)
		part->source = NULL;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		settle(run, part, name, fd < 0 || errno ? -errno : -EINVAL);
	else if (definition_name_signed(name))
		take_signed(run, fd, name, &status, part);
	else
		take_unsigned(run, fd, name, &status, part);
	fd_close(&fd);
	return 0;
}

static int take_directory(struct run *run, int directory, const char *path, struct why *why)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	uint32_t files = 0;
	if (!stream)
		return why_errno(why, -errno, "cannot list %s", path);
	for (struct dirent *entry; !error && (entry = readdir(stream));) {
		if (!definition_name_good(entry->d_name) || files == DEFINITION_FILES_MAX)
			continue;
		files++;
		error = take_file(run, directory, entry->d_name, path);
	}
	(void)closedir(stream);
	if (!error && !files)
		return why_set(why, -ENODATA, "there is no definition file in %s", path);
	return error;
}

/* A directory that csapi-update keeps means the set in use there. */
static int open_source(const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	if (directory < 0)
		return -errno;
	if (fstatat(directory, "versions", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
		int current = openat(directory, "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (current >= 0) {
			fd_close(&directory);
			return current;
		}
	}
	return directory;
}

int local_copy(struct run *run, const char *path, struct why *why)
{
	int directory = open_source(path), error;
	if (directory >= 0) {
		error = take_directory(run, directory, path, why);
		fd_close(&directory);
		return error;
	}
	if (directory != -ENOTDIR)
		return why_errno(why, directory, "cannot read %s", path);
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	const char *name = slash ? slash + 1 : copy;
	if (!copy || !definition_name_good(name)) {
		error = why_set(why, copy ? -EINVAL : -ENOMEM, "%s is not named like a definition file", path);
	} else {
		if (slash)
			*slash = '\0';
		const char *from = !slash ? "." : slash == copy ? "/" : copy;
		directory = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = directory < 0 ? why_errno(why, -errno, "cannot read %s", path)
				      : take_file(run, directory, name, from);
		fd_close(&directory);
	}
	free(copy);
	return error;
}
