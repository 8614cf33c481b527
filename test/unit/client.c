/*
 * client.c - every message gets exactly one report, whatever stands where the private scanner should be.
 *
 * The scanners here are small shell programs that answer wrongly, or not.
 */
#include "process/client.h"
#include "descriptors.h"
#include "tap.h"

#include "base/clock.h"
#include "format/frame.h"
#include "format/verdict_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/csapi-client-XXXXXX";
static char path[64];

/* Frames that a scanner sends at once, and the script that does so and then what is said in `after`. */
static void make_scanner(const struct buffer *frames, const char *after)
{
	char name[96];
	(void)snprintf(name, sizeof name, "%s/frames", directory);
	FILE *file = fopen(name, "w");
	if (!file || (frames && fwrite(frames->data, 1, frames->size, file) != frames->size) || fclose(file))
		abort();
	(void)snprintf(path, sizeof path, "%s/scanner", directory);
	file = fopen(path, "w");
	if (!file || fprintf(file, "#!/bin/sh\ncat '%s' >&3\n%s\n", name, after) < 0 || fclose(file) ||
	    chmod(path, 0700))
		abort();
}

static struct client *open_client(unsigned concurrency)
{
	struct client_options options = {.way = CLIENT_PRIVATE, .scanner_path = path, .max_concurrency = concurrency};
	struct client *client;
	limits_defaults(&options.limits);
	if (client_open(&options, &client))
		abort();
	return client;
}

static void submit(struct client *client, uint32_t id)
{
	struct request request;
	request_init(&request);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (client_submit(client, id, &request, fd))
		abort();
	(void)close(fd);
}

/* Two messages, and the code that both get. */
static void both_get(enum scan_code code, const char *what)
{
	unsigned before = open_descriptors(), seen = 0;
	bool good = true;
	struct client *client = open_client(2);
	submit(client, 5);
	submit(client, 9);
	for (int i = 0; i < 2; i++) {
		struct report report;
		uint32_t id = 0;
		if (client_next(client, 10000, &id, &report)) {
			good = false;
			break;
		}
		seen += id;
		if (report.code != code || report.status != EC_AV_ERROR)
			printf("# %s\n", report.code ? scan_code_name(report.code) : "no code");
		good = good && report.code == code && report.status == EC_AV_ERROR && *report.info;
		report_free(&report);
	}
	uint32_t id;
	struct report report;
	good = good && seen == 14 && client_next(client, 0, &id, &report) == -ENOENT && client_outstanding(client) == 0;
	int64_t start = clock_now();
	client_close(client);
	ok(good && clock_now() - start < 2000 && waitpid(-1, NULL, WNOHANG) < 0 && open_descriptors() == before, what);
}

static void add_frame(struct buffer *frames, enum frame_type type, uint32_t id, const char *payload)
{
	if (frame_append(frames, type, id, payload, strlen(payload)))
		abort();
}

static struct buffer greeting(void)
{
	struct buffer frames;
	buffer_init(&frames, 1 << 20);
	add_frame(&frames, FRAME_HELLO, 0, "{\"protocol\":1,\"directory\":null}");
	add_frame(&frames, FRAME_READY, 0, "{}");
	return frames;
}

static void test_no_scanner(void)
{
	(void)snprintf(path, sizeof path, "%s/none", directory);
	both_get(GEN_RESULT_SCANNER_NOT_INITIALIZED, "no such program");
	make_scanner(NULL, "exit 0");
	both_get(GEN_RESULT_SCANNER_NOT_INITIALIZED, "one that ends without a word");
	make_scanner(NULL, "kill -KILL $$");
	both_get(GEN_RESULT_SCANNER_NOT_INITIALIZED, "one that dies");
	make_scanner(NULL, "printf 'HTTP/1.1 400 Bad Request' >&3; exec cat <&3 >/dev/null");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "one that speaks something else");
	make_scanner(NULL, "exec sleep 30 3>&-");
	both_get(GEN_RESULT_SCANNER_NOT_INITIALIZED, "one that closes the socket and stays");
}

