/*
 * guest.c - a program with libcsapi in it, and what the library must not do to it. Called by test/library.bats.
 *
 *   guest scan|fd|buffer|part|json FILE...     one line for each: status, info, engine, code, scanned; or the document
 *   guest engines                              the names
 *   guest manners ROUNDS FILE                  handles made and freed; says what was changed in the process
 *   guest threads COUNT SCANS FILE STATUS      handles in several threads at once
 *   guest closed FILE                          without standard descriptors; the exit status is 10 and the status of the verdict
 *   guest small FILE                           with no room for a copy of the message (RLIMIT_FSIZE)
 *   guest fork FILE STATUS                     parent and child with one handle
 *   guest deadline SECONDS FILE
 *
 * Options before these: -c CONFIG, -s SOCKET, -e ENGINE, -v NAME=VALUE, -k (hook).
 */
#include "csapi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *config, *path_of_socket, *engines[128], *variables[128];
static unsigned engine_count, variable_count;
static int hook;

static void want(bool good, const char *what)
{
	if (good)
		return;
	printf("%s\n", what);
	exit(1);
}

static struct csapi *handle(void)
{
	struct csapi *csapi = csapi_new();
	want(csapi != NULL, "no handle");
	want(csapi_set_config(csapi, config) == 0 && csapi_set_socket(csapi, path_of_socket) == 0, "paths");
	for (unsigned i = 0; i < engine_count; i++)
		if (csapi_add_engine(csapi, engines[i]) < 0) {
			printf("%s\n", csapi_error(csapi));
			exit(1);
		}
	for (unsigned i = 0; i < variable_count; i++) {
		char *name = strdup(variables[i]), *equals = strchr(name, '=');
		*equals = '\0';
		if (csapi_set_context(csapi, name, equals + 1) < 0) {
			printf("%s\n", csapi_error(csapi));
			exit(1);
		}
		free(name);
	}
	(void)csapi_set_hook(csapi, hook);
	return csapi;
}

static char *slurp(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "r");
	want(file != NULL, "cannot read");
	char *data = malloc(1 << 26);
	*ret_size = fread(data, 1, 1 << 26, file);
	(void)fclose(file);
	return data;
}

static struct csapi_result *scan(struct csapi *csapi, const char *way, const char *path)
{
	size_t size = 0;
	char *data = NULL;
	struct csapi_result *result;
	if (strcmp(way, "fd") == 0) {
		int fd = strcmp(path, "-") ? open(path, O_RDONLY) : 0;
		result = csapi_scan_fd(csapi, fd);
		want(fcntl(fd, F_GETFD) >= 0, "the descriptor was closed");
		if (fd)
			(void)close(fd);
		return result;
	}
	if (strcmp(way, "buffer") && strcmp(way, "part"))
		return csapi_scan_path(csapi, path);
	data = slurp(path, &size);
	result = strcmp(way, "part") ? csapi_scan(csapi, data, size) : csapi_scan_part(csapi, data, size);
	free(data);
	return result;
}

static void show(const char *way, struct csapi_result *result)
{
	want(result != NULL, "no result");
	if (strcmp(way, "json") == 0) {
		printf("%s\n", csapi_result_json(result));
		want(csapi_result_json(result) == csapi_result_json(result), "made twice");
		return;
	}
	const char *engine = csapi_result_engine(result), *code = csapi_result_code(result);
	printf("%s|%s|%s|%s|%d", csapi_status_name(csapi_result_status(result)), csapi_result_info(result),
	       engine ? engine : "-", code ? code : "-", csapi_result_scanned(result));
	for (size_t i = 0; csapi_result_context_name(result, i); i++) {
		const char *value = csapi_result_context_value(result, i);
		printf("|%s%s%s", csapi_result_context_name(result, i), value ? "=" : "", value ? value : "");
	}
	printf("\n");
}

static void scan_all(const char *way, char **paths)
{
	struct csapi *csapi = handle();
	for (; *paths; paths++) {
		struct csapi_result *result = scan(csapi, way, *paths);
		/* It outlives the handle. */
		if (!paths[1]) {
			csapi_free(csapi);
			csapi = NULL;
		}
		show(way, result);
		csapi_result_free(result);
	}
	csapi_free(csapi);
}

/* --- manners ---------------------------------------------------------------------------------------------------- */

struct state {
	unsigned descriptors;
	struct sigaction actions[65];
	sigset_t mask;
	char directory[4096], locale[256];
	mode_t umask;
};

static void take_state(struct state *state)
{
	memset(state, 0, sizeof *state);
	DIR *directory = opendir("/proc/self/fd");
	while (readdir(directory))
		state->descriptors++;
	(void)closedir(directory);
	for (int i = 1; i < 65; i++)
		(void)sigaction(i, NULL, &state->actions[i]);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
	(void)!getcwd(state->directory, sizeof state->directory);
	(void)snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
	state->umask = umask(022);
	(void)umask(state->umask);
}

