/*
 * load.c - many clients at once for a scanner that listens, honest and otherwise, and what became of them.
 *
 * usage: load [--OPTION=VALUE]... SOCKET     (the options are the table below)
 *
 * Honest clients take turns with the kinds of messages in --mix=KIND,... and check each verdict. KIND is WORD[+WORD]... of
 * clean, infected, either (holds a marker that the shipped definitions do not know), sets (holds the markers of all sets of
 * test/store.py), the name of a fault of test/preload/fault.c, and once (the fault happens to the first worker only). With
 * --until=FILE they go on until that file is there. With --keep=FILE what each verdict found, and by which definitions, is
 * written there, one document a line. Nobody sends a message before all are connected. Prints one JSON document. An answer is right, honest
 * (an error or unscannable where another status was right) or wrong; lost is a message whose connection ended. Exit
 * status 0: every message was answered, and none wrongly. Used by test/resident.bats and test/load.bats.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "format/verdict_json.h"
#include "process/channel.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USE    125
#define KINDS_MOST  16
#define TURNS_MOST  64
#define EVENTS_MOST 256
#define GREETING    "{\"protocol\":1}"
#define SPARE       64 /* descriptors for everything but clients */
#define SETS        8  /* whose markers test/store.py knows */

#define OPTIONS(X)                                                                                                     \
	X(clients, 1, "honest clients")                                                                                \
	X(messages, 0, "that they send together; 0: one each")                                                         \
	X(size, 400, "bytes of a message")                                                                             \
	X(busy, 0, "milliseconds that a worker spends on a message without a fault (takes fault.c)")                   \
	X(timeout, 0, "seconds, asked for in each request; 0: the scanner's")                                          \
	X(idle, 0, "clients that connect and say nothing, or only hello")                                              \
	X(slow, 0, "clients that say one byte a second")                                                               \
	X(deaf, 0, "clients that send requests and never read an answer")                                              \
	X(deaf_messages, 2000, "requests that each of them sends at most")                                             \
	X(leave, 0, "clients that send a message that never ends (takes fault.c), and go")                             \
	X(parent, 0, "process whose workers are killed")                                                               \
	X(kills, 0, "of its workers at random, SIGKILL")                                                               \
	X(kill_every, 25, "milliseconds")                                                                              \
	X(zygotes, 0, "every so many kills the process that holds the engine dies; 0: never")                          \
	X(asks, 0, "milliseconds between control commands (ping, status and stats in turn); 0: none")                  \
	X(patience, 120, "seconds after which all that is not answered counts as lost")                                \
	X(hold, 0, "seconds that it goes on at least, for those that are not honest")                                  \
	X(seed, 1, "of what is random")

static struct {
#define OPTION(name, value, text) long name;
	OPTIONS(OPTION)
#undef OPTION
	const char *mix, *until, *keep, *socket;
} options = {
#define OPTION(name, value, text) .name = value,
	OPTIONS(OPTION)
#undef OPTION
		.mix = "clean,infected,clean",
};

struct kind {
	const char *name;
	bool infected, either, sets, once;
	char fault[16];
	unsigned long asked, right, honest, wrong, lost;
	long longest, total; /* milliseconds from the request to the report */
};

enum role { HONEST, IDLE, SLOW, DEAF, LEAVES, ASKS };
enum phase { WAITING, GREETING_SENT, GREETED, ASKED, OVER };

struct client {
	enum role role;
	enum phase phase;
	struct channel channel;
	struct kind *kind;
	int64_t since, next; /* when the request was sent; when to say the next byte */
	unsigned said;
};

static struct kind kinds[KINDS_MOST];
static unsigned kind_count;
static struct kind *turns[TURNS_MOST];
static unsigned turn_count;
static struct client *clients;
static size_t client_count;
static int epoll;
static bool begun; /* all are connected */
static int64_t begin, last_connect;
static FILE *kept;
static unsigned long codes[SCAN_CODE_COUNT + 1];
static unsigned long sent, waits, invalid, dropped, kills, zygote_kills, left, deaf_sent, commands, commands_lost;
static long command_longest;

static noreturn void give_up(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "bad use");
	exit(EXIT_USE);
}

