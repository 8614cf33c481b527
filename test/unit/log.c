/*
 * log.c - a log never waits and never hides what it lost: full pipes, full disks, files moved away.
 */
#include "base/log.h"
#include "base/fd.h"
#include "descriptors.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/csapi-log-XXXXXX";
static char text[200000];

static const char *at(const char *name)
{
	static char paths[4][300];
	static unsigned next;
	char *path = paths[next++ % 4];
	(void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
	return path;
}

/* What a descriptor has at this moment. */
static const char *drain(int fd)
{
	size_t used = 0;
	ssize_t got;
	while (used < sizeof text - 1 && (got = read(fd, text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	return text;
}

static const char *contents(const char *path)
{
	text[0] = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)drain(fd);
	fd_close(&fd);
	return text;
}

static bool matches(const char *subject, const char *pattern)
{
	regex_t compiled;
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB))
		abort();
	bool good = regexec(&compiled, subject, 0, NULL, 0) == 0;
	regfree(&compiled);
	if (!good)
		printf("# \"%.200s\" does not match %s\n", subject, pattern);
	return good;
}

/* How many lines there are, each of which ends. */
static unsigned lines(const char *subject)
{
	unsigned count = 0;
	for (const char *byte = subject; *byte; byte++)
		count += *byte == '\n';
	return count;
}

static void test_file(void)
{
	struct why why = {""};
	struct stat status;
	unsigned before = open_descriptors();
	log_write(LOG_LEVEL_ERROR, "before it is open");
	mode_t umask_was = umask(0022);
	ok(log_open(at("a.log"), LOG_LEVEL_INFO, &why) == 0, "a file");
	(void)umask(umask_was);
	ok(stat(at("a.log"), &status) == 0 && (status.st_mode & 07777) == 0640, "its mode");
	log_write(LOG_LEVEL_NOTICE, "ready with %d workers", 2);
	log_write(LOG_LEVEL_DEBUG, "not this");
	log_write(LOG_LEVEL_INFO, "%s", "this");
	ok(matches(contents(at("a.log")),
		   "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z log[.]t\\[[0-9]+\\] notice: ready with 2 "
		   "workers\n[^\n]* info: this\n$"),
	   "time, program, process, level and text, up to the level asked for");
	log_close();
	log_write(LOG_LEVEL_ERROR, "after it is closed");
	ok(log_open(at("a.log"), LOG_LEVEL_ERROR, &why) == 0, "once more");
	log_write(LOG_LEVEL_ERROR, "appended");
	ok(lines(contents(at("a.log"))) == 3, "a log is appended to");
	log_close();
	ok(open_descriptors() == before, "no descriptor is left");
}

static void test_hostile_text(void)
{
	static char longest[5000];
	struct why why = {""};
	(void)log_open(at("hostile.log"), LOG_LEVEL_INFO, &why);
	log_write(LOG_LEVEL_INFO, "a%sb",
		  "\n2026-01-01T00:00:00Z log.t[1] error: forged\r\x1b[31m\x7f\xff\xe2\x80\xae");
	ok(lines(contents(at("hostile.log"))) == 1, "a newline in a text makes no line");
	ok(strstr(text, "a\\u{a}2026") && strstr(text, "\\u{d}\\u{1b}[31m\\u{7f}\\xff\\u{202e}b\n"),
	   "controls and broken characters are shown, not sent");
	memset(longest, 'x', sizeof longest - 1);
	log_write(LOG_LEVEL_INFO, "%s", longest);
	ok(lines(contents(at("hostile.log"))) == 2 && strlen(strchr(text, '\n') + 1) == 1024, "a long line is cut");
	for (size_t i = 0; i + 2 < sizeof longest; i += 2)
		memcpy(longest + i, "\xc3\xa4", 2);
	(void)unlink(at("hostile.log"));
	(void)log_reopen(&why);
	log_write(LOG_LEVEL_INFO, "%s", longest);
	log_write(LOG_LEVEL_INFO, ".%s", longest);
	(void)contents(at("hostile.log"));
	ok(matches(text, "^[ -~]*(\xc3\xa4)+\n[ -~]*[.](\xc3\xa4)+\n$"), "between two characters");
	log_close();
}

static void test_refused(void)
{
	struct why why = {""};
	unsigned before = open_descriptors();
	ok(log_open(root, LOG_LEVEL_INFO, &why) == -EISDIR && strstr(why.text, root), "a directory");
	ok(log_open("here.log", LOG_LEVEL_INFO, &why) == -EINVAL && strstr(why.text, "absolute"), "a relative path");
	ok(log_open("", LOG_LEVEL_INFO, &why) == -EINVAL, "no path");
	ok(log_open(at("none/x"), LOG_LEVEL_INFO, &why) == -ENOENT, "no such directory");
	ok(symlink("target", at("link")) == 0 && log_open(at("link"), LOG_LEVEL_INFO, &why) == -ELOOP &&
		   strstr(why.text, "symbolic link") && access(at("target"), F_OK) < 0,
	   "a symbolic link, which makes no file either");
	ok(log_open(at("kept.log"), LOG_LEVEL_INFO, &why) == 0 && log_open(root, LOG_LEVEL_INFO, &why) < 0,
	   "a bad one");
	log_write(LOG_LEVEL_ERROR, "still here");
	ok(lines(contents(at("kept.log"))) == 1, "leaves the one in use");
	log_close();
	ok(log_open("none", LOG_LEVEL_DEBUG, &why) == 0 && log_reopen(&why) == 0, "none");
	log_write(LOG_LEVEL_ERROR, "nowhere");
	ok(open_descriptors() == before, "no descriptor is left");
}

static void test_reopen(void)
{
	struct why why = {""};
	unsigned before = open_descriptors();
	(void)log_open(at("r.log"), LOG_LEVEL_INFO, &why);
	log_write(LOG_LEVEL_INFO, "1");
	(void)rename(at("r.log"), at("r.log.1"));
	log_write(LOG_LEVEL_INFO, "2");
	ok(log_reopen(&why) == 0, "opened again");
	log_write(LOG_LEVEL_INFO, "3");
	ok(lines(contents(at("r.log.1"))) == 2 && lines(contents(at("r.log"))) == 1, "no line is missing");
	(void)unlink(at("r.log"));
	(void)mkdir(at("r.log"), 0700);
	ok(log_reopen(&why) == -EISDIR, "a directory took its place");
	log_write(LOG_LEVEL_INFO, "4");
	(void)rmdir(at("r.log"));
	ok(log_reopen(&why) == 0 && open_descriptors() == before + 1, "later it is opened again");
	log_write(LOG_LEVEL_INFO, "5");
	ok(lines(contents(at("r.log"))) == 1, "and written");
	log_close();
}

static void test_fifo(void)
{
	struct why why = {""};
	(void)mkfifo(at("fifo"), 0600);
	ok(log_open(at("fifo"), LOG_LEVEL_INFO, &why) == 0, "a pipe that nobody reads is opened");
	for (int i = 0; i < 3000; i++)
		log_write(LOG_LEVEL_INFO, "line %d", i);
	int reader = open(at("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned kept = lines(drain(reader));
	okf(kept > 100 && kept < 3000 && matches(text, "line 0\n"), "3000 lines do not wait; %u are kept", kept);
	log_write(LOG_LEVEL_INFO, "after");
	char wanted[100];
	(void)snprintf(wanted, sizeof wanted, "warning: %u lines before this one are lost\n[^\n]*info: after\n$",
		       3000 - kept);
	ok(matches(drain(reader), wanted), "the number of those lost is told");
	log_close();
	ok(log_open(at("fifo"), LOG_LEVEL_INFO, &why) == 0, "a pipe with a reader");
	fd_close(&reader);
	log_write(LOG_LEVEL_INFO, "gone");
	reader = open(at("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	log_write(LOG_LEVEL_INFO, "back");
	ok(matches(drain(reader), "^[^\n]*: 1 lines before this one are lost\n[^\n]*: back\n$"),
	   "a reader that goes away ends nothing, and is told when it is back");
	fd_close(&reader);
	log_close();
}

static void test_full_disk(void)
{
	struct why why = {""};
	int error = log_open("/dev/full", LOG_LEVEL_INFO, &why);
	for (int i = 0; i < 10; i++)
		log_write(LOG_LEVEL_INFO, "line %d", i);
	log_close();
	ok(error == 0, "a disk that is full ends nothing");
}

/* The kernel writes what fits: the next line must not begin behind half of another. */
static void test_partial(void)
{
	struct why why = {""};
	struct rlimit usual, little;
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &usual);
	little = (struct rlimit){.rlim_cur = 100, .rlim_max = usual.rlim_max};
	(void)log_open(at("p.log"), LOG_LEVEL_INFO, &why);
	log_write(LOG_LEVEL_INFO, "whole");
	(void)setrlimit(RLIMIT_FSIZE, &little);
	log_write(LOG_LEVEL_INFO, "%0200d", 7);
	log_write(LOG_LEVEL_INFO, "full");
	(void)setrlimit(RLIMIT_FSIZE, &usual);
	bool torn = strlen(contents(at("p.log"))) == 100;
	log_write(LOG_LEVEL_INFO, "next");
	ok(torn && matches(contents(at("p.log")), "whole\n[^\n]* info: 0*\n[^\n]*: 2 lines before this one are lost\n"
						  "[^\n]*: next\n$"),
	   "a line written in part is ended, and counted");
	log_close();
}

/* Standard error is `fd` while lines are written. */
static void with_stderr(int fd, const char *destination, void (*action)(void))
{
	struct why why = {""};
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	(void)dup2(fd, STDERR_FILENO);
	int error = log_open(destination, LOG_LEVEL_DEBUG, &why);
	if (!error)
		action();
	log_close();
	(void)dup2(saved, STDERR_FILENO);
	fd_close(&saved);
	okf(error == 0, "%s%s", destination ? destination : "nothing said", why.text);
}

static void one_of_each(void)
{
	log_write(LOG_LEVEL_ERROR, "e");
	log_write(LOG_LEVEL_WARNING, "w");
	log_write(LOG_LEVEL_NOTICE, "n");
	log_write(LOG_LEVEL_INFO, "i");
	log_write(LOG_LEVEL_DEBUG, "d");
}

static void too_many(void)
{
	for (int i = 0; i < 20000; i++)
		log_write(LOG_LEVEL_INFO, "line %d", i);
}

static void test_stderr(void)
{
	int pipe_ends[2], pair[2];
	if (pipe2(pipe_ends, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	(void)fd_nonblocking(pair[1]);
	with_stderr(pair[0], "journal", one_of_each);
	same(drain(pair[1]), "<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n", "the journal's priorities");
	(void)unsetenv("JOURNAL_STREAM");
	with_stderr(pair[0], NULL, one_of_each);
	ok(matches(drain(pair[1]), "^20[^\n]* error: e\n"), "standard error is no journal");
	struct stat status;
	char stream[64];
	(void)fstat(pair[0], &status);
	(void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	with_stderr(pair[0], NULL, one_of_each);
	ok(matches(drain(pair[1]), "^<3>e\n"), "standard error is the journal");
	with_stderr(pair[0], "stderr", one_of_each);
	ok(matches(drain(pair[1]), "^20[^\n]* error: e\n"), "but not if it is said");
	with_stderr(pair[0], "journal", too_many);
	ok(lines(drain(pair[1])) > 10, "a socket that is full does not wait");
	with_stderr(pipe_ends[1], "stderr", too_many);
	ok((fcntl(pipe_ends[1], F_GETFL) & O_NONBLOCK) == 0, "a pipe shared with others stays as it was");
	(void)fd_nonblocking(pipe_ends[0]);
	ok(lines(drain(pipe_ends[0])) > 10, "and does not wait either");
	for (int i = 0; i < 2; i++) {
		fd_close(&pipe_ends[i]);
		fd_close(&pair[i]);
	}
}

/* With a file as standard error, what others write there and our lines follow one another. */
static void between(void)
{
	log_write(LOG_LEVEL_INFO, "ours");
	(void)fd_write_all(STDERR_FILENO, "theirs\n", 7);
	log_write(LOG_LEVEL_INFO, "ours again");
}

static void test_stderr_file(void)
{
	int file = open(at("stderr"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	with_stderr(file, "stderr", between);
	ok(matches(contents(at("stderr")), "^[^\n]*: ours\ntheirs\n[^\n]*: ours again\n$"), "nothing is overwritten");
	fd_close(&file);
}

int main(void)
{
	if (!mkdtemp(root)) {
		perror(root);
		return 2;
	}
	/* If a line waits, so does the test: not for ever. */
	(void)alarm(60);
	test_file();
	test_hostile_text();
	test_refused();
	test_reopen();
	test_fifo();
	test_full_disk();
	test_partial();
	test_stderr();
	test_stderr_file();
	char command[100];
	(void)snprintf(command, sizeof command, "rm -rf %s", root);
	ok(system(command) == 0, "cleaned up");
	return tap_end();
}
