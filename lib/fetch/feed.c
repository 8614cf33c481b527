/*
 * feed.c - a custom URL; see feed.h. Refuses web pages, empty files, and signed files that are none or older than what is here.
 */
#include "fetch/feed.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/version.h"
#include "fetch/http.h"
#include "fetch/local.h"
#include "fetch/space.h"
#include "fetch/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK         200 /* ms between two events of progress */
#define COMPARE_SIZE 16384

struct feed {
	const struct fetch_job *job;
	const struct fetch_feed *feed;
	struct teller *teller;
	struct fetch_event result;
	struct http_answer answer;
	int fd;        /* the temporary file */
	uint8_t first; /* byte of it that is no white space; 0: none yet */
	int64_t told_at;
	char path[PATH_MAX]; /* where it will be */
	char coming[PATH_MAX];
};

static void __attribute__((format(printf, 3, 4)))
settle(struct feed *feed, enum update_outcome outcome, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(feed->result.text, sizeof feed->result.text, format, arguments);
	va_end(arguments);
	feed->result.outcome = outcome;
}

/* ---- what comes ---- */

static int take(void *context, const void *data, size_t size)
{
	struct feed *feed = context;
	const uint8_t *bytes = data;
	for (size_t i = 0; i < size && !feed->first; i++)
		/* A byte order mark is skipped as well as blanks. */
		if (!memchr(" \t\r\n\xEF\xBB\xBF", bytes[i], 7))
			feed->first = bytes[i];
	feed->result.got += size;
	if (clock_now() - feed->told_at >= TICK) {
		feed->told_at = clock_now();
		teller_progress(feed->teller, true, feed->feed->name, feed->result.got, feed->answer.total);
	}
	return fd_write_all(feed->fd, data, size);
}

static void request(struct feed *feed)
{
	const struct fetch_feed *of = feed->feed;
	bool here = access(feed->path, R_OK) == 0;
	const char *agent = feed->job->user_agent ? feed->job->user_agent : "csapi/" CSAPI_VERSION;
	struct http_request request = {.url = of->url,
				       .user_agent = agent,
				       .header = of->header,
				       .etag = here ? of->etag : NULL,
				       .changed = here ? of->changed : 0,
				       .secret = true,
				       .file = strncasecmp(of->url, "file://", sizeof "file://" - 1) == 0,
				       .most = feed->job->max_size,
				       .body = take,
				       .context = feed};
	http_get(feed->job, &request, &feed->answer);
	feed->result.http = feed->answer.status;
}

/* ---- what is wrong with it ---- */

static void settle_status(struct feed *feed)
{
	char until[CLOCK_TEXT_SIZE];
	uint32_t status = feed->answer.status;
	clock_text(feed->answer.retry_at, until, sizeof until);
	if (feed->feed->licensed && (status == 401 || status == 402 || status == 403)) {
		feed->result.code = LIC_RESULT_INVALID_AV_UPDATES_LICENSE;
		settle(feed, UPDATE_UNREACHABLE, "the licence key is refused (HTTP %u)", status);
	} else if (feed->answer.retry_at) {
		feed->result.retry_at = feed->answer.retry_at;
		settle(feed, UPDATE_RATE_LIMITED, "asks to wait until %s (HTTP %u)", until, status);
	} else if (status == 404) {
		settle(feed, UPDATE_UNREACHABLE, "there is no such file (HTTP 404)");
	} else {
		settle(feed, UPDATE_UNREACHABLE, "refused (HTTP %u)", status);
	}
}

/* True: there is a file, whatever is in it. */
static bool arrived(struct feed *feed)
{
	const struct http_answer *answer = &feed->answer;
	bool good = answer->status == 0 || (answer->status >= 200 && answer->status <= 299);
	switch (answer->end) {
	case HTTP_ANSWERED:
		if (answer->status == 304)
			settle(feed, UPDATE_CURRENT, "not changed");
		else if (!good)
			settle_status(feed);
		return good;
	case HTTP_STOPPED:
		if (space_error(answer->error))
			settle(feed, UPDATE_NO_SPACE, "no space left after %llu bytes",
			       (unsigned long long)answer->got);
		else
			settle(feed, UPDATE_FAILED, "cannot be written: %s", strerror(-answer->error));
		return false;
	case HTTP_TOO_LARGE:
		settle(feed, UPDATE_REJECTED, "larger than %llu bytes", (unsigned long long)feed->job->max_size);
		return false;
	case HTTP_CUT:
		settle(feed, UPDATE_UNREACHABLE, "ended after %llu of %llu bytes", (unsigned long long)answer->got,
		       (unsigned long long)answer->total);
		return false;
	case HTTP_FAILED:
		break;
	}
	settle(feed, UPDATE_UNREACHABLE, "%s", answer->text);
	return false;
}

