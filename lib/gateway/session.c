/*
 * session.c - a conversation in clamd's protocol; see session.h.
 *
 * Refuses SHUTDOWN, paths from a network, paths that the client could not open itself, and a client that is silent. Messages of a session are given
 * to the scanner as they come, and answered as they are done.
 */
#include "gateway/session.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fd.h"
#include "format/status_json.h"
#include "gateway/answer.h"
#include "gateway/walk.h"
#include "gateway/wire.h"
#include "process/client.h"
#include "process/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINGER_MS 2000
/* For room in memory, and between two looks for it. */
#define ROOM_MS       30000
#define ROOM_PAUSE_MS 20
/* clamd's own CommandReadTimeout, IdleTimeout and ReadTimeout. */
#define COMMAND_MS 30000
#define READ_MS    120000
/* Who takes no answer for so long will not come back. */
#define TAKING_MS    60000
#define ANSWERS_MOST ((size_t)4 << 20)
/* Answers that may wait for a client while it still sends. */
#define PILE_MOST   ((size_t)1 << 20)
#define GROUPS_MOST 1024
#define PASSES_MOST 4
#define JOBS_MOST   CLIENT_CONCURRENCY_MAX
#define LABEL_MOST  4096
#define STEP        (64u << 10)

struct job {
	bool used;
	bool all;        /* every virus */
	bool only_found; /* of a directory: what is clean has no line */
	unsigned number; /* in its session */
	uint64_t size;   /* bytes of it that are held in memory */
	char *label;
};

struct session {
	struct session_options options;
	int fd;
	struct ucred peer;
	bool may_open;    /* paths */
	bool may_command; /* the scanner */
	struct client *client;
	char in[STEP];
	size_t used;
	int passes[PASSES_MOST];
	unsigned pass_count;
	struct buffer out;
	bool session;    /* between IDSESSION and END */
	unsigned number; /* of the command in it */
	char ending;
	bool over;
	struct job jobs[JOBS_MOST];
	unsigned told; /* lines of the walk that goes on */
	bool hit;      /* a virus among them */
};

static int collect_one(struct session *session, int timeout_ms);

/* ---- talking ---- */

