/*
 * measure.c - messages taken apart without the engine; see measure.h.
 *
 * One private scanner without an engine, which allows the widest limits there are, walks them all: each message first within the limits
 * in force, which its request carries, and once more within the widest where it exceeds one. Nothing here is a verdict, and no
 * record says so.
 */
#include "measure.h"

#include "../complain.h"
#include "../progress_line.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "output.h"
#include "process/client.h"
#include "process/memory.h"
#include "process/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SILENCE_MS 300000         /* an input without a byte for so long is given up, as csapi-scan does */
#define NAME_MOST  (3 * PATH_MAX) /* bytes of a name: each byte of a path may become U+FFFD */

struct measuring {
	const struct limits_settings *settings;
	const struct limits_in_force *in_force;
	struct client *client; /* NULL until the first message */
	struct limits widest;
	bool standard_used;
};

/* ---- limits ---- */

static void set(struct limits *limits, enum limit limit, uint64_t value)
{
	limits->value[limit] = value;
	limits->set[limit] = true;
}

/* What a scan must never be given: it is bounded by the memory there is and by the time alone. */
static void find_widest(struct measuring *measuring)
{
	const struct limits *in_force = &measuring->in_force->limits;
	uint64_t room = memory_available() / 2, seconds = measuring->settings->walk_time;
	limits_defaults(&measuring->widest);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		uint64_t most = limits_row(limit)->max, least = limits_effective(in_force, limit);
		bool bytes = limit == LIMIT_max_extract_size || limit == LIMIT_max_cumulative_extract_size;
		if (limit == LIMIT_max_file_count)
			most = 0;
		else if (limit_is_time(limit))
			most = seconds;
		else if (bytes && room && room < most)
			most = room;
		set(&measuring->widest, limit, most && most < least && !limit_is_time(limit) ? least : most);
	}
}

static void all_set(const struct limits *limits, struct limits *ret_limits)
{
	*ret_limits = *limits;
	for (int i = 0; i < LIMIT_COUNT; i++)
		ret_limits->set[i] = true;
}

/* Of the scanner: the widest of all, so that each request may set its own. */
static int open_client(struct measuring *measuring)
{
	if (measuring->client)
		return 0;
	const struct limits_settings *settings = measuring->settings;
	struct client_options options = {.way = CLIENT_PRIVATE,
					 .scanner_path = settings->scanner_path,
					 .file_base = settings->file_base,
					 .no_engine = true,
					 .max_concurrency = 1,
					 .limits = measuring->widest};
	set(&options.limits, LIMIT_max_extract_time, 0);
	set(&options.limits, LIMIT_timeout, limits_row(LIMIT_timeout)->max);
	return client_open(&options, &measuring->client);
}

/* ---- walks ---- */

/* One walk within `limits`. 0 with the report (caller frees it), or -ENOMEM. */
static int walk(struct measuring *measuring, int fd, const struct limits *limits, const char *name,
		struct report *ret_report)
{
	struct request request;
	uint32_t id;
	request_init(&request);
	request.measure = true;
	request.wire = measuring->settings->wire;
	all_set(limits, &request.limits);
	int error = open_client(measuring);
	error = error ? error : client_submit(measuring->client, 0, &request, fd);
	if (error)
		return error;
	while ((error = client_next(measuring->client, PROGRESS_LINE_TICK, &id, ret_report)) == -EAGAIN)
		if (progress_line_due())
			progress_line_show("taking apart ", name);
	return error;
}

/* Would a second walk tell more? Not where nothing but time ran out, and it has no more of that. */
static bool promising(const struct measuring *measuring, const struct report *first)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		uint64_t most = limits_effective(&measuring->in_force->limits, limit);
		if (limit_exceeded(first, limit) && (!limit_is_time(limit) || measuring->settings->walk_time > most))
			return true;
	}
	return false;
}

/* Both walks, and the record. 0, 1 or 3 as for an exit status, 2 also for -ENOMEM. */
static int measure(struct measuring *measuring, const char *name, int fd)
{
	struct report first, wide;
	struct limit_uses uses;
	int error = walk(measuring, fd, &measuring->in_force->limits, name, &first);
	if (error)
		return error;
	bool search = promising(measuring, &first);
	error = search ? walk(measuring, fd, &measuring->widest, name, &wide) : 0;
	if (error) {
		report_free(&first);
		return error;
	}
	limit_uses_judge(&measuring->in_force->limits, &first, search ? &wide : NULL, &uses);
	const struct measurement measurement = {name, &first, search ? &wide : NULL, &uses};
	bool written = output_write(measuring->settings, measuring->in_force, &measurement);
	report_free(&first);
	if (search)
		report_free(&wide);
	return written ? limit_uses_exit(&uses) : 2;
}

/* ---- messages ---- */

/* A record about a message that could not be read; exit status, or -ENOMEM. */
static int tell_unread(struct measuring *measuring, const char *name, enum scan_code code, const char *text)
{
	struct report report;
	struct limit_uses uses;
	int error = client_report(code, text && *text ? text : NULL, &report);
	if (error)
		return error;
	limit_uses_judge(&measuring->in_force->limits, &report, NULL, &uses);
	const struct measurement measurement = {name, &report, NULL, &uses};
	bool written = output_write(measuring->settings, measuring->in_force, &measurement);
	report_free(&report);
	return written ? limit_uses_exit(&uses) : 2;
}

/* A descriptor, or -1 with why. */
static int open_message(struct measuring *measuring, const char *path, struct why *why)
{
	struct stat status;
	if (strcmp(path, "-") == 0) {
		bool again = measuring->standard_used;
		measuring->standard_used = true;
		int standard = again ? -1 : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (again)
			(void)why_set(why, 0, "standard input was named before and can be read only once");
		else if (standard < 0)
			(void)why_errno(why, errno, "cannot read standard input");
		return standard;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		(void)why_errno(why, errno, "cannot open");
	} else if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		(void)why_set(why, 0, "is a directory; name the messages in it");
		fd_close(&fd);
	}
	return fd;
}

/* While it is slow to come. */
static void tick(void *context, uint64_t bytes)
{
	(void)bytes;
	if (progress_line_due())
		progress_line_show("reading ", context);
}

static int take(struct measuring *measuring, const char *path, char *name)
{
	struct why why = {""};
	struct spool_options options = {.silence_ms = SILENCE_MS, .tick = tick, .context = name};
	int copy = -1, fd = open_message(measuring, path, &why);
	enum scan_code code = DEC_RESULT_CONTAINER_ACCESS_FAILED;
	if (fd >= 0)
		code = spool(fd, &options, &copy, &why);
	fd_close(&fd);
	int status = code ? tell_unread(measuring, name, code, why.text) : measure(measuring, name, copy);
	fd_close(&copy);
	return status;
}

int measure_all(const struct limits_settings *settings, const struct force *force)
{
	struct measuring measuring = {.settings = settings, .in_force = &force->in_force};
	int status = 0;
	find_widest(&measuring);
	progress_line_start();
	for (unsigned i = 0; i < settings->message_count; i++) {
		const char *path = settings->messages[i];
		char *name = utf8_clean(path, strlen(path), NAME_MOST);
		int one = name ? take(&measuring, path, name) : -ENOMEM;
		free(name);
		if (one < 0) {
			progress_line_clear();
			complain("there is no memory left to go on");
			one = 2;
		}
		status = limit_exit_worse(status, one);
	}
	progress_line_clear();
	client_close(measuring.client);
	return status;
}
