/*
 * reap.c - runs a command and tells whether it left processes behind.
 *
 * usage: reap COMMAND [ARGUMENT]...
 *
 * Orphans of the command become its children. What still runs GRACE_MS after the command's end is named on standard error and
 * killed, and the exit status is 99; else it is the command's. Used by test/helper.bash.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS    300
#define EXIT_LEFT   99
#define EXIT_FAILED 125

static void name_and_kill(pid_t pid)
{
	char path[64], name[64] = "?\n";
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "re");
	if (file) {
		if (!fgets(name, sizeof name, file))
			(void)strcpy(name, "?\n");
		(void)fclose(file);
	}
	(void)fprintf(stderr, "reap: %d is left: %s", (int)pid, name);
	(void)kill(pid, SIGKILL);
}

/* All children of this process, by the kernel's own list. */
static int kill_children(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	int pid, count = 0;
	if (!file)
		return -1;
	while (fscanf(file, "%d", &pid) == 1) {
		name_and_kill(pid);
		count++;
	}
	(void)fclose(file);
	return count;
}

/* Waits until no child is left, for at most GRACE_MS. */
static int all_gone(void)
{
	for (int waited = 0; waited <= GRACE_MS; waited++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return 1;
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return EXIT_FAILED;
	pid_t command = fork();
	if (command == 0) {
		(void)execvp(argv[1], argv + 1);
		(void)fprintf(stderr, "reap: %s: %s\n", argv[1], strerror(errno));
		_exit(EXIT_FAILED);
	}
	int status = 0;
	pid_t ended;
	while ((ended = waitpid(-1, &status, 0)) != command)
		if (ended < 0 && errno != EINTR)
			return EXIT_FAILED;
	if (!all_gone() && kill_children() != 0)
		return EXIT_LEFT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