/* What the client takes now. 0 or -errno. */
static int push(struct session *session)
{
	ssize_t sent = 0;
	while (session->out.size && sent >= 0) {
		sent = send(session->fd, session->out.data, session->out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0)
			buffer_drop(&session->out, (size_t)sent);
	}
	return sent < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

/* Until the client has taken all. */
static int flush(struct session *session)
{
	int64_t deadline = clock_now() + TAKING_MS;
	int error = push(session);
	while (!error && session->out.size) {
		struct pollfd wait = {.fd = session->fd, .events = POLLOUT};
		if (poll(&wait, 1, clock_poll_timeout(deadline)) <= 0 && clock_now() >= deadline)
			return -ETIMEDOUT;
		error = push(session);
	}
	return error;
}

/* Sends what can be sent; only a client that lets too much pile up is waited for: it may not read before it has sent all that it wants scanned. */
static int answer(struct session *session)
{
	return session->out.size > PILE_MOST ? flush(session) : push(session);
}

/* "3: " in a session. */
static const char *prefix_of(const struct session *session, unsigned number)
{
	static char prefix[16];
	(void)snprintf(prefix, sizeof prefix, "%u: ", number);
	return session->session ? prefix : "";
}

static int say(struct session *session, const char *text)
{
	int error = answer_text(&session->out, prefix_of(session, session->number), text, session->ending);
	return error ? error : answer(session);
}

static int say_error(struct session *session, const char *label, const char *text)
{
	int error = answer_error(&session->out, prefix_of(session, session->number), label, text, session->ending);
	return error ? error : answer(session);
}

/* ---- hearing ---- */

/* Takes what has come. Bytes; 0: the other side closed; -errno. */
static ssize_t receive(struct session *session)
{
	int pass = -1;
	ssize_t got = session->options.local
			      ? fd_receive(session->fd, session->in + session->used, sizeof session->in - session->used,
					   &pass)
			      : recv(session->fd, session->in + session->used, sizeof session->in - session->used, 0);
	if (got < 0 && !session->options.local)
		got = -errno;
	if (pass >= 0 && session->pass_count == PASSES_MOST) {
		fd_close(&pass);
		return -EPROTO;
	}
	if (pass >= 0)
		session->passes[session->pass_count++] = pass;
	if (got > 0)
		session->used += (size_t)got;
	return got;
}

/* Waits for more bytes; answers go out meanwhile. The same results, and -ETIMEDOUT. */
static ssize_t hear(struct session *session, int64_t deadline)
{
	for (;;) {
		short events = session->out.size ? POLLIN | POLLOUT : POLLIN;
		struct pollfd wait = {.fd = session->fd, .events = events};
		int ready = poll(&wait, 1, clock_poll_timeout(deadline));
		if (ready < 0 && errno != EINTR)
			return -errno;
		int error = ready > 0 && wait.revents & POLLOUT ? push(session) : 0;
		if (error)
			return error;
		if (ready > 0 && wait.revents & (POLLIN | POLLHUP | POLLERR))
			return receive(session);
		if (clock_now() >= deadline)
			return -ETIMEDOUT;
	}
}

static void drop(struct session *session, size_t size)
{
	session->used -= size;
	memmove(session->in, session->in + size, session->used);
}

static int take_pass(struct session *session)
{
	int pass = session->pass_count ? session->passes[0] : -1;
	if (session->pass_count)
		memmove(session->passes, session->passes + 1, --session->pass_count * sizeof *session->passes);
	return pass;
}

/* ---- memory ---- */

static uint64_t held_by_all(const struct session *session)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < session->options.held_count; i++)
		sum += atomic_load(&session->options.held[i]);
	return sum;
}

static void release(struct session *session, uint64_t bytes)
{
	(void)atomic_fetch_sub(&session->options.held[session->options.place], bytes);
}

/*
 * Before bytes are taken in. What was counted is released with the job, or by who counted it. Counted first and looked at
 * then, so that two at once never take the same room. False: there is no room, for long.
 */
static bool reserve(struct session *session, uint64_t bytes)
{
	int64_t deadline = clock_now() + ROOM_MS;
	/* Two that are in each other's way do not come back at the same time. */
	int pause = ROOM_PAUSE_MS + (int)(session->options.place % ROOM_PAUSE_MS);
	for (;;) {
		(void)atomic_fetch_add(&session->options.held[session->options.place], bytes);
		if (held_by_all(session) <= SESSION_HELD_MOST)
			return true;
		release(session, bytes);
		if (clock_now() >= deadline)
			return false;
		/* Our own messages that are done make room, too. */
		if (client_outstanding(session->client))
			(void)collect_one(session, pause);
		else
			(void)poll(NULL, 0, pause);
	}
}

/* ---- answers of the scanner ---- */

static int collect_one(struct session *session, int timeout_ms)
{
	uint32_t id;
	struct report report;
	int error = client_next(session->client, timeout_ms, &id, &report);
	if (error)
		return error;
	struct job *job = &session->jobs[id];
	bool clean = report.status == EC_AV_CLEAN;
	session->hit |= report.status == EC_AV_INFECTED || report.status == EC_AV_UNSCANNABLE;
	if (!clean || !job->only_found) {
		session->told++;
		error = answer_report(&session->out, prefix_of(session, job->number), job->label, &report, job->all,
				      session->ending);
	}
	report_free(&report);
	release(session, job->size);
	free(job->label);
	*job = (struct job){0};
	return error ? error : answer(session);
}

static int collect_all(struct session *session)
{
	int error = 0;
	while (!error && client_outstanding(session->client))
		error = collect_one(session, -1);
	return error == -ENOENT ? 0 : error;
}

static unsigned free_job(const struct session *session)
{
	unsigned number = 0;
	while (session->jobs[number].used)
		number++;
	return number;
}