/* ---- options ---- */

static void read_kind(struct kind *kind, const char *text)
{
	char *next, *words = strdup(text);
	kind->name = strdup(text);
	for (char *word = strtok_r(words, "+", &next); word; word = strtok_r(NULL, "+", &next)) {
		if (strcmp(word, "infected") == 0)
			kind->infected = true;
		else if (strcmp(word, "either") == 0)
			kind->either = true;
		else if (strcmp(word, "sets") == 0)
			kind->sets = kind->infected = true;
		else if (strcmp(word, "once") == 0)
			kind->once = true;
		else if (strcmp(word, "clean") != 0)
			(void)snprintf(kind->fault, sizeof kind->fault, "%s", word);
	}
	free(words);
}

static void read_mix(const char *text)
{
	char *rest, *list = strdup(text);
	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		unsigned i = 0;
		while (i < kind_count && strcmp(kinds[i].name, name) != 0)
			i++;
		if (i == KINDS_MOST || turn_count == TURNS_MOST)
			give_up("too many kinds");
		if (i == kind_count)
			read_kind(&kinds[kind_count++], name);
		turns[turn_count++] = &kinds[i];
	}
	free(list);
	if (!turn_count)
		give_up("--mix");
}

static bool read_word(const char *text)
{
	if (strncmp(text, "--mix=", 6) == 0)
		options.mix = text + 6;
	else if (strncmp(text, "--until=", 8) == 0)
		options.until = text + 8;
	else if (strncmp(text, "--keep=", 7) == 0)
		options.keep = text + 7;
	else
		return false;
	return true;
}

static bool read_number(const char *text)
{
	static const struct {
		const char *name;
		long *value;
	} rows[] = {
#define OPTION(name, value, text) {#name, &options.name},
		OPTIONS(OPTION)
#undef OPTION
	};
	const char *equals = strchr(text, '=');
	char *end;
	for (size_t i = 0; equals && strncmp(text, "--", 2) == 0 && i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].name);
		bool same = (size_t)(equals - text - 2) == length;
		for (size_t j = 0; same && j < length; j++)
			same = rows[i].name[j] == (text[j + 2] == '-' ? '_' : text[j + 2]);
		if (!same)
			continue;
		*rows[i].value = strtol(equals + 1, &end, 10);
		return end > equals + 1 && !*end && *rows[i].value >= 0;
	}
	return false;
}

static void read_options(int argc, char **argv)
{
	for (int i = 1; i < argc - 1; i++)
		if (!read_word(argv[i]) && !read_number(argv[i])) {
			errno = 0;
			give_up(argv[i]);
		}
	if (argc < 2 || strlen(argv[argc - 1]) >= sizeof((struct sockaddr_un *)0)->sun_path)
		give_up("usage: load [--OPTION=VALUE]... SOCKET");
	options.socket = argv[argc - 1];
	read_mix(options.mix);
	srandom((unsigned)options.seed);
}

/* As many clients as there are descriptors for; the document says how many there were. */
static void fit_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		give_up("descriptors");
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	long most = limit.rlim_max > 1000000 ? 1000000 : (long)limit.rlim_max - SPARE;
	long others = options.idle + options.slow + options.deaf + options.leave;
	if (options.clients + others <= most)
		return;
	options.idle = options.idle * most / (options.clients + others);
	options.slow = options.slow * most / (options.clients + others);
	options.clients = options.clients * most / (options.clients + others);
}

/* ---- messages ---- */

