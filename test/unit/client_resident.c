/*
 * client_resident.c - a client and a scanner that runs: found, passed over, lost, silent, busy, commanded.
 *
 * The scanner is a child of this process that plays a script on each connection; the private one is this program itself. Time
 * goes faster for both where a test waits for a deadline.
 */
#include "descriptors.h"
#include "process/client.h"
#include "tap.h"

#include "base/clock.h"
#include "base/fd.h"
#include "format/hello_json.h"
#include "format/verdict_json.h"
#include "process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

#define FAST 40
static int speed = 1;

/* These take the place of libc's in this program. */
int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	if (syscall(SYS_clock_gettime, id, ret_time))
		return -1;
	if (id == CLOCK_MONOTONIC) {
		int64_t all = ((int64_t)ret_time->tv_sec * 1000000000 + ret_time->tv_nsec) * speed;
		*ret_time = (struct timespec){.tv_sec = all / 1000000000, .tv_nsec = all % 1000000000};
	}
	return 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return (int)syscall(SYS_poll, fds, count, timeout > 0 ? (timeout + speed - 1) / speed : timeout);
}

/* ---- scanners ---- */

static char directory[] = "/tmp/csapi-resident-XXXXXX";
static char place[96], own_path[4096];
static pid_t scanner;

struct conversation {
	struct channel channel;
	uint32_t ids[CLIENT_CONCURRENCY_MAX];
	char contents[CLIENT_CONCURRENCY_MAX][32];
	unsigned first, end; /* of the messages not answered */
	const char *name;
};

static void say(struct conversation *conversation, enum frame_type type, uint32_t id, const char *text)
{
	(void)channel_send(&conversation->channel, type, id, text, strlen(text), -1);
}

/* Waits for one frame of a type; ends this process when there is none. */
static struct frame await(struct conversation *conversation, enum frame_type type)
{
	struct frame frame;
	const char *payload;
	int error;
	while ((error = channel_next(&conversation->channel, &frame, &payload)) == -EAGAIN)
		if (channel_receive(&conversation->channel) <= 0)
			_exit(0);
	if (error || frame.type != type)
		_exit(3);
	return frame;
}

static void take_hello(struct conversation *conversation, unsigned workers, uint64_t depth)
{
	struct frame frame = await(conversation, FRAME_HELLO);
	struct hello hello = {.max_concurrency = workers};
	channel_drop(&conversation->channel, &frame);
	limits_defaults(&hello.limits);
	hello.limits.value[LIMIT_max_extract_depth] = depth;
	char *text = hello_json_encode(&hello);
	say(conversation, FRAME_HELLO, 0, text);
	free(text);
}

static void take_scan(struct conversation *conversation)
{
	struct frame frame = await(conversation, FRAME_SCAN);
	unsigned at = conversation->end++;
	conversation->ids[at] = frame.id;
	channel_drop(&conversation->channel, &frame);
	int fd = channel_take_pass(&conversation->channel);
	ssize_t got = pread(fd, conversation->contents[at], sizeof *conversation->contents - 1, 0);
	conversation->contents[at][got > 0 ? got : 0] = '\0';
	fd_close(&fd);
}

/* A verdict that says whose it is, and about what. */
static void answer(struct conversation *conversation, enum frame_type type, uint32_t id, enum scan_code code,
		   const char *content)
{
	const struct verdict_json_options options = {0};
	struct report report;
	char text[96];
	(void)snprintf(text, sizeof text, "%s:%s", conversation->name, content);
	if (client_report(code, text, &report))
		abort();
	char *document = verdict_json_encode(&report, &options);
	say(conversation, type, id, document);
	free(document);
	report_free(&report);
}