/* Gives one message to the scanner; waits for room. `fd` stays the caller's. */
static int submit(struct session *session, const char *label, int fd, uint64_t size, bool all, bool only_found)
{
	struct request request;
	int error = 0;
	while (!error && (!client_room(session->client) || client_outstanding(session->client) == JOBS_MOST))
		error = collect_one(session, -1);
	if (error && error != -ENOENT)
		return error;
	unsigned number = free_job(session);
	session->jobs[number] = (struct job){.used = true,
					     .all = all,
					     .only_found = only_found,
					     .number = session->number,
					     .size = size,
					     .label = strdup(label)};
	if (!session->jobs[number].label)
		return -ENOMEM;
	request_init(&request);
	request.paranoid = session->options.paranoid;
	request.part_by_part = session->options.part_by_part;
	return client_submit(session->client, number, &request, fd);
}

/* Bytes of a file that are copied into memory; -1: it is no regular file, which could go on for ever. */
static int64_t copied(int fd)
{
	struct stat status;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -1;
	return status.st_size > (off_t)SPOOL_COPY_MOST ? 0 : status.st_size;
}

static int say_unread(struct session *session, const char *label, const char *text)
{
	session->told++;
	return say_error(session, label, text);
}

/* What a file holds, copied, so that nobody can change it while it is scanned; a large one as it is. */
static int submit_copy(struct session *session, const char *label, int fd, bool all, bool only_found)
{
	struct spool_options options = {.silence_ms = READ_MS};
	struct why why = {""};
	int copy = -1;
	int64_t size = copied(fd);
	if (size < 0)
		return say_unread(session, label, "Not supported file type");
	if (!reserve(session, (uint64_t)size))
		return say_unread(session, label, "There is no memory for the message");
	enum scan_code code = spool(fd, &options, &copy, &why);
	int error = 0;
	if (code) {
		release(session, (uint64_t)size);
		error = say_unread(session, label, *why.text ? why.text : scan_code_row(code)->text);
	} else {
		error = submit(session, label, copy, (uint64_t)size, all, only_found);
	}
	fd_close(&copy);
	return error;
}

/* ---- commands ---- */

/* Alive is who can scan. Without a scanner that is ready there is no answer, as from a clamd that is gone. */
static const struct facts *ask_facts(struct session *session)
{
	int error = collect_all(session);
	const struct facts *facts = error ? NULL : client_facts(session->client, CLIENT_ANSWER_MS);
	session->over |= !facts;
	return facts;
}

static int take_version(struct session *session, enum wire_word word)
{
	static const char commands[] = "| COMMANDS: SCAN RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END MULTISCAN "
				       "FILDES STATS IDSESSION INSTREAM "
				       "ALLMATCHSCAN";
	const struct facts *facts = ask_facts(session);
	int error = 0;
	if (facts)
		error = answer_version(&session->out, prefix_of(session, session->number), facts,
				       word == WIRE_VERSION ? "" : commands, session->ending);
	return error ? error : answer(session);
}

/* Commands of the scanner are for root and for its own user, and so are these figures: not for whom we only serve. */
static int say_forbidden(struct session *session, const char *command)
{
	return say_error(session, command, "Only root and the user of the scanner may ask that, and over no network");
}

static int take_stats(struct session *session)
{
	if (!session->may_command)
		return say_forbidden(session, "STATS");
	struct why why = {""};
	struct status status;
	char *document = NULL;
	int error = client_command(session->options.scanner, "status", CLIENT_ANSWER_MS, &document, &why);
	error = error ? error : status_json_decode(document, strlen(document), &status);
	free(document);
	if (error)
		return say_error(session, "STATS", *why.text ? why.text : strerror(-error));
	error = answer_stats(&session->out, prefix_of(session, session->number), &status, session->ending);
	facts_free(&status.facts);
	return error ? error : answer(session);
}