static void check_state(const struct state *before)
{
	struct state now;
	take_state(&now);
	want(now.descriptors == before->descriptors, "descriptors are left open");
	for (int i = 1; i < 65; i++)
		want(now.actions[i].sa_handler == before->actions[i].sa_handler, "a signal's disposition was changed");
	want(memcmp(&now.mask, &before->mask, sizeof now.mask) == 0, "the signal mask was changed");
	want(strcmp(now.directory, before->directory) == 0, "the directory was changed");
	want(strcmp(now.locale, before->locale) == 0, "the locale was changed");
	want(now.umask == before->umask, "the umask was changed");
	want(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a child is left");
}

static void manners(int rounds, const char *path)
{
	struct state before;
	csapi_free(handle());
	take_state(&before);
	for (int i = 0; i < rounds; i++) {
		struct csapi *csapi = handle();
		csapi_result_free(scan(csapi, "path", path));
		csapi_free(csapi);
		check_state(&before);
	}
	printf("good\n");
}

/* --- threads ---------------------------------------------------------------------------------------------------- */

struct work {
	const char *path;
	int scans, status;
	pthread_t thread;
};

static void *work(void *argument)
{
	const struct work *task = argument;
	struct csapi *csapi = handle();
	long wrong = 0;
	for (int i = 0; i < task->scans; i++) {
		struct csapi_result *result = scan(csapi, i % 2 ? "path" : "buffer", task->path);
		wrong += csapi_result_status(result) != task->status || !csapi_result_json(result);
		csapi_result_free(result);
	}
	csapi_free(csapi);
	return (void *)wrong;
}

static void threads(int count, int scans, const char *path, int status)
{
	struct work tasks[64];
	for (int i = 0; i < count; i++) {
		tasks[i] = (struct work){.path = path, .scans = scans, .status = status};
		want(pthread_create(&tasks[i].thread, NULL, work, &tasks[i]) == 0, "no thread");
	}
	for (int i = 0; i < count; i++) {
		void *wrong;
		(void)pthread_join(tasks[i].thread, &wrong);
		want(!wrong, "a wrong verdict");
	}
	printf("good\n");
}

/* ---------------------------------------------------------------------------------------------------------------- */

static int closed(const char *path)
{
	for (int i = 0; i < 3; i++)
		(void)close(i);
	struct csapi *csapi = handle();
	struct csapi_result *result = scan(csapi, "buffer", path);
	int status = csapi_result_status(result);
	csapi_result_free(result);
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) >= 0)
			return 9;
	csapi_free(csapi);
	return 10 + status;
}

static void no_room(const char *path)
{
	size_t size;
	char *data = slurp(path, &size);
	struct rlimit limit = {16, RLIM_INFINITY};
	struct csapi *csapi = handle();
	(void)fflush(stdout);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	struct csapi_result *result = csapi_scan(csapi, data, size);
	limit.rlim_cur = RLIM_INFINITY;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	show("buffer", result);
	csapi_result_free(result);
	csapi_free(csapi);
	free(data);
}

/* Both scan with one handle, the child also frees it; the parent's scanner does not notice. */
static void forked(const char *path, int status)
{
	struct csapi *csapi = handle();
	csapi_result_free(csapi_scan_path(csapi, path));
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();
		struct csapi_result *result = csapi_scan_path(csapi, path);
		want(csapi_result_status(result) == status, child ? "the parent's verdict" : "the child's verdict");
		csapi_result_free(result);
		if (child == 0) {
			csapi_free(csapi);
			_exit(0);
		}
		int ended;
		want(waitpid(child, &ended, 0) == child && ended == 0, "the child");
		result = csapi_scan_path(csapi, path);
		want(csapi_result_status(result) == status, "the parent's verdict afterwards");
		csapi_result_free(result);
	}
	csapi_free(csapi);
	printf("good\n");
}

static void list(void)
{
	struct csapi *csapi = handle();
	const char *const *names = csapi_engines(csapi);
	want(csapi_set_config(csapi, "other") == -EBUSY, "the configuration can be changed");
	if (!names && !csapi_engines(csapi))
		printf("%s\n", csapi_error(csapi));
	for (; names && *names; names++)
		printf("%s\n", *names);
	for (names = csapi_skip_variables(csapi); names && *names; names++)
		printf("skip %s\n", *names);
	csapi_free(csapi);
}

static void with_deadline(unsigned seconds, const char *path)
{
	struct csapi *csapi = handle();
	want(csapi_set_deadline(csapi, 100000) == -EINVAL, "a deadline too long was taken");
	want(csapi_set_deadline(csapi, seconds) == 0, "no deadline");
	struct csapi_result *result = scan(csapi, "fd", path);
	show("fd", result);
	csapi_result_free(result);
	csapi_free(csapi);
}

int main(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "+c:s:e:v:k")) != -1) {
		if (option == 'c')
			config = optarg;
		else if (option == 's')
			path_of_socket = optarg;
		else if (option == 'e')
			engines[engine_count++] = optarg;
		else if (option == 'v')
			variables[variable_count++] = optarg;
		else if (option == 'k')
			hook = 1;
		else
			return 2;
	}
	argv += optind;
	const char *task = argv[0];
	if (!task)
		return 2;
	if (strcmp(task, "engines") == 0)
		list();
	else if (strcmp(task, "manners") == 0)
		manners(atoi(argv[1]), argv[2]);
	else if (strcmp(task, "threads") == 0)
		threads(atoi(argv[1]), atoi(argv[2]), argv[3], atoi(argv[4]));
	else if (strcmp(task, "closed") == 0)
		return closed(argv[1]);
	else if (strcmp(task, "small") == 0)
		no_room(argv[1]);
	else if (strcmp(task, "fork") == 0)
		forked(argv[1], atoi(argv[2]));
	else if (strcmp(task, "deadline") == 0)
		with_deadline((unsigned)atoi(argv[1]), argv[2]);
	else
		scan_all(task, argv + 1);
	return 0;
}