/* The moves of a script, one letter each. */
static void play(struct conversation *conversation, char move)
{
	struct channel *channel = &conversation->channel;
	struct frame frame;
	unsigned at = conversation->first;
	switch (move) {
	case 'h': /* greets */
		take_hello(conversation, 3, 10);
		break;
	case 't': /* greets, with a tight limit */
		take_hello(conversation, 3, 5);
		break;
	case 'H': /* greets in another protocol */
		say(conversation, FRAME_HELLO, 0, "{\"protocol\":9,\"directory\":null}");
		break;
	case 'r':
		say(conversation, FRAME_READY, 0, "{}");
		break;
	case 's': /* takes a request */
		take_scan(conversation);
		break;
	case 'a': /* answers the oldest */
		answer(conversation, FRAME_REPORT, conversation->ids[at], DEC_RESULT_OUT_OF_MEMORY,
		       conversation->contents[at]);
		conversation->first++;
		break;
	case 'A': /* answers it for a second time */
		answer(conversation, FRAME_REPORT, conversation->ids[at - 1], DEC_RESULT_OUT_OF_MEMORY, "twice");
		break;
	case 'b': /* is busy */
		answer(conversation, FRAME_REPORT, conversation->ids[at], DEC_RESULT_INIT_DECOMPOSER_FAILED, "busy");
		conversation->first++;
		break;
	case 'w': /* takes its time, and says so */
		(void)poll(NULL, 0, 5000);
		say(conversation, FRAME_WAIT, 0, "{}");
		break;
	case 'p': /* pauses */
		(void)poll(NULL, 0, 50);
		break;
	case 'g': /* talks nonsense */
		(void)fd_write_all(channel->fd, "220 mail.example.org ESMTP\r\n", 28);
		break;
	case 'e': /* breaks off: commands are not for this user */
		answer(conversation, FRAME_ERROR, 1, GEN_RESULT_POLICY_INVALID, "not for you");
		break;
	case 'u': /* or no such command */
		answer(conversation, FRAME_ERROR, 1, GEN_RESULT_PARAMETER_INVALID, "unknown");
		break;
	case 'c': /* takes a command */
		frame = await(conversation, FRAME_COMMAND);
		channel_drop(channel, &frame);
		break;
	case 'n': /* answers it */
		say(conversation, FRAME_ANSWER, 1, "{\"pid\":1}");
		break;
	case 'N': /* answers another one */
		say(conversation, FRAME_ANSWER, 7, "{\"pid\":1}");
		break;
	case 'z': /* says nothing more until the client goes */
		while (channel_receive(channel) > 0)
			buffer_drop(&channel->in, channel->in.size);
		break;
	default:
		abort();
	}
}

static void converse(int take_fd, const char *script, const char *name)
{
	struct conversation conversation = {.name = name};
	channel_init(&conversation.channel, take_fd, CHANNEL_SMALL);
	for (; *script; script++)
		play(&conversation, *script);
	channel_close(&conversation.channel);
}

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	(void)unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0)
		abort();
	return fd;
}

/* A scanner that plays one script for each connection, and is gone after the last. */
static void start_scanner(const char *const *scripts)
{
	int fd = listen_at(place, 16);
	(void)fflush(stdout);
	scanner = fork();
	if (scanner < 0)
		abort();
	if (!scanner) {
		(void)alarm(30);
		(void)signal(SIGPIPE, SIG_IGN);
		for (; *scripts; scripts++) {
			int one = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
			/* After the last there is nobody to ask. */
			if (!scripts[1])
				fd_close(&fd);
			converse(one, *scripts, "resident");
		}
		_exit(0);
	}
	fd_close(&fd);
}

/* Did the scanner play all of its scripts? */
static bool scanner_done(void)
{
	int status;
	return waitpid(scanner, &status, 0) == scanner && status == 0;
}

/* This program as a private scanner: takes what there is, and answers then, so that it never waits for a client that writes. */
static _Noreturn void be_private(void)
{
	static struct conversation conversation = {.name = "private"};
	channel_init(&conversation.channel, 3, CHANNEL_SMALL);
	take_hello(&conversation, 2, 10);
	play(&conversation, 'r');
	for (;;) {
		struct pollfd more = {.fd = 3, .events = POLLIN};
		conversation.first = conversation.end = 0;
		do
			take_scan(&conversation);
		while (poll(&more, 1, 20) > 0);
		while (conversation.first < conversation.end)
			play(&conversation, 'a');
	}
}

/* ---- clients ---- */

static struct client *open_client(enum client_way way, unsigned concurrency)
{
	struct client_options options = {
		.way = way, .socket = place, .scanner_path = own_path, .max_concurrency = concurrency};
	struct client *client;
	limits_defaults(&options.limits);
	if (client_open(&options, &client))
		abort();
	return client;
}

static void submit(struct client *client, uint32_t id)
{
	struct request request;
	char text[32];
	request_init(&request);
	int fd = memfd_create("message", MFD_CLOEXEC);
	int length = snprintf(text, sizeof text, "%u", (unsigned)id);
	if (fd < 0 || fd_write_all(fd, text, (size_t)length) || client_submit(client, id, &request, fd))
		abort();
	fd_close(&fd);
}