/* The scanner goes on by itself. */
static int take_reload(struct session *session)
{
	if (!session->may_command)
		return say_forbidden(session, "RELOAD");
	struct why why = {""};
	char *document = NULL;
	int error = client_command(session->options.scanner, "reload", 1000, &document, &why);
	free(document);
	if (error && error != -ETIMEDOUT)
		return say_error(session, "RELOAD", *why.text ? why.text : strerror(-error));
	return say(session, "RELOADING");
}

/* Every file that the path names; what is to be said of it depends on the command. */
static int take_path(struct session *session, const struct wire_command *command)
{
	const char *path = command->argument;
	struct walk *walk;
	struct why why = {""};
	if (!session->options.local)
		return say_error(session, path,
				 "Paths are for clients of this machine; send the message with INSTREAM");
	if (!session->may_open)
		return say_error(
			session, path,
			"The scanner cannot open files in your name; pass them (clamdscan --fdpass or --stream)");
	if (path[0] != '/' || walk_open(path, &walk, &why))
		return say_error(session, path, *why.text ? why.text : "File path check failure: not an absolute path");
	bool all = command->word == WIRE_ALLMATCHSCAN, several = command->word == WIRE_MULTISCAN;
	bool directory = walk_is_directory(walk);
	const char *name;
	int fd, error = 0;
	session->told = 0;
	session->hit = false;
	while (!error && !(session->hit && command->word == WIRE_SCAN) &&
	       (error = walk_next(walk, &name, &fd, &why)) > 0) {
		error = fd < 0 ? say_error(session, name, why.text) : submit_copy(session, name, fd, all, directory);
		session->told += fd < 0;
		fd_close(&fd);
		if (!error && !several)
			error = collect_all(session);
	}
	walk_close(walk);
	error = error ? error : collect_all(session);
	if (!error && directory && !session->told) {
		const struct report clean = {.status = EC_AV_CLEAN};
		error = answer_report(&session->out, prefix_of(session, session->number), path, &clean, false,
				      session->ending);
	}
	return error ? error : answer(session);
}

/* The descriptor comes with the command, or with a NUL byte behind it. */
static int take_descriptor(struct session *session)
{
	int64_t deadline = clock_now() + COMMAND_MS;
	char label[32];
	if (!session->options.local)
		return say_error(session, "FILDES", "A network passes no descriptors; send the message with INSTREAM");
	while (!session->pass_count) {
		/* Something else than what goes with a descriptor. */
		if (session->used && session->in[0] != '\0') {
			session->over = true;
			return say(session, "No file descriptor received. ERROR");
		}
		ssize_t got = hear(session, deadline);
		if (got <= 0)
			return got ? (int)got : -EPIPE;
	}
	int fd = take_pass(session);
	(void)snprintf(label, sizeof label, "fd[%d]", fd);
	/*
	 * The whole file is meant, wherever the client stopped to write or read it: c-icap hands over one that stands at its end. What
	 * cannot be rewound is no file, and is refused.
	 */
	int error = lseek(fd, 0, SEEK_SET) < 0 ? say_unread(session, label, "Not supported file type")
					       : submit_copy(session, label, fd, false, false);
	fd_close(&fd);
	return error;
}

/* One piece of a stream to the copy. Bytes left of it, or -errno. */
static int64_t take_piece(struct session *session, int copy, uint32_t left)
{
	while (left) {
		size_t size = session->used < left ? session->used : left;
		int error = fd_write_all(copy, session->in, size);
		if (error)
			return error;
		drop(session, size);
		left -= (uint32_t)size;
		ssize_t got = left ? hear(session, clock_now() + READ_MS) : 1;
		if (got <= 0)
			return got ? got : -EPIPE;
	}
	return 0;
}

