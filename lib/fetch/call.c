/*
 * call.c - a child that calls libfreshclam, and its watch; see call.h.
 */
#include "fetch/call.h"

#include "base/clock.h"
#include "base/fd.h"
#include "fetch/http.h"
#include "fetch/space.h"
#include "fetch/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK      200 /* ms between two looks at the files, and two events of progress */
#define READ_SIZE 16384

struct watch {
	const struct mirror_call *call; /* NULL: DNS */
	struct teller *teller;
	struct call_result *result;
	pid_t pid;
	int lines, trace; /* descriptors: the child's socket, its standard output */
	char line[MIRROR_LINE_MAX];
	size_t size;
	bool returned;
	char *answer; /* of DNS */

	/* the transfer at work */
	unsigned request;  /* its number */
	uint64_t before;   /* bytes of all files when it began */
	uint64_t received; /* since then */
	uint64_t marked;   /* of these, when the time began to run */
	int64_t marked_at;
	int64_t told_at;
};

static void end_child(struct watch *watch, enum call_trouble trouble)
{
	if (watch->result->trouble == CALL_NONE)
		watch->result->trouble = trouble;
	if (watch->pid > 0)
		(void)kill(watch->pid, SIGKILL);
}

/* ---- what it says ---- */

/* libcurl's 23: what came could not be written, since the disk is full or the file too large. It is still there. */
static void not_written(struct watch *watch)
{
	bool large =
		watch->call && temporary_size(watch->call->job->temporary) > watch->before + watch->call->job->max_size;
	end_child(watch, large ? CALL_LARGE : CALL_NO_SPACE);
}

static void message(struct watch *watch, char letter, const char *text)
{
	static const char letters[] = "ewid";
	const char *found = strchr(letters, letter);
	enum fetch_level level = (enum fetch_level)(found - letters);
	if (level == FETCH_ERROR || level == FETCH_WARNING) {
		/* The last one is for people, but for one that only says that it failed. */
		if (!*watch->result->text || strncmp(text, "Update failed", sizeof "Update failed" - 1) != 0)
			(void)snprintf(watch->result->text, sizeof watch->result->text, "%s", text);
		if (strstr(text, "Download failed (23)"))
			not_written(watch);
		else if (strstr(text, "disk space") || strstr(text, "No space left"))
			end_child(watch, CALL_NO_SPACE);
	}
	teller_message(watch->teller, level, false, watch->call ? watch->call->database : "", text);
}

static void read_trace(struct watch *watch);

/* Before it goes on, is there a reason why it must not? Its trace is read first: the server's answer stands there. */
static void let_go_on(struct watch *watch)
{
	read_trace(watch);
	const struct trace *trace = &watch->result->trace;
	if (trace->retry_at || trace->refused == 403)
		end_child(watch, CALL_LIMITED);
	else if (watch->result->trouble == CALL_NONE && fd_send(watch->lines, "", 1, -1) < 0)
		end_child(watch, CALL_DIED);
}

static void hear_line(struct watch *watch, const char *line)
{
	switch (line[0]) {
	case 'e':
	case 'w':
		message(watch, line[0], line + 1);
		let_go_on(watch);
		break;
	case 'i':
	case 'd':
		message(watch, line[0], line + 1);
		break;
	case 'o':
		watch->result->offered = (uint32_t)strtoul(line + 1, NULL, 10);
		end_child(watch, CALL_OLDER);
		break;
	case 'h':
		end_child(watch, CALL_NO_HEADER);
		break;
	case 'l':
		end_child(watch, CALL_LARGE);
		break;
	case 's':
		end_child(watch, CALL_NO_SPACE);
		break;
	case 'a':
		free(watch->answer);
		watch->answer = strdup(line + 2);
		break;
	case 'r':
		watch->returned = true;
		watch->result->returned = mirror_returned((int)strtol(line + 1, NULL, 10));
		break;
	default:
		break;
	}
}

/* One read; lines that are too long are cut. False: the other side is gone. */
static bool read_lines(struct watch *watch)
{
	char data[READ_SIZE];
	ssize_t got = read(watch->lines, data, sizeof data);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (ssize_t i = 0; i < got; i++) {
		if (data[i] == '\n') {
			watch->line[watch->size] = '\0';
			watch->size = 0;
			hear_line(watch, watch->line);
		} else if (watch->size < sizeof watch->line - 1) {
			watch->line[watch->size++] = data[i];
		}
	}
	return got > 0;
}

