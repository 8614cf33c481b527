/*
 * fetch_json.c - the conversation with csapi-fetch, there and back, and what is refused.
 */
#include "format/fetch_json.h"

#include "mutate.h"
#include "tap.h"

#include <errno.h>

#define TEXT(text) ((char *)(uintptr_t)(text))

static char *mirrors[] = {TEXT("https://one.example"), TEXT("http://two.example/x"), NULL};
static bool cooling[] = {false, true, false};
static char *databases[] = {TEXT("main"), TEXT("daily"), NULL};
static uint64_t refused[] = {0, 27000, 0};
static struct fetch_feed feeds[] = {{.name = TEXT("one"),
				     .url = TEXT("https://feed.example/KEY/a.ndb"),
				     .shown = TEXT("https://feed.example/***/a.ndb"),
				     .file = TEXT("a.ndb"),
				     .header = TEXT("X-Key: KEY"),
				     .licensed = true,
				     .etag = TEXT("\"abc\""),
				     .changed = 1795363630},
				    {.name = TEXT("two"),
				     .url = TEXT("file:///srv/b.hdb"),
				     .shown = TEXT("file:///srv/b.hdb"),
				     .file = TEXT("b.hdb")}};

/* Everything set to something. Nothing of it is owned. */
static struct fetch_job some_job(void)
{
	return (struct fetch_job){.directory = TEXT("/var/lib/csapi/definitions/incoming"),
				  .temporary = TEXT("/var/lib/csapi/definitions/tmp"),
				  .mirrors = mirrors,
				  .cooling = cooling,
				  .private = true,
				  .dns = TEXT("current.cvd.clamav.net"),
				  .databases = databases,
				  .incremental = true,
				  .check_only = true,
				  .proxy = TEXT("http://proxy.example:3128"),
				  .proxy_user = TEXT("user"),
				  .proxy_password = TEXT("pass\xC3\xA9 word"),
				  .user_agent = TEXT("agent"),
				  .local_address = TEXT("192.0.2.1"),
				  .connect_timeout = 30,
				  .request_timeout = 60,
				  .attempts = 3,
				  .max_size = 1u << 30,
				  .refused = refused,
				  .feeds = feeds,
				  .feed_count = 2};
}

static void test_job(void)
{
	struct fetch_job job = some_job(), got;
	char *text = fetch_json_job(&job);
	int error = text ? fetch_json_job_decode(text, strlen(text), &got) : -ENOMEM;
	ok(!error, "a job is understood");
	if (error)
		return;
	ok(!strchr(text, '\n') && strlen(text) < FETCH_LINE_MAX, "it is one line");
	same(got.directory, job.directory, "directory");
	ok(fetch_job_mirrors(&got) == 2 && got.cooling[1] && !got.cooling[0], "mirrors");
	same(got.mirrors[1], mirrors[1], "and their order");
	ok(fetch_job_databases(&got) == 2 && got.refused[1] == 27000 && !got.refused[0], "databases");
	same(got.proxy_password, job.proxy_password, "password");
	ok(got.private && got.incremental && got.check_only && got.connect_timeout == 30 && got.request_timeout == 60 &&
		   got.attempts == 3 && got.max_size == 1u << 30,
	   "switches and figures");
	ok(got.feed_count == 2 && got.feeds[0].licensed && !got.feeds[1].licensed &&
		   got.feeds[0].changed == 1795363630 && !got.feeds[1].header && !got.feeds[1].etag,
	   "feeds");
	same(got.feeds[0].header, feeds[0].header, "and their keys");
	char *again = fetch_json_job(&got);
	same(again, text, "the same document again");
	free(again);
	free(text);
	fetch_job_free(&got);
	ok(!got.mirrors && !got.feeds, "freed");
}

static void test_least_job(void)
{
	struct fetch_job job = {.directory = TEXT("/a"),
				.temporary = TEXT("/b"),
				.connect_timeout = 1,
				.request_timeout = 1,
				.attempts = 1,
				.max_size = 1},
			 got;
	char *text = fetch_json_job(&job);
	ok(text && fetch_json_job_decode(text, strlen(text), &got) == 0, "a job without sources");
	ok(fetch_job_mirrors(&got) == 0 && fetch_job_databases(&got) == 0 && !got.feed_count && !got.dns, "has none");
	fetch_job_free(&got);
	free(text);
}