/* Pieces, each behind its size in four bytes, until one of no size. 0; -EFBIG; -errno. */
static int take_pieces(struct session *session, int copy, uint64_t *ret_size)
{
	uint64_t size = 0;
	for (*ret_size = 0;; *ret_size = size) {
		while (session->used < 4) {
			ssize_t got = hear(session, clock_now() + READ_MS);
			if (got <= 0)
				return got ? (int)got : -EPIPE;
		}
		const uint8_t *head = (const uint8_t *)session->in;
		uint32_t piece = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
		drop(session, 4);
		if (!piece)
			return 0;
		size += piece;
		if (size > session->options.stream_most)
			return -EFBIG;
		if (!reserve(session, piece))
			return -ENOMEM;
		int64_t left = take_piece(session, copy, piece);
		if (left < 0)
			return (int)left;
	}
}

/* Why a stream came to nothing. */
static int refuse_stream(struct session *session, int error)
{
	session->over = true;
	if (error == -EFBIG)
		return say(session, "INSTREAM size limit exceeded. ERROR");
	if (error == -ENOSPC || error == -ENOMEM)
		return say_error(session, "stream", "There is no memory for the message");
	return error;
}

static int take_stream(struct session *session)
{
	struct why why = {""};
	uint64_t size = 0;
	int copy = -1;
	int error = spool_begin(&copy, &why) ? -ENOMEM : take_pieces(session, copy, &size);
	if (!error && spool_end(copy, &why))
		error = -ENOMEM;
	error = error ? refuse_stream(session, error) : submit(session, "stream", copy, size, false, false);
	fd_close(&copy);
	return error;
}

static int take_command(struct session *session, const struct wire_command *command)
{
	session->ending = command->ending;
	session->number += session->session && command->word != WIRE_END;
	switch (command->word) {
	case WIRE_PING:
		return ask_facts(session) ? say(session, "PONG") : 0;
	case WIRE_VERSION:
	case WIRE_VERSIONCOMMANDS:
		return take_version(session, command->word);
	case WIRE_STATS:
		return take_stats(session);
	case WIRE_RELOAD:
		return take_reload(session);
	case WIRE_SHUTDOWN:
		return say(session, "COMMAND UNAVAILABLE");
	case WIRE_SCAN:
	case WIRE_CONTSCAN:
	case WIRE_MULTISCAN:
	case WIRE_ALLMATCHSCAN:
		return take_path(session, command);
	case WIRE_INSTREAM:
		return take_stream(session);
	case WIRE_FILDES:
		return take_descriptor(session);
	case WIRE_IDSESSION:
		/* Only in a form whose end is sure. */
		session->session = !command->bare;
		session->over = command->bare;
		return command->bare ? say(session, "UNKNOWN COMMAND") : 0;
	case WIRE_END:
		session->over = true;
		return 0;
	default:
		session->over = true;
		return say(session, "UNKNOWN COMMAND");
	}
}

/* ---- the conversation ---- */

/* Until there is a command, and answers go out meanwhile. 1; 0: the end; -errno. */
static int await_command(struct session *session, struct wire_command *command, ssize_t *ret_size)
{
	int64_t deadline = clock_now() + COMMAND_MS;
	for (;;) {
		*ret_size = wire_next(session->in, session->used, command);
		if (*ret_size)
			return *ret_size < 0 ? (int)*ret_size : 1;
		int64_t own = CLOCK_NEVER;
		bool waiting = client_outstanding(session->client) > 0;
		short events = session->out.size ? POLLIN | POLLOUT : POLLIN;
		struct pollfd wait[2] = {{.fd = session->fd, .events = events},
					 {.fd = waiting ? client_poll(session->client, &own) : -1, .events = POLLIN}};
		/* Who waits for an answer is not silent. */
		int64_t until = waiting ? own : deadline;
		int ready = poll(wait, 2, clock_poll_timeout(until));
		if (ready < 0 && errno != EINTR)
			return -errno;
		int error = wait[0].revents & POLLOUT ? push(session) : 0;
		if (!error && wait[0].revents & (POLLIN | POLLHUP | POLLERR)) {
			ssize_t got = receive(session);
			if (got <= 0)
				return (int)got;
		}
		error = error ? error : waiting ? collect_one(session, 0) : 0;
		if (error && error != -EAGAIN)
			return error;
		deadline = waiting ? clock_now() + COMMAND_MS : deadline;
		if (!waiting && clock_now() >= deadline)
			return -ETIMEDOUT;
	}
}

