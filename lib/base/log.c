/*
 * log.c - lines that never wait for whoever takes them; see log.h. Refuses a directory, a device with blocks and a symbolic
 * link: a link in a directory of somebody else's would make us write anywhere. Called by cmd and process.
 *
 * Standard error is shared with others, so it is not switched to O_NONBLOCK: a pipe or terminal is opened once more,
 * a socket is told to with each line.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MOST  1023 /* bytes of a line; with its newline below PIPE_BUF, so that a pipe takes all of it or nothing */
#define FILE_MODE  0640
#define OPEN_FLAGS (O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW)

enum log_way { LOG_WAY_NONE, LOG_WAY_WRITE, LOG_WAY_SEND };

static struct {
	enum log_way way;
	int fd;     /* owned; -1: none */
	char *path; /* of a file; owned; NULL: standard error */
	bool journal;
	enum log_level most;
	uint64_t dropped; /* lines since the last that went through */
	bool torn;        /* the last one was written in part: it has no newline */
} log_state = {.fd = -1};

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3}, [LOG_LEVEL_WARNING] = {"warning", 4}, [LOG_LEVEL_NOTICE] = {"notice", 5},
	[LOG_LEVEL_INFO] = {"info", 6},   [LOG_LEVEL_DEBUG] = {"debug", 7},
};

/* --- opening ---------------------------------------------------------------------------------------------------- */

/* Above the standard ones, which programs take for granted. -errno if that fails; the first is closed then. */
static int above_standard(int take_fd)
{
	if (take_fd > STDERR_FILENO)
		return take_fd;
	int fd = fcntl(take_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int error = fd < 0 ? -errno : 0;
	(void)close(take_fd);
	return error ? error : fd;
}

/* A pipe that nobody reads yet is opened for both: its lines wait there for the reader. */
static int open_for_append(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | OPEN_FLAGS, FILE_MODE);
	struct stat status;
	if (fd < 0 && errno == ENXIO && lstat(path, &status) == 0 && S_ISFIFO(status.st_mode))
		fd = open(path, O_RDWR | OPEN_FLAGS);
	return fd < 0 ? -errno : above_standard(fd);
}

static int open_file(const char *path, struct why *why)
{
	int fd = open_for_append(path);
	if (fd == -ELOOP)
		return why_set(why, fd, "log %s is a symbolic link; name the file that it leads to", path);
	if (fd < 0)
		return why_errno(why, fd, "log %s", path);
	struct stat status;
	if (fstat(fd, &status) < 0 ||
	    (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))) {
		(void)close(fd);
		return why_set(why, -EINVAL, "log %s is no file that lines can be appended to", path);
	}
	return fd;
}

bool log_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char own[64];
	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	(void)snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return strcmp(stream, own) == 0;
}

static int open_stderr(enum log_way *ret_way, struct why *why)
{
	struct stat status;
	if (fstat(STDERR_FILENO, &status) < 0)
		return why_errno(why, -errno, "log to standard error");
	*ret_way = S_ISSOCK(status.st_mode) ? LOG_WAY_SEND : LOG_WAY_WRITE;
	int fd = -1;
	/* Not a file: what others write there goes on where their descriptor stands, and would overwrite our lines. */
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))
		fd = open("/proc/self/fd/2", O_WRONLY | (OPEN_FLAGS & ~O_NOFOLLOW));
	/* A terminal may belong to another user, and /proc may be missing: then it is the shared one, which may block. */
	if (fd < 0)
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? why_errno(why, -errno, "log to standard error") : fd;
}