/* The next report is about that message, with that code, and says that text. */
static void gets(struct client *client, uint32_t id, enum scan_code code, const char *text, const char *what)
{
	struct report report;
	uint32_t got = 0;
	int error = client_next(client, 100 * 1000, &got, &report);
	if (error) {
		okf(false, "%s (%s)", what, strerror(-error));
		return;
	}
	bool good = got == id && report.code == code && report.info && strstr(report.info, text);
	ok(good, what);
	if (!good)
		printf("# message %u: %s: %s\n", (unsigned)got, report.code ? scan_code_name(report.code) : "no code",
		       report.info ? report.info : "");
	report_free(&report);
}

#define GETS_RESIDENT(client, id, what) gets(client, id, DEC_RESULT_OUT_OF_MEMORY, "resident:" #id, what)
#define GETS_PRIVATE(client, id, what)  gets(client, id, DEC_RESULT_OUT_OF_MEMORY, "private:" #id, what)

static void test_found(void)
{
	unsigned before = open_descriptors();
	start_scanner((const char *const[]){"hrssaasazr", NULL});
	struct client *client = open_client(CLIENT_AUTO, 0);
	ok(!client_private(client) && client_room(client) == 6, "a scanner that runs, and twice its workers");
	submit(client, 5);
	submit(client, 6);
	ok(client_room(client) == 4 && client_outstanding(client) == 2, "two are under way");
	GETS_RESIDENT(client, 5, "one answer");
	GETS_RESIDENT(client, 6, "and the other");
	ok(client_ready(client), "it is ready");
	submit(client, 7);
	GETS_RESIDENT(client, 7, "one more");
	uint32_t id;
	struct report report;
	ok(client_next(client, 0, &id, &report) == -ENOENT, "then nothing is outstanding");
	client_close(client);
	ok(scanner_done() && open_descriptors() == before, "the scanner sees the end, and no descriptor is left");
	start_scanner((const char *const[]){"hz", NULL});
	client = open_client(CLIENT_RESIDENT, 2);
	ok(client_room(client) == 2, "a number of jobs is kept to");
	client_close(client);
	(void)scanner_done();
}

/* What listens there is of no use: a private scanner, or an error where only that one was wanted. */
static void passed_over(const char *script, enum scan_code code, const char *text, const char *what)
{
	unsigned before = open_descriptors();
	start_scanner((const char *const[]){script, NULL});
	struct client *client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	bool alone = client_private(client);
	GETS_PRIVATE(client, 1, what);
	client_close(client);
	ok(alone && scanner_done() && open_descriptors() == before, "it is a private one, and nothing is left");
	start_scanner((const char *const[]){script, script, NULL});
	client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 2);
	gets(client, 2, code, text, "an error where no other one was wanted");
	client_close(client);
	(void)kill(scanner, SIGKILL);
	(void)scanner_done();
}

static void test_passed_over(void)
{
	const enum scan_code none = GEN_RESULT_SCANNER_NOT_INITIALIZED;
	passed_over("Hz", none, "another version", "one of another protocol");
	passed_over("gz", none, "is no scanner", "something that is no scanner");
	passed_over("", none, "does not answer", "one that closes at once");
	speed = FAST;
	passed_over("z", none, "does not answer", "one that never greets");
	speed = 1;
	(void)unlink(place);
	struct client *client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	GETS_PRIVATE(client, 1, "no socket at all");
	client_close(client);
	client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 1);
	gets(client, 1, none, "No such file", "or an error that names the reason");
	submit(client, 2);
	gets(client, 2, none, "No such file", "for every message");
	client_close(client);
}

static void test_limits(void)
{
	struct client_options options = {.way = CLIENT_AUTO, .socket = place, .scanner_path = own_path};
	struct client *client;
	limits_defaults(&options.limits);
	start_scanner((const char *const[]){"t", "tsaz", NULL});
	if (limits_set(&options.limits, LIMIT_max_extract_depth, 6, 0, NULL) || client_open(&options, &client))
		abort();
	submit(client, 1);
	GETS_PRIVATE(client, 1, "limits looser than those of the scanner that runs");
	client_close(client);
	if (limits_set(&options.limits, LIMIT_max_extract_depth, 5, 0, NULL) || client_open(&options, &client))
		abort();
	submit(client, 2);
	GETS_RESIDENT(client, 2, "limits that it allows");
	client_close(client);
	(void)scanner_done();
}

