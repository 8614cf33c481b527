/*
 * clamd.c - addresses, replies, and the pool against servers that do what no clamd should: each message gets one answer, in time.
 */
#include "clamd/clamd.h"
#include "base/clock.h"
#include "clamd/address.h"
#include "clamd/reply.h"
#include "descriptors.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static bool is_at(const char *text, const char *host, unsigned port)
{
	struct address address;
	char got[64] = "";
	if (address_parse(text, false, &address, NULL))
		return false;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address.sockets[0].name;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address.sockets[0].name;
	bool six = in->sin_family == AF_INET6;
	(void)inet_ntop(in->sin_family, six ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr, got,
			sizeof got);
	bool good = address.count == 1 && strcmp(got, host) == 0 &&
		    ntohs(six ? in6->sin6_port : in->sin_port) == port && strcmp(address.text, text) == 0;
	address_free(&address);
	return good;
}

static void refused(const char *text)
{
	struct address address;
	struct why why = {""};
	okf(address_parse(text, false, &address, &why) == -EINVAL && *why.text, "no address: %s", text);
}

static void test_address(void)
{
	struct address address;
	ok(is_at("127.0.0.1:3311", "127.0.0.1", 3311), "host and port");
	ok(is_at("192.0.2.1", "192.0.2.1", 3310), "the usual port");
	ok(is_at("[2001:db8::1]:99", "2001:db8::1", 99), "IPv6 in brackets");
	ok(is_at("[::1]", "::1", 3310), "and without a port");
	ok(is_at("2001:db8::1", "2001:db8::1", 3310), "and without brackets");
	ok(address_parse("scan.example.org:3310", false, &address, NULL) == 0 && address.count == 0,
	   "a name is taken, and not looked up");
	address_free(&address);
	ok(address_parse("unix:/run/clamd", false, &address, NULL) == 0 && address.count == 1 &&
		   address.sockets[0].name.ss_family == AF_UNIX,
	   "a path");
	address_free(&address);
	static const char *const bad[] = {"",           ":3310", "host:",  "host:0",        "host:65536", "host:x",
					  "host:33 10", "[::1",  "[::1]x", "unix:relative", "user@host",  "a b"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(bad[i]);
	char path[200];
	memset(path, 'p', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	refused(path);
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

static void says(const char *line, enum reply_kind kind, const char *text)
{
	struct clamd_reply reply;
	reply_parse(line, strlen(line), &reply);
	okf(reply.kind == kind && strcmp(reply.text, text) == 0, "reply: %s", line);
}

static void test_reply(void)
{
	says("1: PONG", REPLY_PONG, "");
	says("PONG", REPLY_PONG, "");
	says("2: ClamAV 1.4.6/27000/Thu Nov 26 09:30:00 2026", REPLY_VERSION,
	     "ClamAV 1.4.6/27000/Thu Nov 26 09:30:00 2026");
	says("3: stream: OK", REPLY_CLEAN, "");
	says("stream: Empty file", REPLY_EMPTY, "");
	says("3: stream: Eicar-Test-Signature FOUND", REPLY_FOUND, "Eicar-Test-Signature");
	says("3: stream: OK FOUND", REPLY_FOUND, "OK");
	says("INSTREAM size limit exceeded. ERROR", REPLY_TOO_LARGE, "");
	says("3: INSTREAM size limit exceeded. ERROR", REPLY_TOO_LARGE, "");
	says("3: stream: Can't create temporary file ERROR", REPLY_ERROR, "stream: Can't create temporary file");
	says("3: stream: \177[31mx\177 FOUND", REPLY_FOUND, "?[31mx?");
	static const char *const strange[] = {"",
					      "OK",
					      "3: OK",
					      "stream: OKAY",
					      "stream: ok",
					      "stream: FOUND",
					      "stream:  OK",
					      "3:stream: OK",
					      "x: PONG",
					      "PONG PONG",
					      "FOUND",
					      "ERROR"};
	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		says(strange[i], REPLY_STRANGE, "");
	char name[3000];
	memset(name, 'v', sizeof name);
	memcpy(name, "stream: ", 8);
	memcpy(name + sizeof name - 6, " FOUND", 6);
	struct clamd_reply reply;
	reply_parse(name, sizeof name, &reply);
	ok(reply.kind == REPLY_FOUND && strlen(reply.text) == REPLY_NAME_MAX - 1, "a long name is cut");
}

/* --- a pool ------------------------------------------------------------------------------------------------------- */

enum manner {
	ANSWERS,      /* as clamd does */
	FINDS,        /* a virus in everything */
	HANGS,        /* before it says anything */
	SCANS_LONG,   /* says PONG and then nothing */
	CLOSES_FIRST, /* at once */
	CLOSES_LAST,  /* when it has the whole message */
	GARBAGE,
	ENDLESS,   /* one line that does not end */
	TOO_LARGE, /* refuses in the middle of the stream, and closes */
	TOO_EARLY, /* calls clean what it has not had */
	FAILS,     /* says ERROR */
};

static void put(int fd, const char *text, size_t size)
{
	(void)!send(fd, text, size, MSG_NOSIGNAL);
}
#define PUT(fd, text) put(fd, text, sizeof text)

/* Reads the commands and the stream to its end. False: the other side is gone. */
static bool read_all(int fd)
{
	static const char commands[] = "zIDSESSION\0zPING\0zVERSION\0zINSTREAM";
	char head[sizeof commands], bytes[65536];
	uint32_t length;
	if (recv(fd, head, sizeof head, MSG_WAITALL) != sizeof head || memcmp(head, commands, sizeof head) != 0)
		return false;
	while (recv(fd, &length, sizeof length, MSG_WAITALL) == sizeof length && length) {
		length = ntohl(length);
		if (length > sizeof bytes || recv(fd, bytes, length, MSG_WAITALL) != (ssize_t)length)
			return false;
	}
	return true;
}

static void behave(int fd, enum manner manner)
{
	static char endless[20000];
	switch (manner) {
	case HANGS:
		(void)pause();
		return;
	case CLOSES_FIRST:
		return;
	case GARBAGE:
		PUT(fd, "HTTP/1.1 400 Bad Request");
		return;
	case ENDLESS:
		memset(endless, 'x', sizeof endless);
		put(fd, endless, sizeof endless);
		(void)pause();
		return;
	case TOO_LARGE:
		PUT(fd, "1: PONG");
		PUT(fd, "2: ClamAV 1.4.6");
		(void)usleep(20000);
		PUT(fd, "INSTREAM size limit exceeded. ERROR");
		return; /* with bytes unread: the connection is reset */
	case TOO_EARLY:
		PUT(fd, "1: PONG");
		PUT(fd, "3: stream: OK");
		(void)pause();
		return;
	default:
		break;
	}
	PUT(fd, "1: PONG");
	if (!read_all(fd))
		return;
	PUT(fd, "2: ClamAV 1.4.6/27000/Thu Nov 26 09:30:00 2026");
	if (manner == SCANS_LONG)
		(void)pause();
	if (manner == FAILS)
		PUT(fd, "3: stream: No space left ERROR");
	else if (manner == FINDS)
		PUT(fd, "3: stream: Virus.UNOFFICIAL FOUND");
	else if (manner == ANSWERS)
		PUT(fd, "3: stream: OK");
	else
		return;
	/* What waits to be read would break the connection, and the answer with it. */
	char rest[64];
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof rest, 0) > 0)
		;
}

#define SERVERS_MAX 4
static struct server {
	pid_t pid;
	char address[32];
} servers[SERVERS_MAX];

/* A process that serves each connection in one of its own. */
static char *serve(unsigned number, enum manner manner)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 100) ||
	    getsockname(listener, (struct sockaddr *)&name, &size))
		abort();
	(void)snprintf(servers[number].address, sizeof servers[number].address, "127.0.0.1:%u", ntohs(name.sin_port));
	(void)fflush(stdout);
	servers[number].pid = fork();
	if (servers[number].pid == 0) {
		(void)setpgid(0, 0);
		(void)signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int fd = accept(listener, NULL, NULL);
			if (fd >= 0 && fork() == 0) {
				behave(fd, manner);
				_exit(0);
			}
			(void)close(fd);
		}
	}
	(void)setpgid(servers[number].pid, servers[number].pid);
	(void)close(listener);
	return servers[number].address;
}