/* The words that mean something are put together here, so that a scan of this program itself finds nothing. */
static int make_message(const struct kind *kind, unsigned long number)
{
	char head[1024], end[64] = "";
	const char *marker = kind->either ? "csapi-%s-appears-6f1d" : kind->infected ? "csapi-%s-body-6f1d" : "no %s";
	if (*kind->fault && kind->once)
		(void)snprintf(end, sizeof end, "trigger:%s:%lu", kind->fault, number % 32767 + 1);
	else if (*kind->fault)
		(void)snprintf(end, sizeof end, "trigger:%s", kind->fault);
	else if (options.busy)
		(void)snprintf(end, sizeof end, "trigger:busy:%ld", options.busy);
	int length = snprintf(head, sizeof head,
			      "From: a@example.org\r\nTo: b@example.org\r\nSubject: number %lu\r\n\r\n", number);
	length += snprintf(head + length, sizeof head - (size_t)length, marker, "marker");
	for (int i = 0; kind->sets && i < SETS * 2; i++)
		length += snprintf(head + length, sizeof head - (size_t)length, "\r\ncsapi-%s-%d-%c-6f1d", "set", i / 2,
				   "AB"[i % 2]);
	length += snprintf(head + length, sizeof head - (size_t)length, "\r\ncsapi-%s-%s\r\n", "fault", end);
	int fd = memfd_create("message", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, head, (size_t)length))
		give_up("memfd");
	static const char line[] = "Some more text, so that there is something to look at in this message.\r\n";
	for (long size = length; size < options.size; size += (long)sizeof line - 1)
		if (fd_write_all(fd, line, sizeof line - 1))
			give_up("memfd");
	return fd;
}

static int make_request(char *ret_text, size_t size)
{
	char timeout[32] = "";
	if (options.timeout)
		(void)snprintf(timeout, sizeof timeout, "\"timeout\":%ld", options.timeout);
	return snprintf(ret_text, size,
			"{\"part\":null,\"wire\":false,\"first_threat\":false,\"limits\":{%s},\"avoid_whole\":false,"
			"\"avoid\":[]}",
			timeout);
}

/* What a kind of message must get, if nothing but its own fault happens. */
static enum ec_av_status right_status(const struct kind *kind)
{
	if (kind->infected)
		return EC_AV_INFECTED;
	if (!*kind->fault || kind->once)
		return EC_AV_CLEAN;
	if (strcmp(kind->fault, "hang") == 0 || strcmp(kind->fault, "stop") == 0)
		return EC_AV_UNSCANNABLE;
	return EC_AV_ERROR;
}

static void account(struct kind *kind, const struct report *report)
{
	codes[report->code]++;
	if (report->status == right_status(kind) || (kind->either && report->status == EC_AV_INFECTED))
		kind->right++;
	else if (report->status == EC_AV_ERROR || report->status == EC_AV_UNSCANNABLE)
		kind->honest++;
	else
		kind->wrong++;
}

/* ---- clients ---- */

static void finish(struct client *client)
{
	if (client->phase == OVER)
		return;
	if (client->phase != WAITING)
		channel_close(&client->channel);
	client->phase = OVER;
}

static void lose(struct client *client)
{
	if (client->phase == OVER)
		return;
	if (client->role == ASKS)
		commands_lost++;
	else if (client->role == HONEST && client->phase == ASKED)
		client->kind->lost++;
	else
		dropped++;
	finish(client);
}

static void say(struct client *client, enum frame_type type, const char *payload, size_t length, int pass)
{
	if (channel_send(&client->channel, type, type == FRAME_HELLO ? 0 : 1, payload, length, pass))
		lose(client);
}

/* Whether there was room in the listener's queue. */
static bool connect_one(struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", options.socket);
	if (fd < 0)
		give_up("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int error = errno;
		fd_close(&fd);
		errno = error;
		if (error != EAGAIN)
			give_up(options.socket);
		return false;
	}
	channel_init(&client->channel, fd, FRAME_PAYLOAD_MAX);
	struct epoll_event event = {.events = client->role == DEAF ? EPOLLRDHUP : EPOLLIN, .data.ptr = client};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		give_up("epoll");
	client->phase = GREETING_SENT;
	client->since = last_connect = clock_now();
	client->next = client->since;
	if (client->role == SLOW || (client->role == IDLE && (client - clients) % 2))
		client->phase = GREETED; /* as far as it ever comes */
	else
		say(client, FRAME_HELLO, GREETING, sizeof GREETING - 1, -1);
	return true;
}

static bool more_messages(void)
{
	if (options.until)
		return access(options.until, F_OK) != 0;
	return sent < (unsigned long)options.messages;
}