static void test_lost(void)
{
	unsigned before = open_descriptors();
	start_scanner((const char *const[]){"hrsssa", NULL});
	struct client *client = open_client(CLIENT_AUTO, 3);
	submit(client, 1);
	submit(client, 2);
	submit(client, 3);
	GETS_RESIDENT(client, 1, "what was answered before the end counts");
	GETS_PRIVATE(client, 2, "what was not is given to a private scanner");
	GETS_PRIVATE(client, 3, "all of it");
	ok(client_private(client) && client_outstanding(client) == 0, "once");
	submit(client, 4);
	GETS_PRIVATE(client, 4, "which stays in use");
	client_close(client);
	ok(scanner_done() && open_descriptors() == before, "no descriptor is left");

	start_scanner((const char *const[]){"hrssa", "hrsaz", NULL});
	client = open_client(CLIENT_RESIDENT, 2);
	submit(client, 1);
	submit(client, 2);
	GETS_RESIDENT(client, 1, "one answer");
	GETS_RESIDENT(client, 2, "a scanner that was started again gets the rest");
	client_close(client);
	(void)scanner_done();

	start_scanner((const char *const[]){"hrs", "hrs", NULL});
	client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	GETS_PRIVATE(client, 1, "a message that takes two of them along goes to a private one");
	client_close(client);
	(void)scanner_done();

	start_scanner((const char *const[]){"hrs", "hrs", NULL});
	client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 1);
	gets(client, 1, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "ended before it answered",
	     "or is an error, without a private one");
	client_close(client);
	ok(scanner_done() && open_descriptors() == before, "no descriptor is left");
}

static void test_put_out(void)
{
	start_scanner((const char *const[]){"hrsa", "hrsa", "hrsa", "hrsaz", NULL});
	struct client *client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	GETS_RESIDENT(client, 1, "one message");
	for (unsigned i = 0; i < 3; i++) {
		(void)poll(NULL, 0, 50);
		submit(client, 2);
		GETS_RESIDENT(client, 2, "a client that was put out while it was quiet comes again");
	}
	client_close(client);
	(void)scanner_done();
}

static void test_nonsense(void)
{
	static const char *const bad[] = {"hrsg", "hrse"};
	for (unsigned i = 0; i < 2; i++) {
		start_scanner((const char *const[]){bad[i], NULL});
		struct client *client = open_client(CLIENT_AUTO, 1);
		submit(client, 1);
		GETS_PRIVATE(client, 1, i ? "a conversation broken off" : "nonsense in the middle");
		client_close(client);
		(void)scanner_done();
	}
	start_scanner((const char *const[]){"hrssaAz", "hrsaz", NULL});
	struct client *client = open_client(CLIENT_AUTO, 2);
	submit(client, 1);
	submit(client, 2);
	GETS_RESIDENT(client, 1, "one answer");
	GETS_RESIDENT(client, 2,
		      "a second one to the same message ends the conversation; the other one is given again");
	uint32_t id;
	struct report report;
	ok(client_next(client, 0, &id, &report) == -ENOENT, "and no message is answered twice");
	client_close(client);
	(void)scanner_done();
	start_scanner((const char *const[]){"hrsbz", NULL});
	client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	gets(client, 1, DEC_RESULT_INIT_DECOMPOSER_FAILED, "busy", "busy is an answer");
	client_close(client);
	(void)scanner_done();
}

static void test_silent(void)
{
	speed = FAST;
	start_scanner((const char *const[]){"hrswwwwwwaz", NULL});
	struct client *client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 1);
	int64_t start = clock_now();
	GETS_RESIDENT(client, 1, "an answer may take long, as long as there are signs of life");
	ok(clock_now() - start > 25000, "longer than silence may last");
	client_close(client);
	(void)scanner_done();
	start_scanner((const char *const[]){"hswwwwwwraz", NULL});
	client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 1);
	GETS_RESIDENT(client, 1, "so may loading");
	client_close(client);
	(void)scanner_done();
	start_scanner((const char *const[]){"hrswz", "hrsaz", NULL});
	client = open_client(CLIENT_AUTO, 1);
	submit(client, 1);
	start = clock_now();
	GETS_PRIVATE(client, 1, "silence is the end, and one that is silent is not asked again");
	ok(clock_now() - start >= 20000 && clock_now() - start < 45000, "after 15 seconds of it");
	client_close(client);
	(void)kill(scanner, SIGKILL);
	(void)scanner_done();
	start_scanner((const char *const[]){"hrsz", NULL});
	client = open_client(CLIENT_RESIDENT, 1);
	submit(client, 1);
	gets(client, 1, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "does not answer", "an error without a private one");
	client_close(client);
	(void)scanner_done();
	speed = 1;
}

