/*
 * spawn.c - a program that is started has its one descriptor, quiet standard streams, default signals, and nothing else of ours.
 */
#include "process/spawn.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(const char *script, int fd, bool own_group)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script, NULL};
	struct why why = {""};
	pid_t pid = -1;
	if (spawn_program("/bin/sh", argv, fd, own_group ? SPAWN_OWN_GROUP : 0, &pid, &why)) {
		printf("# %s\n", why.text);
		return -1;
	}
	return pid;
}

/* What the script writes to its descriptor 3. */
static const char *answer(const char *script, bool own_group)
{
	static char text[4096];
	int ends[2], status = 1;
	if (pipe2(ends, O_CLOEXEC))
		abort();
	pid_t pid = start(script, ends[1], own_group);
	(void)close(ends[1]);
	size_t used = 0;
	for (ssize_t got; (got = read(ends[0], text + used, sizeof text - 1 - used)) > 0;)
		used += (size_t)got;
	text[used] = '\0';
	(void)close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		printf("# status %d\n", status);
	return text;
}

static void test_streams(void)
{
	same(answer("readlink /proc/$$/fd/0 >&3", false), "/dev/null\n", "standard input is empty");
	same(answer("[ \"$(readlink /proc/$$/fd/1)\" = \"$(readlink /proc/$$/fd/2)\" ] && echo same >&3", false),
	     "same\n", "standard output is where errors go");
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), high = fcntl(fd, F_DUPFD_CLOEXEC, 77);
	same(answer("[ -e /proc/$$/fd/77 ] || echo closed >&3", false), "closed\n",
	     "our own descriptors are not there");
	while (fd < 3)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	same(answer("readlink /proc/$$/fd/3 | cut -c1-5 >&3", false), "pipe:\n", "also when number 3 is taken here");
	(void)close(fd);
	(void)close(high);
}

/* The descriptor to pass is number 3 already, and CLOEXEC. */
static void test_three(void)
{
	int ends[2], saved = fcntl(3, F_DUPFD_CLOEXEC, 10), status = 1;
	char text[8] = "";
	if (pipe2(ends, O_CLOEXEC))
		abort();
	int from = fcntl(ends[0], F_DUPFD_CLOEXEC, 20), to = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (dup3(to, 3, O_CLOEXEC) != 3)
		abort();
	(void)close(to);
	pid_t pid = start("echo x >&3", 3, false);
	(void)close(3);
	ok(pid > 0 && read(from, text, sizeof text) == 2 && waitpid(pid, &status, 0) == pid && status == 0,
	   "the descriptor is number 3 here, too");
	(void)close(from);
	if (saved >= 0) {
		(void)dup3(saved, 3, O_CLOEXEC);
		(void)close(saved);
	}
}

static void test_signals(void)
{
	sigset_t set, old;
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Signals 32 and 33 belong to the C library. */
	same(answer("while read -r name value; do case $name in SigBlk:|SigIgn:)"
		    " echo $((0x$value & 0x7FFFFFFF)) >&3;; esac; done </proc/$$/status",
		    false),
	     "0\n0\n", "no signal is blocked or ignored");
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

static void test_group(void)
{
	same(answer("[ $(ps -o pgid= -p $$) = $$ ] && echo own >&3", true), "own\n", "a process group of its own");
	same(answer("[ $(ps -o pgid= -p $$) = $$ ] || echo ours >&3", false), "ours\n", "or ours");
}

static void fails(const char *path, int wanted, const char *what)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	struct why why = {""};
	pid_t pid = -1;
	int error = spawn_program(path, argv, 0, 0, &pid, &why);
	ok(error == wanted && strstr(why.text, path), what);
	if (error != wanted)
		printf("# %d %s\n", error, why.text);
}

static void test_failures(void)
{
	char text[] = "/tmp/csapi-spawn-XXXXXX";
	int fd = mkstemp(text);
	if (fd < 0 || write(fd, "no program", 10) != 10)
		abort();
	fails("sh", -EINVAL, "a name without a path");
	fails("/nonexistent/sh", -ENOENT, "no such program");
	fails("/", -EACCES, "a directory");
	fails(text, -EACCES, "a file that cannot be run");
	(void)fchmod(fd, 0700);
	(void)close(fd);
	fails(text, -ENOEXEC, "a file that is no program");
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "and no process is left of them");
	(void)unlink(text);
}

int main(void)
{
	test_streams();
	test_three();
	test_signals();
	test_group();
	test_failures();
	return tap_end();
}