static void test_bad_answers(void)
{
	struct buffer frames = greeting();
	make_scanner(&frames, "exit 0");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "one that ends after its greeting");
	add_frame(&frames, FRAME_REPORT, 5, "{}");
	add_frame(&frames, FRAME_REPORT, 9, "null");
	make_scanner(&frames, "exec cat <&3 >/dev/null");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "answers that are no verdicts");
	buffer_free(&frames);
	frames = greeting();
	add_frame(&frames, FRAME_REPORT, 6, "{}");
	make_scanner(&frames, "exec cat <&3 >/dev/null");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "an answer to what nobody asked");
	buffer_free(&frames);
	frames = greeting();
	add_frame(&frames, FRAME_SCAN, 5, "{}");
	make_scanner(&frames, "exec cat <&3 >/dev/null");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "a frame that only clients send");
	buffer_free(&frames);
	frames = greeting();
	add_frame(&frames, FRAME_ERROR, 0, "{}");
	make_scanner(&frames, "exit 0");
	both_get(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "an error");
	buffer_free(&frames);
}

/* One good answer, then the end: the good one counts. */
static void test_half(void)
{
	struct buffer frames = greeting();
	const struct verdict_json_options options = {0};
	struct report report;
	uint32_t id = 0;
	if (client_report(DEC_RESULT_OUT_OF_MEMORY, "x", &report))
		abort();
	char *text = verdict_json_encode(&report, &options);
	report_free(&report);
	add_frame(&frames, FRAME_REPORT, 9, text);
	/* Once more: by then it is an answer to nothing. */
	add_frame(&frames, FRAME_REPORT, 9, text);
	free(text);
	make_scanner(&frames, "exit 0");
	buffer_free(&frames);
	struct client *client = open_client(2);
	submit(client, 5);
	submit(client, 9);
	bool good = client_next(client, 10000, &id, &report) == 0 && id == 9 && report.code == DEC_RESULT_OUT_OF_MEMORY;
	report_free(&report);
	ok(good && client_ready(client) && client_outstanding(client) == 1, "an answer that came in time counts");
	good = client_next(client, 10000, &id, &report) == 0 && id == 5 &&
	       report.code == GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT;
	report_free(&report);
	ok(good, "the message without one has its report all the same");
	submit(client, 11);
	good = client_next(client, 10000, &id, &report) == 0 && id == 11 && report.status == EC_AV_ERROR;
	report_free(&report);
	ok(good, "so has one that is submitted after the end");
	client_close(client);
}

static void test_waiting(void)
{
	make_scanner(NULL, "exec sleep 30");
	struct client *client = open_client(1);
	struct report report;
	uint32_t id;
	ok(client_next(client, 0, &id, &report) == -ENOENT, "nothing is outstanding");
	submit(client, 1);
	int64_t start = clock_now();
	ok(client_next(client, 100, &id, &report) == -EAGAIN && clock_now() - start >= 100 && !client_ready(client),
	   "a scanner that is still loading");
	start = clock_now();
	client_close(client);
	ok(clock_now() - start < 2000 && waitpid(-1, NULL, WNOHANG) < 0, "one that does not end by itself is ended");
	client_close(NULL);
}

static void test_bad_descriptor(void)
{
	make_scanner(NULL, "exec cat <&3 >/dev/null");
	struct client *client = open_client(1);
	struct request request;
	struct report report;
	uint32_t id = 0;
	request_init(&request);
	(void)client_submit(client, 3, &request, 9999);
	ok(client_next(client, 5000, &id, &report) == 0 && id == 3 && report.code == DEC_RESULT_CONTAINER_ACCESS_FAILED,
	   "what is no descriptor is a message that cannot be read");
	report_free(&report);
	client_close(client);
}

static void test_own_report(void)
{
	struct report report;
	ok(client_report(DEC_RESULT_CONTAINER_ACCESS_FAILED, "why", &report) == 0 && report.status == EC_AV_ERROR &&
		   report.code == DEC_RESULT_CONTAINER_ACCESS_FAILED && strstr(report.info, "why") &&
		   report.started > 0 && report.attempts == 0,
	   "a report without a scanner");
	report_free(&report);
}

int main(void)
{
	if (!mkdtemp(directory)) {
		perror(directory);
		return 2;
	}
	test_no_scanner();
	test_bad_answers();
	test_half();
	test_waiting();
	test_bad_descriptor();
	test_own_report();
	char command[96];
	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command) != 0 || tap_end();
}