static void send_request(struct client *client, struct kind *kind, unsigned long number)
{
	char request[256];
	int fd = make_message(kind, number);
	kind->asked++;
	client->kind = kind;
	client->phase = ASKED;
	client->since = clock_now();
	say(client, FRAME_SCAN, request, (size_t)make_request(request, sizeof request), fd);
	fd_close(&fd);
}

static void send_message(struct client *client)
{
	if (more_messages()) {
		send_request(client, turns[sent % turn_count], sent);
		sent++;
	} else {
		finish(client);
	}
}

/* With a message that would keep a worker for as long as it may. */
static void send_and_leave(struct client *client)
{
	static struct kind kind = {.name = "hang", .fault = "hang"};
	send_request(client, &kind, left++);
	finish(client);
}

/* Without waiting: what is not taken is not sent. */
static void send_deaf(struct client *client)
{
	static const struct kind plain = {.name = "clean"};
	char request[256];
	struct buffer frame;
	buffer_init(&frame, 4096);
	if (frame_append(&frame, FRAME_SCAN, client->said + 1, request, (size_t)make_request(request, sizeof request)))
		give_up("frame");
	int fd = make_message(&plain, client->said);
	ssize_t done = fd_send(client->channel.fd, frame.data, frame.size, fd);
	fd_close(&fd);
	if (done == (ssize_t)frame.size) {
		client->said++;
		deaf_sent++;
	} else if (done != -EAGAIN && done < 0) {
		lose(client);
	} else if (done > 0) {
		client->said = (unsigned)options.deaf_messages; /* in the middle of a frame: enough */
	}
	buffer_free(&frame);
}

static void send_slowly(struct client *client)
{
	static const char start[] = "CSA1\1\0\0\0\0\0\0\0\16\0\0\0" GREETING;
	if (client->next > clock_now())
		return;
	client->next = clock_now() + 1000;
	if (client->said == sizeof start - 1)
		return;
	if (fd_send(client->channel.fd, start + client->said, 1, -1) == 1)
		client->said++;
}

static void send_command(struct client *client)
{
	static const char *const words[] = {"{\"command\":\"ping\"}", "{\"command\":\"status\"}",
					    "{\"command\":\"stats\"}"};
	const char *word = words[commands++ % 3];
	client->phase = ASKED;
	say(client, FRAME_COMMAND, word, strlen(word), -1);
}

/* ---- what the scanner says ---- */

/* All names in it are our own and need no escape. */
static void keep(const struct kind *kind, const struct report *report)
{
	const struct facts *facts = &report->facts;
	(void)fprintf(
		kept,
		"{\"kind\":\"%s\",\"status\":\"%s\",\"code\":\"%s\",\"attempts\":%u,\"definitions\":{\"source\":\"%s\","
		"\"version\":\"%s\"},\"viruses\":[",
		kind->name, ec_av_status_name(report->status), report->code ? scan_code_name(report->code) : "",
		report->attempts, facts->definitions_source ? facts->definitions_source : "",
		facts->definitions_version ? facts->definitions_version : "");
	for (uint32_t i = 0; i < report->virus_count; i++)
		(void)fprintf(kept, "%s{\"name\":\"%s\"}", i ? "," : "", report->viruses[i].name);
	if (fputs("]}\n", kept) < 0)
		give_up(options.keep);
}

static void hear_report(struct client *client, const char *text, size_t size)
{
	struct report report;
	struct why why;
	long took = (long)(clock_now() - client->since);
	if (client->phase != ASKED || !client->kind || verdict_json_decode(text, size, &report, &why)) {
		invalid++;
		finish(client);
		return;
	}
	account(client->kind, &report);
	if (kept)
		keep(client->kind, &report);
	report_free(&report);
	client->kind->total += took;
	if (took > client->kind->longest)
		client->kind->longest = took;
	client->phase = GREETED;
	send_message(client);
}

static void hear_answer(struct client *client)
{
	long took = (long)(clock_now() - client->since);
	if (took > command_longest)
		command_longest = took;
	finish(client);
}