static void test_hostile_job(void)
{
	static const char *const changes[][2] = {
		{"\"directory\":\"/var", "\"directory\":\"var"},
		{"\"temporary\":\"/var", "\"temporary\":\"../var"},
		{"\"name\":\"main\"", "\"name\":\"../main\""},
		{"\"name\":\"main\"", "\"name\":\"\""},
		{"\"name\":\"main\"", "\"name\":\"main.cvd\""},
		{"\"file\":\"a.ndb\"", "\"file\":\"../a.ndb\""},
		{"\"file\":\"a.ndb\"", "\"file\":\"a.exe\""},
		{"\"header\":\"X-Key: KEY\"", "\"header\":\"X-Key: KEY\\r\\nX-Other: 1\""},
		{"\"etag\":\"\\\"abc\\\"\"", "\"etag\":\"a\\nb\""},
		{"\"attempts\":3", "\"attempts\":0"},
		{"\"request_timeout\":60", "\"request_timeout\":0"},
		{"\"connect_timeout\":30", "\"connect_timeout\":4294967295"},
		{"\"max_size\":1073741824", "\"max_size\":-1"},
		{"\"private\":true", "\"private\":1"},
		{"\"cooling\":true", "\"cooling\":null"},
		{"\"url\":\"https://one.example\"", "\"url\":null"},
	};
	struct fetch_job job = some_job(), got;
	char *text = fetch_json_job(&job);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *bad = mutate_replace(text, changes[i][0], changes[i][1]);
		okf(bad && fetch_json_job_decode(bad, strlen(bad), &got) == -EBADMSG, "hostile: %s", changes[i][1]);
		free(bad);
	}
	free(text);
}

static struct fetch_event some_event(void)
{
	return (struct fetch_event){.kind = FETCH_RESULT,
				    .feed = true,
				    .name = "one",
				    .got = 1,
				    .total = UINT64_C(5000000000),
				    .level = FETCH_WARNING,
				    .outcome = UPDATE_RATE_LIMITED,
				    .code = LIC_RESULT_INVALID_AV_UPDATES_LICENSE,
				    .method = FETCH_WHOLE,
				    .before = 2,
				    .after = 3,
				    .remote = 4,
				    .http = 429,
				    .retry_at = 1795363630,
				    .changed = 1795363640,
				    .etag = "\"abc\"",
				    .mirror = "https://one.example",
				    .mirror_number = 1,
				    .text = "asks to wait"};
}

static void test_event(void)
{
	struct fetch_event event = some_event(), got;
	char *text = fetch_json_event(&event);
	int error = text ? fetch_json_event_decode(text, strlen(text), &got) : -ENOMEM;
	ok(!error && got.kind == FETCH_RESULT && got.feed && got.total == UINT64_C(5000000000) &&
		   got.outcome == UPDATE_RATE_LIMITED && got.after == 3 && got.retry_at == 1795363630,
	   "an event is understood");
	char *again = error ? NULL : fetch_json_event(&got);
	same(again, text, "the same document again");
	free(again);
	free(text);
	for (enum fetch_event_kind kind = 0; kind < FETCH_EVENT_COUNT; kind++) {
		event = (struct fetch_event){.kind = kind};
		text = fetch_json_event(&event);
		okf(text && fetch_json_event_decode(text, strlen(text), &got) == 0 && got.kind == kind,
		    "the least of kind %u", (unsigned)kind);
		free(text);
	}
	event = (struct fetch_event){.kind = FETCH_MESSAGE, .text = "\xFF\xFE"};
	memset(event.text, 0xFF, sizeof event.text - 1);
	text = fetch_json_event(&event);
	ok(text && fetch_json_event_decode(text, strlen(text), &got) == 0,
	   "a text that is no UTF-8 is told all the same");
	free(text);
}

static void test_hostile_event(void)
{
	static const char *const changes[][2] = {
		{"\"event\":\"result\"", "\"event\":\"other\""},
		{"\"event\":\"result\"", "\"event\":7"},
		{"\"level\":\"warning\"", "\"level\":\"loud\""},
		{"\"outcome\":\"rate_limited\"", "\"outcome\":\"fine\""},
		{"\"code\":\"LIC_RESULT_INVALID_AV_UPDATES_LICENSE\"", "\"code\":\"LIC_OTHER\""},
		{"\"method\":\"whole\"", "\"method\":\"\""},
		{"\"before\":2", "\"before\":4294967296"},
		{"\"got\":1", "\"got\":-1"},
		{"\"retry_at\":\"2026", "\"retry_at\":\"soon"},
		{"\"mirror\":\"https", "\"mirror\":null,\"m\":\"https"},
	};
	struct fetch_event event = some_event(), got;
	char *text = fetch_json_event(&event);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *bad = mutate_replace(text, changes[i][0], changes[i][1]);
		okf(bad && fetch_json_event_decode(bad, strlen(bad), &got) == -EBADMSG, "hostile: %s", changes[i][1]);
		free(bad);
	}
	free(text);
}

static int decode_job(const char *text, size_t size)
{
	struct fetch_job got;
	int error = fetch_json_job_decode(text, size, &got);
	if (!error)
		fetch_job_free(&got);
	return error;
}

static int decode_event(const char *text, size_t size)
{
	struct fetch_event got;
	return fetch_json_event_decode(text, size, &got);
}

static void test_mutants(void)
{
	struct fetch_job job = some_job();
	struct fetch_event event = some_event();
	char *text = fetch_json_job(&job);
	ok(mutate_all(text, 7, 5000, decode_job), "mutants of a job");
	free(text);
	text = fetch_json_event(&event);
	ok(mutate_all(text, 9, 5000, decode_event), "mutants of an event");
	free(text);
}

int main(void)
{
	test_job();
	test_least_job();
	test_hostile_job();
	test_event();
	test_hostile_event();
	test_mutants();
	return tap_end();
}
