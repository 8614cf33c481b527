/*
 * check.c - the two processes of a check: one that waits and answers, and one that looks, within walls; see check.h.
 *
 * Refuses to look without the walls that were found, and to believe an answer that is cut off. Called by csapi-worker.c.
 */
#include "check.h"

#include "base/fd.h"
#include "format/check_json.h"
#include "process/tempdir.h"
#include "scan/decompose.h"
#include "scan/engine/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child holds beside its standard streams: where it answers. */
#define ANSWER 3

/* Shared by both: the file that the child is at, should it die. */
struct note {
	char file[DEFINITION_NAME_MAX];
};

/* --- the child --------------------------------------------------------------------------------------------------- */

static void write_note(void *context, const char *file)
{
	struct note *note = context;
	(void)snprintf(note->file, sizeof note->file, "%s", file ? file : "");
}

/* Where memory runs out the kernel shall take this process, and no scanner. Anybody may make his own case worse. */
static void volunteer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)fd_write_all(fd, "1000", strlen("1000"));
	fd_close(&fd);
}

/* Nobody reads a library's last words, and nothing that was inherited is left. */
static int let_go(int answer)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error = null < 0 || dup2(null, STDIN_FILENO) < 0 ? -errno : 0;
#if !defined(__SANITIZE_ADDRESS__)
	if (!error && (dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0))
		error = -errno;
#endif
	if (!error && answer != ANSWER && dup3(answer, ANSWER, O_CLOEXEC) < 0)
		error = -errno;
	closefrom(ANSWER + 1);
	return error;
}

static void look(const struct worker_options *options, uint64_t memory, struct note *note, struct check *check)
{
	char base[4096];
	struct isolation isolation;
	struct why why = {""};
	if (check_start(&why)) {
		check_fail(check, AVS_RESULT_SCANNER_NOT_INITIALIZED, "%s", why.text);
		return;
	}
	int error = sandbox_confine(&options->sandbox, memory, &isolation, base, sizeof base, &why);
	if (error) {
		check_fail(check,
			   error == -EACCES ? DEC_RESULT_DEF_DIR_ACCESS_FAILED : DEC_RESULT_INIT_DECOMPOSER_FAILED,
			   "%s", why.text);
		return;
	}
	(void)setenv("TMPDIR", base, 1);
	const struct check_task task = {.directory = ".",
					.name = options->sandbox.definitions,
					.load = !options->verify_only,
					.at = write_note,
					.context = note};
	check_run(&task, check);
}

noreturn static void child_run(const struct worker_options *options, uint64_t memory, struct note *note, int answer,
			       struct check *check)
{
	if (let_go(answer))
		_exit(EXIT_FAILURE);
	volunteer();
	look(options, memory, note, check);
	char *line = check_json_encode(check);
	_exit(!line || fd_write_all(ANSWER, line, strlen(line)) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* --- the parent -------------------------------------------------------------------------------------------------- */

/* The file that it was at is to blame, unless somebody killed it: then nothing is known of it. */
static void tell_death(int status, const struct note *note, struct check *check)
{
	struct definition_file file = {.trust = DEFINITION_BROKEN};
	char fault[64];
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	(void)snprintf(file.name, sizeof file.name, "%.*s", DEFINITION_NAME_MAX - 1, note->file);
	const char *behind = file.name[0] ? " while it was at " : "";
	if (number == SIGKILL) {
		check_fail(check, DEC_RESULT_OUT_OF_MEMORY, "the check was killed%s%s, perhaps for want of memory",
			   behind, file.name);
		return;
	}
	if (!number) {
		check_fail(check, AVS_RESULT_ENGINE_LOAD_FAILED, "the check ended without an answer%s%s", behind,
			   file.name);
		return;
	}
	(void)snprintf(fault, sizeof fault, "makes the engine %s (signal %d)",
		       number == SIGSYS ? "do what it may not" : "crash", number);
	file.fault = fault;
	if (file.name[0])
		(void)definition_set_put(&check->set, &file);
	check_fail(check, AVS_RESULT_ENGINE_LOAD_FAILED, "%s %s",
		   file.name[0] ? file.name : "what the definitions hold together", fault);
}

/* Reads all that the child says, and waits for its end. True: it is a whole answer. */
static bool hear(pid_t child, int from, struct buffer *answer, int *ret_status)
{
	bool whole = fd_read_all(from, answer) == 0;
	/* One that says too much is not waited for. */
	if (!whole)
		(void)kill(child, SIGTERM);
	while (waitpid(child, ret_status, 0) < 0)
		if (errno != EINTR)
			return false;
	return whole && answer->size && *ret_status == 0;
}

/* Fills `answer` with the child's line; where there is none, it is left empty and *check says why. */
static void ask(const struct worker_options *options, uint64_t memory, struct check *check, struct buffer *answer)
{
	int ends[2], status = 0;
	struct note *note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0) {
		check_fail(check, DEC_RESULT_OUT_OF_MEMORY, "cannot start the check: %s", strerror(errno));
		return;
	}
	pid_t self = getpid(), child = fork();
	if (child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != self)
			_exit(EXIT_FAILURE);
		child_run(options, memory, note, ends[1], check);
	}
	fd_close(&ends[1]);
	if (child < 0) {
		check_fail(check, DEC_RESULT_OUT_OF_MEMORY, "cannot start the check: %s", strerror(errno));
	} else if (!hear(child, ends[0], answer, &status)) {
		buffer_free(answer);
		tell_death(status, note, check);
	}
	fd_close(&ends[0]);
	(void)munmap(note, sizeof *note);
}

/* In a directory of its own below the base, which is gone afterwards. */
static void ask_in_directory(struct worker_options *options, uint64_t memory, struct check *check,
			     struct buffer *answer)
{
	struct tempdir tempdir;
	struct why why = {""};
	struct sandbox_options *sandbox = &options->sandbox;
	if (tempdir_create(sandbox->base, &tempdir, &why)) {
		check_fail(check, DEC_RESULT_TEMP_DIR_ACCESS_FAILED, "%s", why.text);
		return;
	}
	sandbox->base = tempdir.path;
	sandbox->drop = sandbox->drop && geteuid() == 0;
	if (sandbox->drop && chown(tempdir.path, sandbox->user, sandbox->group) < 0)
		check_fail(check, DEC_RESULT_TEMP_DIR_ACCESS_FAILED, "cannot give %.300s away: %s", tempdir.path,
			   strerror(errno));
	else
		ask(options, memory, check, answer);
	tempdir_remove(&tempdir);
}

static int answer_with(int to, struct buffer *answer, const struct check *check)
{
	if (!answer->size) {
		char *line = check_json_encode(check);
		int error = line ? buffer_append_text(answer, line) : -ENOMEM;
		free(line);
		if (error)
			return error;
	}
	int error = buffer_append_text(answer, "\n");
	return error ? error : fd_write_all(to, answer->data, answer->size);
}

int worker_check(const struct worker_options *options, int to)
{
	struct worker_options own = *options;
	struct check check = {.code = SCAN_CODE_NONE};
	struct buffer answer;
	uint64_t memory = 0;
	const struct check_task task = {.directory = options->sandbox.definitions,
					.name = options->sandbox.definitions};
	buffer_init(&answer, CHECK_JSON_MAX);
	check.facts.engine_version = strdup(engine_version());
	check.facts.decomposer_version = strdup(decompose_version());
	if (check_measure(&task, &memory, &check) == 0)
		ask_in_directory(&own, memory, &check, &answer);
	int error = answer_with(to, &answer, &check);
	buffer_free(&answer);
	check_free(&check);
	return error;
}