/* As many requests as fill the socket of a scanner that takes none. */
static void test_not_taken(void)
{
	speed = FAST;
	start_scanner((const char *const[]){"hrz", NULL});
	struct client *client = open_client(CLIENT_AUTO, CLIENT_CONCURRENCY_MAX);
	(void)kill(scanner, SIGSTOP);
	struct request request;
	request_init(&request);
	request.part[0] = '1';
	memset(request.part + 1, '0', REQUEST_PART_MAX - 1);
	request.part[REQUEST_PART_MAX] = '\0';
	int fd = memfd_create("message", MFD_CLOEXEC);
	for (uint32_t i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client_submit(client, i, &request, fd))
			abort();
	fd_close(&fd);
	unsigned answered = 0;
	uint32_t id;
	struct report report;
	while (client_next(client, 100 * 1000, &id, &report) == 0) {
		answered += report.code == DEC_RESULT_OUT_OF_MEMORY && strstr(report.info, "private:") != NULL;
		report_free(&report);
	}
	okf(answered == CLIENT_CONCURRENCY_MAX && client_private(client), "a stopped scanner holds up nothing (%u)",
	    answered);
	client_close(client);
	(void)kill(scanner, SIGKILL);
	(void)scanner_done();
	speed = 1;
}

#define CROWD 60

/* More descriptors under way than a user may have: the rest is sent when some were taken. */
static void test_crowd(void)
{
	char script[4 + 2 * CROWD + 2] = "hrp";
	struct rlimit before, less;
	struct request request;
	struct report report;
	uint32_t id;
	unsigned answered = 0;
	request_init(&request);
	memset(script + 3, 's', CROWD);
	memset(script + 3 + CROWD, 'a', CROWD);
	script[3 + 2 * CROWD] = 'z';
	start_scanner((const char *const[]){script, NULL});
	struct client *client = open_client(CLIENT_RESIDENT, CROWD);
	int fd = memfd_create("message", MFD_CLOEXEC);
	uid_t user = geteuid();
	if (getrlimit(RLIMIT_NOFILE, &before) || (user == 0 && seteuid(65534)))
		abort();
	less = before;
	less.rlim_cur = CROWD / 2;
	if (setrlimit(RLIMIT_NOFILE, &less))
		abort();
	for (uint32_t i = 0; i < CROWD; i++)
		if (client_submit(client, i, &request, fd))
			abort();
	fd_close(&fd);
	if (setrlimit(RLIMIT_NOFILE, &before) || (user == 0 && seteuid(0)))
		abort();
	while (client_next(client, 100 * 1000, &id, &report) == 0) {
		answered += report.code == DEC_RESULT_OUT_OF_MEMORY;
		report_free(&report);
	}
	okf(answered == CROWD, "as many descriptors as are allowed under way, and more (%u)", answered);
	client_close(client);
	(void)scanner_done();
}

static void command_gives(const char *script, int timeout_ms, int expected, const char *text, const char *what)
{
	unsigned before = open_descriptors();
	struct why why = {""};
	char *answered = NULL;
	start_scanner((const char *const[]){script, NULL});
	int error = client_command(place, "status", timeout_ms, &answered, &why);
	const char *said = answered ? answered : why.text;
	bool good = error == expected && strstr(said, text) && (answered != NULL) == (error == 0);
	ok(good && scanner_done() && open_descriptors() == before, what);
	if (!good)
		printf("# %d: %s\n", error, said);
	free(answered);
}

/* The scanner answers, and takes its time to end. */
static void test_stop(void)
{
	struct why why;
	char *text = NULL;
	speed = FAST;
	start_scanner((const char *const[]){"hrcnww", NULL});
	int64_t start = clock_now();
	int error = client_command(place, "stop", -1, &text, &why);
	ok(!error && text && clock_now() - start >= 10000, "stop waits until the scanner is gone");
	free(text);
	(void)scanner_done();
	speed = 1;
}

static volatile sig_atomic_t stopped;

static void stop_now(int number)
{
	(void)number;
	stopped = 1;
}