/* What was sent and not read would turn the last answer into a broken connection: it is read and forgotten for a moment. */
static void linger(struct session *session)
{
	int64_t deadline = clock_now() + LINGER_MS;
	(void)shutdown(session->fd, SHUT_WR);
	do
		session->used = 0;
	while (hear(session, deadline) > 0);
}

static int converse(struct session *session)
{
	struct wire_command command;
	ssize_t size;
	int error = 0, there = 0;
	while (!error && !session->over && (there = await_command(session, &command, &size)) > 0) {
		/* The command stands in the buffer: it is done with before that is moved. */
		struct wire_command copy = command;
		char *argument = strdup(command.argument);
		if (!argument)
			return -ENOMEM;
		copy.argument = argument;
		drop(session, (size_t)size);
		error = take_command(session, &copy);
		free(argument);
		session->over |= !session->session;
	}
	if (there == -EMSGSIZE)
		(void)say(session, "UNKNOWN COMMAND");
	/* Who closes its half still wants its answers. */
	error = error ? error : collect_all(session);
	error = error ? error : flush(session);
	linger(session);
	return error;
}

/* ---- rights ---- */

/* The rights of whoever asks, with all groups, for good. 0 or -errno. */
static int become_peer(const struct session *session)
{
	gid_t groups[GROUPS_MOST];
	socklen_t size = sizeof groups;
	if (getsockopt(session->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return -errno;
	if (setgroups(size / sizeof *groups, groups) < 0 ||
	    setresgid(session->peer.gid, session->peer.gid, session->peer.gid) < 0 ||
	    setresuid(session->peer.uid, session->peer.uid, session->peer.uid) < 0)
		return -errno;
	return 0;
}

static int become_nobody(const struct session_options *options)
{
	if (setgroups(0, NULL) < 0 || setresgid(options->group, options->group, options->group) < 0 ||
	    setresuid(options->user, options->user, options->user) < 0)
		return -errno;
	return 0;
}

static int settle_rights(struct session *session)
{
	socklen_t size = sizeof session->peer;
	int error = 0;
	if (session->options.local && getsockopt(session->fd, SOL_SOCKET, SO_PEERCRED, &session->peer, &size) < 0)
		return -errno;
	/* Before the rights change: where they cannot, all that is asked of the scanner comes from its own user. */
	session->may_command = session->options.local && (session->peer.uid == 0 || session->peer.uid == geteuid());
	if (geteuid() == 0 && session->options.local)
		error = become_peer(session);
	else if (geteuid() == 0 && session->options.drop)
		error = become_nobody(&session->options);
	/* Root may open everything, so what we may it may as well. */
	session->may_open = session->options.local && (session->peer.uid == geteuid() || session->peer.uid == 0);
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = -errno;
	return error;
}

/* What a conversation that broke off leaves. */
static void release_all(struct session *session)
{
	for (unsigned i = 0; i < JOBS_MOST; i++)
		free(session->jobs[i].label);
	while (session->pass_count)
		fd_close(&session->passes[--session->pass_count]);
	buffer_free(&session->out);
	fd_close(&session->fd);
}

int session_run(int take_fd, const struct session_options *options)
{
	static struct session session;
	struct client_options asked = {.way = CLIENT_RESIDENT, .socket = options->scanner, .max_age = options->max_age};
	limits_defaults(&asked.limits);
	limits_defaults(&asked.usual);
	session = (struct session){.options = *options, .fd = take_fd};
	buffer_init(&session.out, ANSWERS_MOST);
	int error = settle_rights(&session);
	error = error ? error : client_open(&asked, &session.client);
	error = error ? error : converse(&session);
	client_close(session.client);
	release_all(&session);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