static void end_servers(void)
{
	for (unsigned i = 0; i < SERVERS_MAX; i++) {
		if (servers[i].pid <= 0)
			continue;
		(void)kill(-servers[i].pid, SIGKILL);
		(void)waitpid(servers[i].pid, NULL, 0);
		servers[i].pid = 0;
	}
}

static int message_of(size_t size)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	char *bytes = calloc(1, size + 1);
	if (fd < 0 || !bytes || write(fd, bytes, size) != (ssize_t)size)
		abort();
	free(bytes);
	return fd;
}

/* What the pool makes of `count` messages of that size: the answer to the last one, the caller's; all have to be alike in status. */
static struct clamd_answer ask(char *const *addresses, unsigned count, size_t size, int64_t timeout_ms,
			       int64_t *ret_took)
{
	const struct clamd_options options = {.addresses = addresses, .timeout_ms = timeout_ms, .max_concurrency = 40};
	struct clamd_answer answer = {.status = EC_AV_STATUS_COUNT}, last = {.status = EC_AV_STATUS_COUNT};
	struct clamd *clamd;
	int fd = message_of(size);
	bool seen[300] = {false};
	unsigned given = 0, come = 0;
	int64_t begun = clock_now();
	if (clamd_open(&options, &clamd, NULL))
		abort();
	while (come < count) {
		if (given < count && clamd_room(clamd)) {
			if (clamd_submit(clamd, given++, fd, 0, UINT64_MAX))
				abort();
			continue;
		}
		if (clamd_next(clamd, -1, &answer))
			abort();
		if (answer.id >= count || seen[answer.id] || (come && answer.status != last.status))
			answer.status = EC_AV_STATUS_COUNT;
		else
			seen[answer.id] = true;
		come++;
		clamd_answer_free(&last);
		last = answer;
	}
	if (clamd_next(clamd, 0, &answer) != -ENOENT)
		last.status = EC_AV_STATUS_COUNT;
	clamd_close(clamd);
	(void)close(fd);
	if (ret_took)
		*ret_took = clock_now() - begun;
	return last;
}

