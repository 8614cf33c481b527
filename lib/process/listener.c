/*
 * listener.c - sockets from the service manager or at a path; see listener.h. Refuses to take a path from a scanner that is alive,
 * or from anything that is not a socket.
 */
#include "process/listener.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSTEM_PATH    "/run/csapi/scanner.sock"
#define ACTIVATE_FIRST 3 /* sd_listen_fds(3): descriptors are handed over from here on */
#define LOCK_TRIES                                                                                                     \
	16 /* scanners that end, one after the other, between our opening of their lock file and our locking it */

static const struct listener none = {.fds = {-1, -1, -1, -1}, .lock = -1};

/* --- where ------------------------------------------------------------------------------------------------------ */

char *listener_default_path(void)
{
	const char *directory = secure_getenv("XDG_RUNTIME_DIR");
	char *path = NULL;
	if (geteuid() == 0 || !directory || directory[0] != '/')
		return strdup(SYSTEM_PATH);
	return asprintf(&path, "%s/csapi/scanner.sock", directory) < 0 ? NULL : path;
}

int listener_candidates(char *ret_paths[2])
{
	const char *named = secure_getenv("CSAPI_SOCKET");
	ret_paths[1] = NULL;
	ret_paths[0] = named && *named ? strdup(named) : listener_default_path();
	if (!ret_paths[0])
		return -ENOMEM;
	if ((named && *named) || strcmp(ret_paths[0], SYSTEM_PATH) == 0)
		return 1;
	ret_paths[1] = strdup(SYSTEM_PATH);
	if (ret_paths[1])
		return 2;
	free(ret_paths[0]);
	ret_paths[0] = NULL;
	return -ENOMEM;
}

/* --- from the service manager ----------------------------------------------------------------------------------- */

/* How many were handed to this very process. */
static int handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	char own[32], *end = NULL;
	(void)snprintf(own, sizeof own, "%d", (int)getpid());
	long value = pid && count && strcmp(pid, own) == 0 ? strtol(count, &end, 10) : 0;
	bool number = end && end != count && !*end && value > 0 && value < INT_MAX - ACTIVATE_FIRST;
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return number ? (int)value : 0;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;
	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

/* Takes over one descriptor. */
static int adopt(int fd, struct why *why)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return why_errno(why, -errno, "socket %d that the service manager handed over", fd);
	if (option(fd, SO_DOMAIN) != AF_UNIX || option(fd, SO_TYPE) != SOCK_STREAM || option(fd, SO_ACCEPTCONN) != 1)
		return why_set(why, -EINVAL,
			       "descriptor %d that the service manager handed over is not a listening unix stream "
			       "socket (ListenStream=PATH, Accept=no)",
			       fd);
	int error = fd_nonblocking(fd);
	return error ? why_errno(why, error, "socket %d that the service manager handed over", fd) : 0;
}

/* The path that a socket is bound to, an abstract name with "@"; NULL: none. Caller frees. */
static char *bound_path(int fd)
{
	struct sockaddr_un address = {0};
	socklen_t size = sizeof address;
	char name[sizeof address.sun_path + 1] = "";
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || size <= offsetof(struct sockaddr_un, sun_path))
		return NULL;
	memcpy(name, address.sun_path, size - offsetof(struct sockaddr_un, sun_path));
	if (!name[0])
		name[0] = '@';
	return strdup(name);
}

int listener_activate(struct listener *ret_listener, struct why *why)
{
	int count = handed_over(), error = 0;
	*ret_listener = none;
	if (!count)
		return 0;
	if (count > LISTENER_MOST)
		error = why_set(why, -E2BIG, "the service manager handed over %d sockets, and there may be %d", count,
				LISTENER_MOST);
	for (int i = 0; i < count && !error; i++)
		error = adopt(ACTIVATE_FIRST + i, why);
	for (int i = 0; i < count; i++) {
		if (error)
			(void)close(ACTIVATE_FIRST + i);
		else
			ret_listener->fds[i] = ACTIVATE_FIRST + i;
	}
	if (error)
		return error;
	ret_listener->count = (unsigned)count;
	ret_listener->shown = bound_path(ret_listener->fds[0]);
	return 1;
}

/* --- at a path -------------------------------------------------------------------------------------------------- */

static int set_address(const char *path, struct sockaddr_un *ret_address, struct why *why)
{
	size_t length = strlen(path), most = sizeof ret_address->sun_path - 1;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!length)
		return why_set(why, -EINVAL, "the path of the socket is empty");
	if (length > most)
		return why_set(why, -ENAMETOOLONG,
			       "the path of a socket can have at most %zu bytes, and this one has %zu: %s", most,
			       length, path);
	memcpy(ret_address->sun_path, path, length);
	return 0;
}

/* Makes the directory of `path`. What is there is taken as it is, a link to a directory as well. */
static int make_directory(const char *path, struct why *why)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	int error = mkdir(directory, geteuid() == 0 ? 0755 : 0700) < 0 && errno != EEXIST ? -errno : 0;
	return error ? why_errno(why, error, "directory %s", directory) : 0;
}

