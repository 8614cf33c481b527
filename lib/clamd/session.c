/*
 * session.c - a conversation with a clamd as a machine of states; see session.h. Refuses lines without an end, and answers to what was not asked.
 */
#include "clamd/session.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK   (64u << 10) /* bytes of the message at a time */
#define IN_MOST (2u * REPLY_LINE_MAX)

static void fail(struct session *session, int error, const char *what)
{
	session->state = SESSION_FAILED;
	(void)(error ? why_errno(&session->why, error, "%s", what) : why_set(&session->why, 0, "%s", what));
	fd_close(&session->fd);
}

/* --- connecting ------------------------------------------------------------------------------------------------- */

/* Tries the sockets of the address from the next one on, until one does not refuse at once. */
static void dial(struct session *session)
{
	int error = -EHOSTUNREACH;
	while (session->next_socket < session->address->count) {
		unsigned i = session->next_socket++;
		const struct sockaddr *name = (const struct sockaddr *)&session->address->sockets[i].name;
		fd_close(&session->fd);
		session->fd = fd_raise(socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
		if (session->fd < 0) {
			error = -errno;
			continue;
		}
		if (connect(session->fd, name, session->address->sockets[i].size) == 0 || errno == EINPROGRESS)
			return;
		error = -errno;
	}
	fail(session, error, "no clamd answers");
}

/* The connection is there, or the next socket is tried. */
static void connected(struct session *session)
{
	int error = 0;
	socklen_t size = sizeof error;
	struct pollfd now = {.fd = session->fd, .events = POLLOUT};
	if (poll(&now, 1, 0) <= 0)
		return;
	if (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (!error)
		session->state = SESSION_TALKING;
	else if (session->next_socket < session->address->count)
		dial(session);
	else
		fail(session, -error, "no clamd answers");
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

/* Both with their NUL bytes, the last of which is the literal's own. */
static const char greeting[] = "zIDSESSION\0zPING\0zVERSION\0zINSTREAM";
static const char question[] = "zPING";
static const char farewell[] = "\0\0\0\0zEND";
#define BEHIND_END sizeof "zEND" /* bytes behind the end of the stream */

void session_open(struct session *ret_session, const struct address *address, int message, uint64_t begin, uint64_t end)
{
	*ret_session = (struct session){
		.fd = -1, .message = message, .address = address, .begin = begin, .end = end, .offset = begin};
	buffer_init(&ret_session->in, IN_MOST);
	buffer_init(&ret_session->out, sizeof greeting + CHUNK + sizeof farewell + 4);
	int error = message >= 0 ? buffer_append(&ret_session->out, greeting, sizeof greeting)
				 : buffer_append(&ret_session->out, question, sizeof question);
	if (error)
		fail(ret_session, error, "no memory");
	else
		dial(ret_session);
}

/* The next piece of the message behind its length, or the end of all. 0 or -errno. */
static int fill(struct session *session)
{
	int error = buffer_reserve(&session->out, CHUNK + 4);
	if (error)
		return error;
	uint8_t *to = session->out.data + session->out.size;
	uint64_t left = session->end - session->offset;
	size_t size = left < CHUNK ? (size_t)left : CHUNK;
	ssize_t got;
	do
		got = pread(session->message, to + 4, size, (off_t)session->offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* A piece whose file is too short must not pass for the whole of it. */
	if (got == 0 && left && session->end != UINT64_MAX)
		return -ENODATA;
	if (got == 0) {
		session->all_sent = true;
		return buffer_append(&session->out, farewell, sizeof farewell);
	}
	uint32_t length = htonl((uint32_t)got);
	memcpy(to, &length, sizeof length);
	session->out.size += (size_t)got + 4;
	session->offset += (uint64_t)got;
	return 0;
}

static bool has_to_send(const struct session *session)
{
	bool more = session->message >= 0 && !session->all_sent;
	return !session->send_broken && (session->out.size || more);
}

static void send_some(struct session *session)
{
	while (session->state == SESSION_TALKING && has_to_send(session)) {
		int error = session->out.size ? 0 : fill(session);
		if (error) {
			session->unreadable = true;
			fail(session, error, "cannot read the message");
			return;
		}
		ssize_t sent = send(session->fd, session->out.data, session->out.size, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (sent < 0)
			session->send_broken = true; /* it may have said why */
		else
			buffer_drop(&session->out, (size_t)sent);
	}
}

/* --- hearing ---------------------------------------------------------------------------------------------------- */

bool session_whole(const struct session *session)
{
	return session->all_sent && session->out.size <= BEHIND_END;
}

static void take_reply(struct session *session, const char *line, size_t size)
{
	struct clamd_reply reply;
	reply_parse(line, size, &reply);
	if (reply.kind == REPLY_PONG && !session->pong) {
		session->pong = true;
		if (session->message < 0)
			session->state = SESSION_ANSWERED;
	} else if (reply.kind == REPLY_VERSION && session->pong && !*session->version && session->message >= 0) {
		(void)strcpy(session->version, reply.text);
	} else if (reply.kind == REPLY_PONG || reply.kind == REPLY_VERSION || reply.kind == REPLY_STRANGE) {
		fail(session, 0, "what answers is no clamd");
	} else if ((reply.kind == REPLY_CLEAN || reply.kind == REPLY_EMPTY) && !session_whole(session)) {
		/* It cannot know yet. */
		fail(session, 0, "clamd answered before it had the whole message");
	} else {
		session->state = SESSION_ANSWERED;
	}
	session->reply = reply;
}

/* Replies that are there in whole. */
static void take_replies(struct session *session)
{
	while (session->state == SESSION_TALKING && session->in.size) {
		const char *line = (const char *)session->in.data;
		const char *end = memchr(line, '\0', session->in.size);
		if (!end) {
			if (session->in.size > REPLY_LINE_MAX)
				fail(session, 0, "what answers is no clamd");
			return;
		}
		take_reply(session, line, (size_t)(end - line));
		buffer_drop(&session->in, (size_t)(end - line) + 1);
	}
}

static void hear(struct session *session)
{
	while (session->state == SESSION_TALKING) {
		if (buffer_reserve(&session->in, REPLY_LINE_MAX)) {
			fail(session, -ENOMEM, "no memory");
			return;
		}
		ssize_t got = recv(session->fd, session->in.data + session->in.size, REPLY_LINE_MAX, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			fail(session, got ? -errno : 0, "clamd broke the connection off");
			return;
		}
		session->in.size += (size_t)got;
		take_replies(session);
	}
}

/* --- all -------------------------------------------------------------------------------------------------------- */

struct pollfd session_poll(const struct session *session)
{
	short events = session->state == SESSION_CONNECTING ? POLLOUT : POLLIN;
	if (session->state == SESSION_TALKING && has_to_send(session))
		events |= POLLOUT;
	return (struct pollfd){.fd = session->fd, .events = events};
}

void session_run(struct session *session)
{
	if (session->state == SESSION_CONNECTING)
		connected(session);
	/* First what it says: it may have refused the message, and closes behind that. */
	hear(session);
	send_some(session);
	hear(session);
}

void session_close(struct session *session)
{
	fd_close(&session->fd);
	buffer_free(&session->in);
	buffer_free(&session->out);
}