int log_open(const char *destination, enum log_level most, struct why *why)
{
	enum log_way way = LOG_WAY_WRITE;
	bool journal = destination ? strcmp(destination, "journal") == 0 : log_stderr_is_journal();
	char *path = NULL;
	int fd = -1;
	if (destination && strcmp(destination, "none") == 0) {
		way = LOG_WAY_NONE;
	} else if (!destination || journal || strcmp(destination, "stderr") == 0) {
		fd = open_stderr(&way, why);
	} else if (destination[0] != '/') {
		return why_set(why, -EINVAL, "log \"%.64s\" is not stderr, journal, none or an absolute path",
			       destination);
	} else {
		path = strdup(destination);
		fd = path ? open_file(path, why) : why_errno(why, -ENOMEM, "log");
	}
	if (way != LOG_WAY_NONE && fd < 0) {
		free(path);
		return fd;
	}
	log_close();
	/* A reader of the log that goes away must not end the service. */
	if (way == LOG_WAY_WRITE)
		(void)signal(SIGPIPE, SIG_IGN);
	log_state.way = way;
	log_state.fd = fd;
	log_state.path = path;
	log_state.journal = journal;
	log_state.most = most;
	return 0;
}

int log_reopen(struct why *why)
{
	if (!log_state.path)
		return 0;
	int fd = open_file(log_state.path, why);
	if (fd < 0)
		return fd;
	(void)close(log_state.fd);
	log_state.fd = fd;
	log_state.torn = false;
	return 0;
}

void log_close(void)
{
	if (log_state.fd >= 0)
		(void)close(log_state.fd);
	free(log_state.path);
	log_state.way = LOG_WAY_NONE;
	log_state.fd = -1;
	log_state.path = NULL;
	log_state.dropped = 0;
	log_state.torn = false;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Cuts at the end of a character. */
static void cut(char *text, size_t most)
{
	if (strlen(text) <= most)
		return;
	while (most && ((unsigned char)text[most] & 0xC0) == 0x80)
		most--;
	text[most] = '\0';
}

/* What stands before the text; its length. */
static size_t head(enum log_level level, char *ret_head, size_t size)
{
	char when[CLOCK_TEXT_SIZE];
	int length;
	if (log_state.journal) {
		length = snprintf(ret_head, size, "<%d>", levels[level].priority);
	} else {
		clock_text(clock_wall(), when, sizeof when);
		length = snprintf(ret_head, size, "%s %.32s[%d] %s: ", when, program_invocation_short_name,
				  (int)getpid(), levels[level].name);
	}
	return (size_t)length < size ? (size_t)length : size - 1;
}

/* One line as it is; true: all of it is there. */
static bool put(char *line, size_t size)
{
	static char newline[] = "\n";
	struct iovec parts[] = {{newline, sizeof newline - 1}, {line, size}};
	struct iovec *first = log_state.torn ? parts : parts + 1;
	int count = log_state.torn ? 2 : 1;
	size_t wanted = size + (log_state.torn ? sizeof newline - 1 : 0);
	ssize_t done;
	do {
		struct msghdr message = {.msg_iov = first, .msg_iovlen = (size_t)count};
		done = log_state.way == LOG_WAY_SEND ? sendmsg(log_state.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL)
						     : writev(log_state.fd, first, count);
	} while (done < 0 && errno == EINTR);
	if (done > 0)
		log_state.torn = (size_t)done < wanted;
	return done >= 0 && (size_t)done == wanted;
}

static bool put_text(enum log_level level, const char *text)
{
	char line[LINE_MOST + 2];
	size_t used = head(level, line, sizeof line);
	(void)snprintf(line + used, sizeof line - used, "%s", text);
	cut(line, LINE_MOST);
	used = strlen(line);
	line[used++] = '\n';
	return put(line, used);
}

void log_write(enum log_level level, const char *format, ...)
{
	if (log_state.way == LOG_WAY_NONE || level > log_state.most)
		return;
	char text[LINE_MOST + 1];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	/* Without memory the line goes out in ASCII. */
	char *visible = utf8_visible(text);
	for (char *at = text; !visible && *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	if (log_state.dropped) {
		char lost[64];
		(void)snprintf(lost, sizeof lost, "%ju lines before this one are lost", (uintmax_t)log_state.dropped);
		if (put_text(LOG_LEVEL_WARNING, lost))
			log_state.dropped = 0;
	}
	if (log_state.dropped || !put_text(level, visible ? visible : text))
		log_state.dropped++;
	free(visible);
}