/* All that is there. */
static void read_trace(struct watch *watch)
{
	char data[READ_SIZE];
	ssize_t got;
	while (watch->trace >= 0 && (got = read(watch->trace, data, sizeof data)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			break;
		trace_feed(&watch->result->trace, data, (size_t)got);
	}
	fd_close(&watch->trace);
}

/* ---- how it goes ---- */

static void look_at_transfer(struct watch *watch)
{
	const struct trace *trace = &watch->result->trace;
	const struct fetch_job *job = watch->call->job;
	int64_t now = clock_now();
	uint64_t size = temporary_size(job->temporary);
	/* Where nothing comes at all the library's own limit comes first, which leaves it time to make use of the patches that it has. */
	int64_t patience = 2 * (int64_t)job->request_timeout;
	if (watch->request != trace->requests) {
		watch->request = trace->requests;
		watch->before = size;
		watch->marked = 0;
		watch->marked_at = now;
	}
	watch->received = trace->active && size > watch->before ? size - watch->before : 0;
	if (!trace->active)
		return;
	if (trace->length > job->max_size || watch->received > job->max_size) {
		end_child(watch, CALL_LARGE);
	} else if (watch->received - watch->marked >= (uint64_t)HTTP_LOW_SPEED * job->request_timeout) {
		watch->marked = watch->received;
		watch->marked_at = now;
	} else if (now - watch->marked_at > patience * 1000 + TICK) {
		end_child(watch, CALL_STALLED);
	}
}

static void tell_progress(struct watch *watch)
{
	const struct trace *trace = &watch->result->trace;
	int64_t now = clock_now();
	if (now - watch->told_at < TICK)
		return;
	watch->told_at = now;
	/* Of patches nobody knows how many bytes they will be. */
	bool whole = trace->active && !trace->ranged && !trace_patch(trace);
	teller_progress(watch->teller, false, watch->call->database, trace->carried + watch->received,
			whole ? trace->carried + trace->length : 0);
}

static void wait_for_end(struct watch *watch, int64_t deadline)
{
	bool open = true;
	watch->marked_at = watch->told_at = clock_now();
	while (open) {
		struct pollfd polled[] = {{.fd = watch->lines, .events = POLLIN},
					  {.fd = watch->trace, .events = POLLIN}};
		(void)poll(polled, 2, TICK);
		if (polled[1].revents)
			read_trace(watch);
		if (polled[0].revents)
			open = read_lines(watch);
		if (watch->call) {
			look_at_transfer(watch);
			tell_progress(watch);
		}
		if (clock_now() >= deadline)
			end_child(watch, CALL_STALLED);
	}
	read_trace(watch);
	/* What was ended in the middle did not bring what was announced. */
	if (watch->result->trace.active)
		watch->result->trace.carried += watch->received;
	watch->result->trace.active = false;
}

/* ---- the child ---- */

/*
 * Standard input and error lead nowhere, standard output is the trace. Of ours it keeps its socket alone; what somebody gave us to hold, such as a
 * lock, it holds as long as it lives.
 */
static void become_child(const struct watch *watch, pid_t parent, int trace, int ours[2])
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || none < 0 || dup2(none, STDIN_FILENO) < 0 ||
	    dup2(trace, STDOUT_FILENO) < 0 || dup2(none, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	(void)close(watch->teller->fd);
	(void)close(ours[0]);
	(void)close(ours[1]);
	(void)close(trace);
	(void)close(none);
	(void)signal(SIGPIPE, SIG_DFL);
}

/* 0 or -errno; in the child it does not return. */
static int start(struct watch *watch, const struct fetch_job *job)
{
	int lines[2], trace[2];
	pid_t parent = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines) < 0)
		return -errno;
	if (pipe2(trace, O_CLOEXEC) < 0) {
		int error = -errno;
		fd_close(&lines[0]);
		fd_close(&lines[1]);
		return error;
	}
	watch->pid = fork();
	int error = watch->pid < 0 ? -errno : 0;
	if (watch->pid == 0) {
		become_child(watch, parent, trace[1], (int[2]){lines[0], trace[0]});
		if (watch->call)
			mirror_update(watch->call, lines[1]);
		mirror_ask_dns(job->dns, lines[1]);
	}
	fd_close(&lines[1]);
	fd_close(&trace[1]);
	watch->lines = lines[0];
	watch->trace = trace[0];
	return error ? error : fd_nonblocking(watch->trace);
}

static int run(struct watch *watch, const struct fetch_job *job, int64_t deadline)
{
	int status = 0;
	trace_init(&watch->result->trace);
	int error = start(watch, job);
	if (!error)
		wait_for_end(watch, deadline);
	else
		end_child(watch, CALL_DIED);
	while (watch->pid > 0 && waitpid(watch->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (watch->result->trouble == CALL_NONE && (!watch->returned || !WIFEXITED(status)))
		watch->result->trouble = CALL_DIED;
	fd_close(&watch->lines);
	fd_close(&watch->trace);
	return error;
}

int call_update(const struct mirror_call *call, struct teller *teller, struct call_result *ret_result)
{
	*ret_result = (struct call_result){0};
	struct watch watch = {.call = call, .teller = teller, .result = ret_result, .lines = -1, .trace = -1};
	int error = run(&watch, call->job, CLOCK_NEVER);
	if (ret_result->trouble != CALL_NO_SPACE && ret_result->trouble != CALL_OLDER && space_none(call->job))
		ret_result->trouble = CALL_NO_SPACE;
	temporary_clear(call->job->temporary);
	return error;
}

char *call_dns(const struct fetch_job *job, struct teller *teller)
{
	struct call_result result = {0};
	struct watch watch = {.teller = teller, .result = &result, .lines = -1, .trace = -1};
	(void)run(&watch, job, clock_now() + CALL_DNS_SECONDS * 1000);
	return watch.answer;
}