static bool acceptable(struct feed *feed)
{
	if (feed->answer.got == 0)
		settle(feed, UPDATE_REJECTED, "empty");
	else if (feed->answer.html || feed->first == '<')
		settle(feed, UPDATE_REJECTED, "a web page and not definitions");
	else if (definition_name_signed(feed->feed->file) && !feed->result.remote)
		settle(feed, UPDATE_REJECTED, "not a database");
	else if (feed->result.remote && feed->result.remote < feed->result.before)
		settle(feed, UPDATE_REJECTED, "version %u, older than %u here; kept", feed->result.remote,
		       feed->result.before);
	else
		return true;
	return false;
}

/* ---- putting it in place ---- */

static bool same_content(int one, int other)
{
	uint8_t left[COMPARE_SIZE], right[COMPARE_SIZE];
	off_t at = 0;
	for (;;) {
		ssize_t got = pread(one, left, sizeof left, at), there = pread(other, right, sizeof right, at);
		if (got < 0 || got != there || memcmp(left, right, (size_t)got) != 0)
			return false;
		if (got == 0)
			return true;
		at += got;
	}
}

static bool unchanged(const struct feed *feed)
{
	int here = open(feed->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool same = here >= 0 && same_content(here, feed->fd);
	fd_close(&here);
	return same;
}

static int put_in_place(struct feed *feed)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)feed->answer.changed}};
	if ((feed->answer.changed && futimens(feed->fd, times) < 0) || fchmod(feed->fd, 0644) < 0)
		return -errno;
	/* Only a close tells that all of it went to disk on every file system. */
	int fd = feed->fd;
	feed->fd = -1;
	if (fsync(fd) < 0 || close(fd) < 0)
		return -errno;
	return rename(feed->coming, feed->path) < 0 ? -errno : 0;
}

static void settle_arrival(struct feed *feed)
{
	const char *file = strrchr(feed->coming, '/') + 1;
	if (definition_name_signed(feed->feed->file))
		feed->result.remote = local_version(feed->job->temporary, file);
	if (!acceptable(feed))
		return;
	(void)snprintf(feed->result.etag, sizeof feed->result.etag, "%s", feed->answer.etag);
	feed->result.changed = feed->answer.changed;
	if (unchanged(feed)) {
		settle(feed, UPDATE_CURRENT, "the same as before");
		return;
	}
	if (feed->job->check_only) {
		feed->result.total = feed->answer.got;
		settle(feed, UPDATE_AVAILABLE, "there is another one");
		return;
	}
	int error = put_in_place(feed);
	if (space_error(error)) {
		settle(feed, UPDATE_NO_SPACE, "no space left");
	} else if (error) {
		settle(feed, UPDATE_FAILED, "cannot be put in place: %s", strerror(-error));
	} else {
		feed->result.method = FETCH_WHOLE;
		feed->result.after = feed->result.remote;
		settle(feed, UPDATE_UPDATED, "%llu bytes", (unsigned long long)feed->answer.got);
	}
}

/* The rest of its name tells a reader of the directory nothing, and no engine would load it. */
static int prepare(struct feed *feed)
{
	int length = snprintf(feed->path, sizeof feed->path, "%s/%s", feed->job->directory, feed->feed->file);
	int other = snprintf(feed->coming, sizeof feed->coming, "%s/feed.part", feed->job->temporary);
	if (length >= (int)sizeof feed->path || other >= (int)sizeof feed->coming)
		return -ENAMETOOLONG;
	feed->fd = open(feed->coming, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return feed->fd < 0 ? -errno : 0;
}

void feed_fetch(const struct fetch_job *job, uint32_t index, struct teller *teller)
{
	struct feed feed = {.job = job,
			    .feed = &job->feeds[index],
			    .teller = teller,
			    .result = {.kind = FETCH_RESULT, .feed = true},
			    .fd = -1};
	(void)snprintf(feed.result.name, sizeof feed.result.name, "%s", feed.feed->name);
	(void)snprintf(feed.result.mirror, sizeof feed.result.mirror, "%s", feed.feed->shown);
	int error = prepare(&feed);
	if (definition_name_signed(feed.feed->file))
		feed.result.before = feed.result.after = local_version(job->directory, feed.feed->file);
	if (space_error(error)) {
		settle(&feed, UPDATE_NO_SPACE, "no space left");
	} else if (error) {
		settle(&feed, UPDATE_FAILED, "no temporary file: %s", strerror(-error));
	} else {
		request(&feed);
		if (arrived(&feed))
			settle_arrival(&feed);
	}
	fd_close(&feed.fd);
	temporary_clear(job->temporary);
	teller_say(teller, &feed.result);
}