/* Is the file at `path` the one that is open? */
static bool still_there(const char *path, dev_t device, ino_t inode)
{
	struct stat status;
	return lstat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* One try. -ESTALE: the file was removed before it was locked, and another scanner may hold the next one. */
static int lock_once(const char *path, int *ret_lock)
{
	struct stat status;
	int error = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EEXIST;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		error = -errno;
	else if (!still_there(path, status.st_dev, status.st_ino))
		error = -ESTALE;
	if (error)
		(void)close(fd);
	else
		*ret_lock = fd;
	return error;
}

static int take_lock(const char *path, int *ret_lock, struct why *why)
{
	char name[PATH_MAX];
	int error = -ESTALE;
	(void)snprintf(name, sizeof name, "%s.lock", path);
	for (unsigned i = 0; i < LOCK_TRIES && error == -ESTALE; i++)
		error = lock_once(name, ret_lock);
	if (error == -EWOULDBLOCK || error == -ESTALE)
		return why_set(why, -EADDRINUSE, "a scanner listens on %s already", path);
	if (error == -EEXIST)
		return why_set(why, error, "%s is no file that can be locked", name);
	return error ? why_errno(why, error, "lock file %s", name) : 0;
}

/* Is somebody listening there, who needs no lock of ours? 1, 0 or -errno. */
static int answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int error = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
	(void)close(fd);
	if (error == -ECONNREFUSED || error == -ENOENT)
		return 0;
	/* EAGAIN: its queue is full. EPROTOTYPE: a socket of another kind. */
	return error == 0 || error == -EAGAIN || error == -EPROTOTYPE ? 1 : error;
}

/* Makes room at the path, under the lock. */
static int clear_path(const struct sockaddr_un *address, struct why *why)
{
	const char *path = address->sun_path;
	struct stat status;
	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : why_errno(why, -errno, "%s", path);
	if (!S_ISSOCK(status.st_mode))
		return why_set(why, -EEXIST, "%s is not a socket; it is left as it is", path);
	int error = answers(address);
	if (error == 1)
		return why_set(why, -EADDRINUSE, "another program listens on %s", path);
	if (error == 0 && unlink(path) < 0 && errno != ENOENT)
		error = -errno;
	return error ? why_errno(why, error, "%s", path) : 0;
}

/* The umask gives the socket its mode at the moment in which it comes to be. */
static int bind_and_listen(const struct sockaddr_un *address, mode_t mode, struct listener *listener, struct why *why)
{
	struct stat status;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_errno(why, -errno, "socket %s", address->sun_path);
	mode_t umask_was = umask(0777 & ~mode);
	int error = bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
	(void)umask(umask_was);
	if (!error && lstat(address->sun_path, &status) < 0)
		error = -errno;
	/* The kernel cuts the length of the queue to net.core.somaxconn. */
	if (!error && listen(fd, INT_MAX) < 0)
		error = -errno;
	if (error) {
		(void)close(fd);
		return why_errno(why, error, "cannot listen on %s", address->sun_path);
	}
	listener->fds[0] = fd;
	listener->count = 1;
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return 0;
}

int listener_open(const char *path, mode_t mode, struct listener *ret_listener, struct why *why)
{
	struct sockaddr_un address;
	*ret_listener = none;
	int error = set_address(path, &address, why);
	if (error)
		return error;
	/* For directory and lock; the process has one thread as long as this goes on. */
	mode_t umask_was = umask(0);
	ret_listener->path = strdup(path);
	if (!ret_listener->path)
		error = why_errno(why, -ENOMEM, "cannot listen on %s", path);
	if (!error)
		error = make_directory(path, why);
	if (!error)
		error = take_lock(path, &ret_listener->lock, why);
	if (!error)
		error = clear_path(&address, why);
	if (!error)
		error = bind_and_listen(&address, mode, ret_listener, why);
	if (!error) {
		ret_listener->shown = path[0] == '/' ? strdup(path) : realpath(path, NULL);
		if (!ret_listener->shown)
			error = why_errno(why, -errno, "cannot listen on %s", path);
	}
	(void)umask(umask_was);
	if (error)
		listener_close(ret_listener);
	return error;
}

/* While it is held: one that opened the file before locks it after us, and sees that it is no longer there. */
static void remove_lock(const char *path, int lock)
{
	char name[PATH_MAX];
	struct stat status;
	(void)snprintf(name, sizeof name, "%s.lock", path);
	if (fstat(lock, &status) == 0 && still_there(name, status.st_dev, status.st_ino))
		(void)unlink(name);
}

void listener_close(struct listener *listener)
{
	for (unsigned i = 0; i < listener->count; i++)
		fd_close(&listener->fds[i]);
	if (listener->path && still_there(listener->path, listener->device, listener->inode))
		(void)unlink(listener->path);
	if (listener->path && listener->lock >= 0)
		remove_lock(listener->path, listener->lock);
	fd_close(&listener->lock);
	free(listener->path);
	free(listener->shown);
	*listener = none;
}