static void hear(struct client *client, const struct frame *frame, const char *payload)
{
	if (frame->type == FRAME_HELLO && client->phase == GREETING_SENT) {
		client->phase = GREETED;
		if (client->role == ASKS)
			send_command(client);
		else if (client->role == HONEST && begun)
			send_message(client);
	} else if (frame->type == FRAME_WAIT) {
		waits++;
	} else if (frame->type == FRAME_REPORT) {
		hear_report(client, payload, frame->length);
	} else if (frame->type == FRAME_ANSWER && client->role == ASKS) {
		hear_answer(client);
	} else if (frame->type != FRAME_READY) {
		lose(client); /* an error; or what no scanner says */
	}
}

static void readable(struct client *client)
{
	struct frame frame;
	const char *payload;
	int error = -EAGAIN;
	ssize_t got;
	if (client->phase == OVER)
		return;
	if (client->role == DEAF || ((got = channel_receive(&client->channel)) <= 0 && got != -EAGAIN)) {
		lose(client);
		return;
	}
	while (client->phase != OVER && (error = channel_next(&client->channel, &frame, &payload)) == 0) {
		/* What it leads to may end the channel. */
		char *copy = strndup(payload, frame.length);
		if (!copy)
			give_up("memory");
		channel_drop(&client->channel, &frame);
		hear(client, &frame, copy);
		free(copy);
	}
	if (client->phase != OVER && error != -EAGAIN) {
		invalid++;
		finish(client);
	}
}

/* ---- kills ---- */

/* Kills one child of the scanner: a worker, or one that leads a group, as those that hold the engine do. */
static bool kill_one(bool zygote)
{
	char path[64];
	int pid, chosen = 0, seen = 0;
	pid_t own = getpgid((pid_t)options.parent);
	(void)snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", options.parent, options.parent);
	FILE *file = fopen(path, "re");
	if (!file)
		give_up(path);
	while (fscanf(file, "%d", &pid) == 1)
		/* One in the scanner's own group was just started, and is neither yet. */
		if (getpgid(pid) != own && (getpgid(pid) == pid) == zygote && random() % ++seen == 0)
			chosen = pid;
	(void)fclose(file);
	return chosen && kill(chosen, SIGKILL) == 0;
}

static void kill_sometimes(void)
{
	static int64_t next;
	int64_t now = clock_now();
	if (kills >= (unsigned long)options.kills || now < next)
		return;
	bool zygote = options.zygotes && kills % (unsigned long)options.zygotes == (unsigned long)options.zygotes - 1;
	if (!kill_one(zygote))
		return;
	kills++;
	zygote_kills += zygote;
	next = now + options.kill_every / 2 + random() % (options.kill_every + 1);
}

/* ---- all together ---- */

static struct client *add(enum role role)
{
	struct client *client = &clients[client_count++];
	*client = (struct client){.role = role, .phase = WAITING};
	return client;
}

static void add_all(void)
{
	const long counts[] = {[HONEST] = options.clients,
			       [IDLE] = options.idle,
			       [SLOW] = options.slow,
			       [DEAF] = options.deaf,
			       [LEAVES] = options.leave};
	size_t total = 1;
	for (int role = HONEST; role <= LEAVES; role++)
		total += (size_t)counts[role];
	clients = calloc(total, sizeof *clients);
	if (!clients)
		give_up("memory");
	for (int role = LEAVES; role >= HONEST; role--)
		for (long i = 0; i < counts[role]; i++)
			(void)add((enum role)role);
}

/* What each client does without being spoken to. */
static void step(struct client *client)
{
	if (client->role == SLOW && client->phase == GREETED)
		send_slowly(client);
	if (!begun || client->phase != GREETED)
		return;
	if (client->role == HONEST)
		send_message(client);
	for (int i = 0;
	     client->role == DEAF && client->phase == GREETED && i < 16 && client->said < options.deaf_messages; i++)
		send_deaf(client);
	if (client->role == LEAVES)
		send_and_leave(client);
}

/* Connects whom it can, and lets all begin when everyone is there. */
static void connect_all(void)
{
	bool all = true;
	for (size_t i = 0; i < client_count && !begun; i++) {
		struct client *client = &clients[i];
		if (client->phase == WAITING && !connect_one(client))
			return;
		if (client->role == DEAF && client->phase == GREETING_SENT)
			client->phase = GREETED; /* it never hears of it */
		all = all && client->phase != GREETING_SENT;
	}
	begun = begun || all;
	if (begun && !begin)
		begin = clock_now();
}

