/*
 * spawn.c - starts our own programs; see spawn.h. Refuses names without a slash.
 */
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static int add_actions(posix_spawn_file_actions_t *actions, int fd, bool alone)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (alone)
		error = error ? error
			      : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
	error = error ? error : posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	/* dup2 onto itself clears CLOEXEC here (POSIX.1-2024, glibc since 2.29). */
	error = error ? error : posix_spawn_file_actions_adddup2(actions, fd, SPAWN_FD);
	if (alone)
		error = error ? error : posix_spawn_file_actions_addclosefrom_np(actions, SPAWN_FD + 1);
	return error;
}

static int set_attributes(posix_spawnattr_t *attributes, bool own_group)
{
	sigset_t all, none;
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	int error = posix_spawnattr_setsigdefault(attributes, &all);
	error = error ? error : posix_spawnattr_setsigmask(attributes, &none);
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	if (own_group) {
		error = error ? error : posix_spawnattr_setpgroup(attributes, 0);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	return error ? error : posix_spawnattr_setflags(attributes, flags);
}

int spawn_program(const char *path, char *const argv[], int fd, unsigned flags, pid_t *ret_pid, struct why *why)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	if (!strchr(path, '/'))
		return why_set(why, -EINVAL, "%s is not a path", path);
	if (posix_spawn_file_actions_init(&actions))
		return why_errno(why, -ENOMEM, "cannot start %s", path);
	if (posix_spawnattr_init(&attributes)) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return why_errno(why, -ENOMEM, "cannot start %s", path);
	}
	int error = add_actions(&actions, fd, flags & SPAWN_ALONE);
	error = error ? error : set_attributes(&attributes, flags & SPAWN_OWN_GROUP);
	error = error ? error : posix_spawn(ret_pid, path, &actions, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error ? why_errno(why, -error, "cannot start %s", path) : 0;
}
