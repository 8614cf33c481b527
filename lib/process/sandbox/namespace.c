/*
 * namespace.c - namespaces; see namespace.h. Refuses to enter by halves.
 */
#include "process/sandbox/namespace.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fd_write_all(fd, text, strlen(text));
	fd_close(&fd);
	return error;
}

/* The one user and group there are keep their numbers; without the right to other groups, as the kernel demands. */
static int map_user(uid_t user, gid_t group, struct why *why)
{
	char users[64], groups[64];
	(void)snprintf(users, sizeof users, "%u %u 1\n", (unsigned)user, (unsigned)user);
	(void)snprintf(groups, sizeof groups, "%u %u 1\n", (unsigned)group, (unsigned)group);
	int error = write_text("/proc/self/setgroups", "deny");
	error = error ? error : write_text("/proc/self/uid_map", users);
	error = error ? error : write_text("/proc/self/gid_map", groups);
	return error ? why_errno(why, error, "cannot map the user") : 0;
}

/* What the mount forbids already must stay said, or the kernel takes it for an attempt to allow it. */
static unsigned long flags_of(const char *path)
{
	static const struct {
		unsigned long has, wants;
	} pairs[] = {{ST_RDONLY, MS_RDONLY},
		     {ST_NOATIME, MS_NOATIME},
		     {ST_NODIRATIME, MS_NODIRATIME},
		     {ST_RELATIME, MS_RELATIME},
		     {ST_SYNCHRONOUS, MS_SYNCHRONOUS}};
	struct statvfs status;
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	if (statvfs(path, &status) < 0)
		return flags;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		flags |= status.f_flag & pairs[i].has ? pairs[i].wants : 0;
	return flags;
}

static int move_root(const char *base, struct why *why)
{
	/* What is mounted here must not be seen outside, nor what is unmounted. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return why_errno(why, -errno, "cannot make mounts private");
	if (mount(base, base, NULL, MS_BIND, NULL) < 0 || chdir(base) < 0)
		return why_errno(why, -errno, "cannot mount %s onto itself", base);
	if (mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | flags_of("."), NULL) < 0)
		return why_errno(why, -errno, "cannot forbid programs and devices below %s", base);
	/* The old root lands on the new one, and is taken off it. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return why_errno(why, -errno, "cannot move the root");
	return 0;
}

int namespace_enter(const char *base, struct why *why)
{
	uid_t user = geteuid();
	gid_t group = getegid();
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | (user ? CLONE_NEWUSER : 0);
	if (unshare(flags) < 0)
		return why_errno(why, -errno, user ? "no user namespace is to be had" : "no namespace is to be had");
	int error = user ? map_user(user, group, why) : 0;
	return error ? error : move_root(base, why);
}

static int make_file(struct why *why)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/csapi-probe-%d", (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return why_errno(why, -errno, "no file can be made in there");
	fd_close(&fd);
	return unlink(path) < 0 ? why_errno(why, -errno, "no file can be removed in there") : 0;
}

/* What the child has to say: its error and why. */
struct outcome {
	int error;
	struct why why;
};

static void tell_outcome(const char *base, int to)
{
	struct outcome outcome = {0};
	outcome.error = namespace_enter(base, &outcome.why);
	outcome.error = outcome.error ? outcome.error : make_file(&outcome.why);
	_exit(fd_write_all(to, &outcome, sizeof outcome) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int namespace_try(const char *base, struct why *why)
{
	int ends[2];
	struct outcome outcome = {0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return why_errno(why, -errno, "pipe");
	pid_t child = fork();
	int error = child < 0 ? -errno : 0;
	if (child == 0)
		tell_outcome(base, ends[1]);
	fd_close(&ends[1]);
	ssize_t got = error ? 0 : read(ends[0], &outcome, sizeof outcome);
	fd_close(&ends[0]);
	if (error)
		return why_errno(why, error, "cannot try namespaces");
	(void)waitpid(child, NULL, 0);
	if (got != (ssize_t)sizeof outcome)
		return why_set(why, -ECHILD, "the trial died");
	outcome.why.text[sizeof outcome.why.text - 1] = '\0';
	return outcome.error ? why_set(why, outcome.error, "%s", outcome.why.text) : 0;
}