static bool has(const struct clamd_answer *answer, enum ec_av_status status, enum scan_code code, const char *info)
{
	bool good =
		answer->status == status && answer->scan_code == code && strstr(answer->info ? answer->info : "", info);
	if (!good)
		printf("# %d %d %s\n", (int)answer->status, (int)answer->scan_code,
		       answer->info ? answer->info : "(none)");
	return good;
}

static void test_one(void)
{
	struct clamd_answer answer;
	int64_t took;
	char *one[] = {serve(0, ANSWERS), NULL};
	answer = ask(one, 100, 300000, 10000, NULL);
	ok(has(&answer, EC_AV_CLEAN, SCAN_CODE_NONE, "") && strcmp(answer.code, "OK") == 0 && answer.size == 300000 &&
		   strcmp(answer.address, one[0]) == 0 && strstr(answer.version, "/27000/") && answer.attempts == 1,
	   "a hundred messages, clean");
	clamd_answer_free(&answer);
	end_servers();
	one[0] = serve(0, FINDS);
	answer = ask(one, 3, 0, 10000, NULL);
	ok(has(&answer, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Virus") && strcmp(answer.code, "Virus") == 0 &&
		   !answer.official,
	   "a virus, by an unofficial signature");
	clamd_answer_free(&answer);
	end_servers();
	one[0] = serve(0, TOO_LARGE);
	answer = ask(one, 3, 30000000, 10000, NULL);
	ok(has(&answer, EC_AV_NOT_SUITABLE_FOR_STREAMING, SCAN_CODE_NONE, "StreamMaxLength"),
	   "a refusal that is heard though the connection breaks");
	clamd_answer_free(&answer);
	end_servers();
	one[0] = serve(0, SCANS_LONG);
	answer = ask(one, 2, 10, 1500, &took);
	ok(has(&answer, EC_AV_ERROR, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "no answer from the clamd") && took < 2500,
	   "an answer that does not come in time");
	clamd_answer_free(&answer);
	end_servers();
	one[0] = serve(0, HANGS);
	answer = ask(one, 2, 10, 3000, &took);
	ok(has(&answer, EC_AV_ERROR, GEN_RESULT_SCANNER_NOT_INITIALIZED, "does not answer") && took < 4000,
	   "one that hangs");
	clamd_answer_free(&answer);
	end_servers();
	answer = ask(one, 2, 10, 3000, &took);
	ok(has(&answer, EC_AV_ERROR, GEN_RESULT_SCANNER_NOT_INITIALIZED, "Connection refused") && took < 1000,
	   "one that is not there, at once");
	clamd_answer_free(&answer);
	static const enum manner bad[] = {CLOSES_FIRST, CLOSES_LAST, GARBAGE, ENDLESS, TOO_EARLY, FAILS};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		one[0] = serve(0, bad[i]);
		answer = ask(one, 3, 30000000, 5000, &took);
		okf(answer.status == EC_AV_ERROR && *answer.info && took < 6000, "never clean from a bad one (%d): %s",
		    (int)bad[i], answer.info);
		clamd_answer_free(&answer);
		end_servers();
	}
}