static void ask_sometimes(struct client *asker)
{
	static int64_t next;
	if (!options.asks || !begun || asker->phase != OVER || clock_now() < next)
		return;
	next = clock_now() + options.asks;
	asker->phase = WAITING;
	if (!connect_one(asker))
		asker->phase = OVER;
}

static bool done(int64_t start)
{
	int64_t now = clock_now();
	if (now - start > options.patience * 1000)
		return true;
	if (!begun || now - begin < options.hold * 1000)
		return false;
	for (size_t i = 0; i < client_count; i++)
		if ((clients[i].role == HONEST || clients[i].role == ASKS) && clients[i].phase != OVER)
			return false;
	return true;
}

static void run(void)
{
	struct epoll_event events[EVENTS_MOST];
	int64_t start = clock_now(), stepped = 0;
	struct client *asker = add(ASKS);
	asker->phase = OVER;
	while (!done(start)) {
		if (!begun)
			connect_all();
		int count = epoll_wait(epoll, events, EVENTS_MOST, 5);
		for (int i = 0; i < count; i++)
			readable(events[i].data.ptr);
		if (begun && options.parent)
			kill_sometimes();
		ask_sometimes(asker);
		if (clock_now() - stepped < 10)
			continue;
		for (size_t i = 0; i < client_count; i++)
			step(&clients[i]);
		stepped = clock_now();
	}
	for (size_t i = 0; i < client_count; i++)
		if (clients[i].role == HONEST || clients[i].role == ASKS)
			lose(&clients[i]);
}

static bool tell(void)
{
	bool good = invalid == 0 && (options.until || sent >= (unsigned long)options.messages);
	unsigned long answered = 0;
	(void)printf("{\"clients\":%ld,\"idle\":%ld,\"slow\":%ld,\"messages\":%lu,\"kinds\":{", options.clients,
		     options.idle, options.slow, sent);
	for (unsigned i = 0; i < kind_count; i++) {
		const struct kind *kind = &kinds[i];
		unsigned long told = kind->right + kind->honest + kind->wrong;
		answered += told;
		good = good && kind->wrong == 0 && kind->lost == 0;
		(void)printf("%s\"%s\":{\"asked\":%lu,\"right\":%lu,\"honest\":%lu,\"wrong\":%lu,\"lost\":%lu,"
			     "\"longest_ms\":%ld,\"mean_ms\":%ld}",
			     i ? "," : "", kind->name, kind->asked, kind->right, kind->honest, kind->wrong, kind->lost,
			     kind->longest, told ? kind->total / (long)told : 0);
	}
	(void)printf("},\"codes\":{");
	const char *comma = "";
	for (int code = 1; code <= SCAN_CODE_COUNT; code++)
		if (codes[code]) {
			(void)printf("%s\"%s\":%lu", comma, scan_code_name((enum scan_code)code), codes[code]);
			comma = ",";
		}
	(void)printf(
		"},\"answered\":%lu,\"invalid\":%lu,\"dropped\":%lu,\"waits\":%lu,\"kills\":%lu,\"zygote_kills\":%lu,"
		"\"left\":%lu,\"deaf_sent\":%lu,\"commands\":%lu,\"commands_lost\":%lu,\"command_longest_ms\":%ld,"
		"\"took_ms\":%ld}\n",
		answered, invalid, dropped, waits, kills, zygote_kills, left, deaf_sent, commands, commands_lost,
		command_longest, begin ? (long)(clock_now() - begin) : 0);
	return good && begun && commands_lost == 0;
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	fit_descriptors();
	if (!options.messages)
		options.messages = options.clients;
	(void)signal(SIGPIPE, SIG_IGN);
	if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		give_up("epoll");
	if (options.keep && !(kept = fopen(options.keep, "we")))
		give_up(options.keep);
	add_all();
	run();
	bool good = tell();
	if (kept && fclose(kept))
		give_up(options.keep);
	return fflush(stdout) ? EXIT_USE : !good;
}
