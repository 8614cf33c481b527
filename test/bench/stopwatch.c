/*
 * stopwatch.c - runs several commands by turns, many times, and says how long each call took.
 *
 *     stopwatch ROUNDS INPUTS COMMAND [ARGUMENT]... [::: COMMAND [ARGUMENT]...]...
 *
 * INPUTS is a file with the names of messages, one a line. Each call gets the next of them on its standard input, and as its
 * argument where one is `{}`: no two calls see the same bytes, so that no cache answers. In every round the commands come in
 * another order. A line a call: which command, microseconds of wall clock, of CPU in the process, its exit status.
 * Called by test/bench/run.py, in a language where starting a process costs little and always the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MOST  16
#define ARGUMENTS_MOST 64

extern char **environ;

static int fail(const char *what, int error)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(error));
	exit(2);
}

static long long now_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static long long cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec +
	       usage->ru_stime.tv_usec;
}

/* The input is opened before the clock starts: a mail server has it open. */
static void time_call(unsigned which, char **command, char *input)
{
	char *arguments[ARGUMENTS_MOST + 1];
	size_t count = 0;
	for (; command[count]; count++)
		arguments[count] = strcmp(command[count], "{}") ? command[count] : input;
	arguments[count] = NULL;
	int message = open(input, O_RDONLY | O_CLOEXEC);
	if (message < 0)
		fail(input, errno);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, message, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

	long long begin = now_us();
	pid_t child;
	int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
	if (error)
		fail(arguments[0], error);
	int status;
	struct rusage usage;
	while (wait4(child, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			fail("wait", errno);
	}
	long long end = now_us();
	printf("%u %lld %lld %d\n", which, end - begin, cpu_us(&usage),
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	posix_spawn_file_actions_destroy(&actions);
	close(message);
}

/* The next name of the list, which begins anew at its end. */
static char *next_input(FILE *inputs)
{
	static char line[4096];
	if (!fgets(line, sizeof line, inputs)) {
		rewind(inputs);
		if (!fgets(line, sizeof line, inputs))
			fail("no inputs", EINVAL);
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

int main(int argc, char **argv)
{
	static char *commands[COMMANDS_MOST][ARGUMENTS_MOST];
	unsigned count = 0;
	size_t used = 0;
	if (argc < 4)
		fail("usage: stopwatch ROUNDS INPUTS COMMAND... [::: COMMAND...]...", EINVAL);
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], ":::")) {
			count++;
			used = 0;
		} else if (count < COMMANDS_MOST && used < ARGUMENTS_MOST - 1) {
			commands[count][used++] = argv[i];
		} else {
			fail("too many", E2BIG);
		}
	}
	count++;
	FILE *inputs = fopen(argv[2], "re");
	if (!inputs)
		fail(argv[2], errno);
	long rounds = strtol(argv[1], NULL, 10);
	for (long round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < count; i++) {
			unsigned which = (unsigned)((unsigned long)round + i) % count;
			time_call(which, commands[which], next_input(inputs));
		}
	}
	fclose(inputs);
	return 0;
}