/* A piece that is shorter than it is said to be must not pass for the whole of it. */
static void test_piece(void)
{
	char *one[] = {serve(0, ANSWERS), NULL};
	const struct clamd_options options = {.addresses = one, .timeout_ms = 5000};
	static const struct {
		uint64_t begin, end;
		enum ec_av_status status;
	} rows[] = {{0, 1000, EC_AV_CLEAN},         {10, 20, EC_AV_CLEAN},  {1000, 1000, EC_AV_CLEAN},
		    {500, UINT64_MAX, EC_AV_CLEAN}, {0, 1001, EC_AV_ERROR}, {2000, 2001, EC_AV_ERROR}};
	int fd = message_of(1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clamd *clamd;
		struct clamd_answer answer;
		if (clamd_open(&options, &clamd, NULL) || clamd_submit(clamd, 0, fd, rows[i].begin, rows[i].end) ||
		    clamd_next(clamd, -1, &answer))
			abort();
		okf(answer.status == rows[i].status, "bytes %llu to %llu of 1000", (unsigned long long)rows[i].begin,
		    (unsigned long long)rows[i].end);
		clamd_answer_free(&answer);
		clamd_close(clamd);
	}
	(void)close(fd);
	end_servers();
}

static void test_several(void)
{
	static const enum manner bad[] = {HANGS, CLOSES_FIRST, CLOSES_LAST, GARBAGE, ENDLESS, TOO_EARLY, FAILS};
	struct clamd_answer answer;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t took;
		char *two[] = {serve(0, bad[i]), serve(1, ANSWERS), NULL};
		answer = ask(two, 60, 100000, 10000, &took);
		okf(has(&answer, EC_AV_CLEAN, SCAN_CODE_NONE, "") && took < 8000,
		    "beside a good one a bad one (%d) costs nothing but time: %lld ms", (int)bad[i], (long long)took);
		clamd_answer_free(&answer);
		end_servers();
	}
	char *poison[] = {serve(0, CLOSES_LAST), serve(1, CLOSES_LAST), serve(2, CLOSES_LAST), NULL};
	answer = ask(poison, 1, 10, 10000, NULL);
	ok(answer.status == EC_AV_ERROR && answer.attempts == 2,
	   "a message that breaks two behind its last byte is not given to the third");
	clamd_answer_free(&answer);
	end_servers();
	char *named[] = {(char[]){"no.such.host.invalid"}, serve(0, ANSWERS), NULL};
	answer = ask(named, 5, 10, 10000, NULL);
	ok(has(&answer, EC_AV_CLEAN, SCAN_CODE_NONE, ""), "a name that nobody knows does not shut out the others");
	clamd_answer_free(&answer);
	end_servers();
}

static void test_open(void)
{
	struct clamd *clamd;
	struct why why = {""};
	struct clamd_options options = {.addresses = (char *[]){(char[]){"no.such.host.invalid"}, NULL},
					.timeout_ms = 1000};
	ok(clamd_open(&options, &clamd, &why) == -EHOSTUNREACH && strstr(why.text, "no.such.host.invalid"),
	   "alone it is told");
	options.addresses = (char *[]){(char[]){"host:x"}, NULL};
	ok(clamd_open(&options, &clamd, &why) == -EINVAL, "what is no address is refused");
	clamd_close(NULL);
}

int main(void)
{
	unsigned before = open_descriptors();
	test_address();
	test_reply();
	test_one();
	test_piece();
	test_several();
	test_open();
	ok(open_descriptors() == before, "no descriptor is left open");
	return tap_end();
}