/* A signal ends the wait for an answer that may take half an hour. */
static void test_interrupted(void)
{
	struct why why = {""};
	char *text = NULL;
	struct sigaction action = {.sa_handler = stop_now}, before;
	struct itimerval soon = {.it_value = {.tv_usec = 300000}};
	start_scanner((const char *const[]){"hrcz", NULL});
	(void)sigaction(SIGALRM, &action, &before);
	(void)setitimer(ITIMER_REAL, &soon, NULL);
	int error = client_command_until(place, "reload", 100 * 1000, &stopped, &text, &why);
	ok(error == -ECANCELED && !text && strstr(why.text, "stopped by a signal"), "a signal ends the wait");
	(void)sigaction(SIGALRM, &before, NULL);
	(void)scanner_done();
}

static void test_commands(void)
{
	struct why why;
	char *text;
	command_gives("hrcnz", 5000, 0, "\"pid\":1", "a command and its answer");
	speed = FAST;
	command_gives("hcwrnz", -1, 0, "\"pid\":1", "other frames may come before");
	speed = 1;
	command_gives("hce", 5000, -EPERM, "not for you", "not for this user");
	command_gives("hcu", 5000, -EBADMSG, "unknown", "a word that it does not know");
	command_gives("hcNz", 5000, -EBADMSG, "out of turn", "an answer to something else");
	command_gives("hcgz", 5000, -EBADMSG, "not a frame", "nonsense");
	command_gives("hc", -1, -ECONNRESET, "ended", "one that is gone before it answers");
	command_gives("hcz", 200, -ETIMEDOUT, "in time", "one that does not answer");
	command_gives("z", 200, -ETIMEDOUT, "does not answer", "one that does not greet");
	command_gives("Hz", 200, -EBADMSG, "another version", "one of another version");
	ok(client_command(place, "ping", 200, &text, &why) == -ECONNREFUSED && !text, "one that is gone");
	(void)unlink(place);
	ok(client_command(place, "ping", 200, &text, &why) == -ENOENT && strstr(why.text, place), "one that never was");
	int full = listen_at(place, 0), wait[8];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", place);
	for (unsigned i = 0; i < 8; i++) {
		wait[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(wait[i], (struct sockaddr *)&address, sizeof address);
	}
	ok(client_command(place, "ping", 200, &text, &why) == -ETIMEDOUT, "a full queue is waited for, not for ever");
	for (unsigned i = 0; i < 8; i++)
		fd_close(&wait[i]);
	fd_close(&full);
	(void)unlink(place);
}

/* The places where one is expected. */
static void test_places(void)
{
	struct why why;
	char *text = NULL;
	(void)setenv("CSAPI_SOCKET", place, 1);
	start_scanner((const char *const[]){"hrcnz", NULL});
	ok(client_command(NULL, "ping", 5000, &text, &why) == 0, "CSAPI_SOCKET names it");
	free(text);
	(void)scanner_done();
	(void)unsetenv("CSAPI_SOCKET");
	if (geteuid() != 0 || access("/run/csapi/scanner.sock", F_OK) == 0) {
		skip("another user's scanner is not trusted", "needs root, and no system-wide scanner");
		return;
	}
	char below[80];
	(void)snprintf(below, sizeof below, "%s/csapi", directory);
	(void)snprintf(place, sizeof place, "%s/scanner.sock", below);
	(void)setenv("XDG_RUNTIME_DIR", directory, 1);
	if (mkdir(below, 0755) || chmod(directory, 0755))
		abort();
	/* Whoever calls listen(2) is the peer that a client sees. */
	for (uid_t user = 65533; user <= 65534; user++) {
		if (chmod(below, 0777) || seteuid(user))
			abort();
		start_scanner((const char *const[]){"hrcnz", NULL});
		if (seteuid(0) || chmod(place, 0666) || seteuid(65534))
			abort();
		int error = client_command(NULL, "ping", 5000, &text, &why);
		if (user == 65534)
			ok(error == 0, "a user's own scanner is");
		else
			ok(error == -EPERM && strstr(why.text, "another user"),
			   "another user's scanner is not trusted");
		free(text);
		if (seteuid(0))
			abort();
		(void)kill(scanner, SIGKILL);
		(void)scanner_done();
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strncmp(argv[1], "--private=", 10) == 0)
		be_private();
	ssize_t length = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
	if (!mkdtemp(directory) || length < 0) {
		perror(directory);
		return 2;
	}
	(void)snprintf(place, sizeof place, "%s/s", directory);
	test_found();
	test_passed_over();
	test_limits();
	test_lost();
	test_put_out();
	test_nonsense();
	test_silent();
	test_not_taken();
	test_crowd();
	test_commands();
	test_interrupted();
	test_stop();
	test_places();
	char command[96];
	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command) != 0 || tap_end();
}
