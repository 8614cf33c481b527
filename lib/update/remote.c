/*
 * remote.c - mirrors and feeds, by way of csapi-fetch; see run.h.
 *
 * What csapi-fetch says is believed as far as it is harmless: versions are read again from what lies in incoming/, and everything is verified later.
 */
#include "update/run.h"

#include "base/clock.h"
#include "base/fd.h"
#include "update/child.h"
#include "verdict/url.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No mirror is left alone for longer, whatever it or a wrong clock says. */
#define COOL_DOWN_MOST (24 * 3600)
#define KEY_MOST       1024

/* ---- feeds ---- */

bool remote_keeps(const struct update_feed *feed, const char *file)
{
	char name[DEFINITION_NAME_MAX];
	update_feed_file(feed, name);
	return strcmp(name, file) == 0;
}

bool remote_brings(const struct run *run, const char *feed, const char *file)
{
	for (uint32_t i = 0; i < run->settings->feed_count; i++)
		if (strcmp(run->settings->feeds[i].name, feed) == 0)
			return remote_keeps(&run->settings->feeds[i], file);
	return false;
}

/* The key of a feed: 0 (caller frees it; NULL: there is none) or -errno with why. */
static int read_key(const struct update_feed *feed, char **ret_key, struct why *why)
{
	char text[KEY_MOST + 1];
	*ret_key = NULL;
	if (feed->key || !feed->key_file) {
		*ret_key = feed->key && *feed->key ? strdup(feed->key) : NULL;
		return feed->key && *feed->key && !*ret_key ? -ENOMEM : 0;
	}
	int fd = open(feed->key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return why_errno(why, -errno, "cannot read the key in %.200s", feed->key_file);
	ssize_t got = read(fd, text, KEY_MOST);
	int error = got < 0 ? -errno : 0;
	fd_close(&fd);
	if (error)
		return why_errno(why, error, "cannot read the key in %.200s", feed->key_file);
	text[got] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (!*text)
		return 0;
	*ret_key = strdup(text);
	return *ret_key ? 0 : -ENOMEM;
}

/* `text` with the key for each mark; caller frees; NULL: no memory. */
static char *with_key(const char *text, const char *key)
{
	char *whole = strdup(text), *mark;
	while (whole && key && (mark = strstr(whole, UPDATE_FEED_KEY))) {
		char *next = NULL;
		*mark = '\0';
		if (asprintf(&next, "%s%s%s", whole, key, mark + sizeof UPDATE_FEED_KEY - 1) < 0)
			next = NULL;
		free(whole);
		whole = next;
		if (key && strstr(key, UPDATE_FEED_KEY))
			break; /* or it would be replaced for ever */
	}
	return whole;
}

/* When a mirror may be asked again; 0: now. */
static int64_t cooling_until(const struct run *run, const char *mirror)
{
	char *shown = url_shown(mirror);
	struct state_mirror *state = shown ? state_find_mirror(&run->state, shown) : NULL;
	free(shown);
	int64_t now = clock_wall();
	/* It is asked all the same, and will say so if it still wants to be left alone. */
	if (state && run->options->force)
		state->retry_at = 0;
	bool holds = state && state->retry_at > now && state->retry_at <= now + COOL_DOWN_MOST;
	return holds ? state->retry_at : 0;
}

/* Is the copy in use the one that the server's words belong to? */
static bool known_copy(const struct run *run, const struct update_feed *feed, const struct state_source *source,
		       const char *shown)
{
	char name[DEFINITION_NAME_MAX];
	update_feed_file(feed, name);
	return source && source->url && strcmp(source->url, shown) == 0 && definition_set_find(&run->current.set, name);
}

/* 0, -ENOMEM; 1: nothing is to be fetched, the part says why. */
static int feed_job(struct run *run, const struct update_feed *feed, struct fetch_feed *ret_feed)
{
	struct why why = {""};
	char *key;
	struct update_part *part = run_part(run, feed->name, true);
	if (!part)
		return -ENOMEM;
	part->retry_at = cooling_until(run, feed->url);
	if (part->retry_at) {
		char when[CLOCK_TEXT_SIZE];
		clock_text(part->retry_at, when, sizeof when);
		run_part_fail(part, UPDATE_RATE_LIMITED, "");
		run_part_text(part, "not asked: it wants to be left alone until %s; --force asks it", when);
		return 1;
	}
	int error = read_key(feed, &key, &why);
	if (error == -ENOMEM)
		return error;
	if (!key && (feed->licensed || error)) {
		run_part_fail(part, UPDATE_FAILED,
			      why.text[0] ? why.text : "it takes a licence, and there is no key: set key or key_file");
		if (feed->licensed)
			part->code = LIC_RESULT_LICENSE_NOT_INSTALLED;
		return 1;
	}
	char file[DEFINITION_NAME_MAX];
	const struct state_source *source = state_find_source(&run->state, feed->name);
	update_feed_file(feed, file);
	*ret_feed = (struct fetch_feed){
		.name = strdup(feed->name),
		.url = with_key(feed->url, key),
		.shown = url_shown(feed->url),
		.file = strdup(file),
		.header = feed->header ? with_key(feed->header, key) : NULL,
		.licensed = feed->licensed,
	};
	free(key);
	if (!ret_feed->name || !ret_feed->url || !ret_feed->shown || !ret_feed->file ||
	    (feed->header && !ret_feed->header))
		return -ENOMEM;
	free(part->source);
	part->source = strdup(ret_feed->shown);
	if (known_copy(run, feed, source, ret_feed->shown)) {
		ret_feed->changed = source->changed;
		ret_feed->etag = source->etag ? strdup(source->etag) : NULL;
	}
	return 0;
}

static int feed_jobs(struct run *run, struct fetch_job *job)
{
	job->feeds = calloc(run->settings->feed_count + 1, sizeof *job->feeds);
	if (!job->feeds)
		return -ENOMEM;
	for (uint32_t i = 0; i < run->settings->feed_count; i++) {
		int result = feed_job(run, &run->settings->feeds[i], &job->feeds[job->feed_count]);
		if (result < 0)
			job->feed_count++; /* what there is of it is freed with the rest */
		if (result < 0)
			return result;
		job->feed_count += result == 0;
	}
	return 0;
}

/* ---- the job ---- */

static uint32_t list_length(char *const *list)
{
	uint32_t length = 0;
	while (list && list[length])
		length++;
	return length;
}

static char **list_copy(char *const *list)
{
	uint32_t length = list_length(list);
	char **copy = calloc(length + 1, sizeof *copy);
	for (uint32_t i = 0; copy && i < length; i++)
		copy[i] = strdup(list[i]);
	return copy;
}

static bool text_copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

static int job_lists(struct run *run, char *const *names, struct fetch_job *job)
{
	const struct update_settings *settings = run->settings;
	job->private = list_length(settings->private_mirrors) > 0;
	char **mirrors = job->private ? settings->private_mirrors : settings->mirrors;
	uint32_t databases = list_length(names);
	job->mirrors = list_copy(mirrors);
	job->databases = list_copy(names);
	job->cooling = calloc(list_length(mirrors) + 1, sizeof *job->cooling);
	job->refused = calloc(databases + 1, sizeof *job->refused);
	if (!job->mirrors || !job->databases || !job->cooling || !job->refused)
		return -ENOMEM;
	for (uint32_t i = 0; mirrors && mirrors[i]; i++)
		job->cooling[i] = cooling_until(run, mirrors[i]) != 0;
	for (uint32_t i = 0; i < databases; i++) {
		const struct state_source *source = state_find_source(&run->state, names[i]);
		struct update_part *part = run_part(run, names[i], false);
		if (!part)
			return -ENOMEM;
		job->refused[i] = source && !run->options->force ? source->refused : 0;
	}
	return 0;
}

static int job_fill(struct run *run, const char *directory, const char *temporary, unsigned what, struct fetch_job *job)
{
	const struct update_settings *settings = run->settings;
	*job = (struct fetch_job){
		.incremental = settings->incremental,
		.check_only = what & REMOTE_CHECK,
		.connect_timeout = (uint32_t)settings->connect_timeout,
		.request_timeout = (uint32_t)settings->request_timeout,
		.attempts = (uint32_t)settings->max_attempts,
		.max_size = settings->max_size,
	};
	const char *dns = settings->dns && *settings->dns ? settings->dns : NULL;
	if (!text_copy(directory, &job->directory) || !text_copy(temporary, &job->temporary) ||
	    !text_copy(dns, &job->dns) || !text_copy(settings->proxy, &job->proxy) ||
	    !text_copy(settings->proxy_user, &job->proxy_user) ||
	    !text_copy(settings->proxy_password, &job->proxy_password) ||
	    !text_copy(settings->user_agent, &job->user_agent) ||
	    !text_copy(settings->local_address, &job->local_address))
		return -ENOMEM;
	int error = job_lists(run, what & REMOTE_DATABASES ? settings->databases : NULL, job);
	return error || !(what & REMOTE_FEEDS) ? error : feed_jobs(run, job);
}

/* ---- what comes back ---- */

static struct update_part *asked_part(struct run *run, const struct fetch_event *event)
{
	for (uint32_t i = 0; i < run->result->part_count; i++) {
		struct update_part *part = &run->result->parts[i];
		if (part->feed == event->feed && strcmp(part->name, event->name) == 0)
			return part;
	}
	return NULL;
}

static void take_result(struct run *run, const struct fetch_event *event)
{
	/* Of what nobody asked for nothing is believed. */
	struct update_part *part = asked_part(run, event);
	if (!part)
		return;
	part->outcome = event->outcome;
	part->code = event->code;
	part->before = event->before;
	part->after = event->after;
	part->remote = event->remote;
	part->incremental = event->method == FETCH_INCREMENTAL;
	/* What it would take, where it only was asked. */
	part->bytes = event->outcome == UPDATE_AVAILABLE && event->total ? event->total : event->got;
	part->http = event->http;
	part->retry_at = event->retry_at;
	if (event->mirror[0]) {
		free(part->source);
		part->source = strdup(event->mirror);
	}
	run_part_text(part, "%s", event->text);
	for (uint32_t i = 0; event->feed && i < run->settings->feed_count; i++) {
		if (strcmp(run->settings->feeds[i].name, event->name) != 0)
			continue;
		(void)snprintf(run->news[i].etag, sizeof run->news[i].etag, "%s", event->etag);
		run->news[i].changed = event->changed;
	}
}

/* A mirror, or a feed, is left alone until then; also where another one had what was wanted. */
static void remember_wait(struct run *run, const char *url, int64_t retry_at)
{
	int64_t most = clock_wall() + COOL_DOWN_MOST;
	struct state_mirror *mirror = url && *url && retry_at ? state_put_mirror(&run->state, url) : NULL;
	if (mirror)
		mirror->retry_at = retry_at < most ? retry_at : most;
}

static int take_line(void *context, const char *text, size_t size)
{
	static const int levels[] = {[FETCH_ERROR] = 1, [FETCH_WARNING] = 1, [FETCH_INFO] = 3, [FETCH_DEBUG] = 3};
	struct run *run = context;
	struct fetch_event event;
	if (fetch_json_event_decode(text, size, &event))
		return -EBADMSG;
	switch (event.kind) {
	case FETCH_PROGRESS:
		if (run->observer->progress)
			run->observer->progress(run->observer->context, event.name, event.got, event.total);
		break;
	case FETCH_MESSAGE:
		remember_wait(run, event.mirror, event.retry_at);
		run_message(run, levels[event.level], "%s%s%s", event.name, event.name[0] ? ": " : "", event.text);
		break;
	case FETCH_RESULT:
		take_result(run, &event);
		break;
	default:
		break;
	}
	return 0;
}

/* Parts that no result came for. */
static void settle_missing(struct run *run, int error, const struct why *why)
{
	for (uint32_t i = 0; i < run->result->part_count; i++) {
		struct update_part *part = &run->result->parts[i];
		if (part->outcome != UPDATE_NOT_DUE)
			continue;
		if (error == -ETIMEDOUT) {
			run_part_fail(part, UPDATE_UNREACHABLE, "not fetched in time");
			run_part_text(part, "not fetched within the %" PRIu64 " seconds of max_time",
				      run->settings->max_time);
		} else {
			run_part_fail(part, run_outcome_of(error),
				      error ? why->text : "csapi-fetch ended before it was done with it");
		}
	}
}

/* Mirrors that were not even asked: the one that may be asked first says when. */
static void settle_cooling(struct run *run, const struct update_settings *settings)
{
	char **mirrors = list_length(settings->private_mirrors) ? settings->private_mirrors : settings->mirrors;
	char when[CLOCK_TEXT_SIZE];
	int64_t first = 0;
	for (uint32_t i = 0; mirrors && mirrors[i]; i++) {
		int64_t until = cooling_until(run, mirrors[i]);
		first = until && (!first || until < first) ? until : first;
	}
	clock_text(first, when, sizeof when);
	for (uint32_t i = 0; first && i < run->result->part_count; i++) {
		struct update_part *part = &run->result->parts[i];
		if (part->feed || part->outcome != UPDATE_RATE_LIMITED || part->retry_at)
			continue;
		part->retry_at = first;
		run_part_text(part, "not asked: the mirror wants to be left alone until %s; --force asks it", when);
	}
}

/* Each database is the new one, or the one in use, and in one form only. */
static void settle_databases(struct run *run)
{
	for (char **name = run->settings->databases; name && *name; name++) {
		struct update_part *part = run_part(run, *name, false);
		const struct definition_file *old = definition_set_database(&run->current.set, *name);
		uint32_t version = run_version(run, *name);
		bool fetched = part && (part->outcome == UPDATE_UPDATED || part->outcome == UPDATE_PARTIAL);
		if (fetched && version > (old ? old->version : 0)) {
			char form[DEFINITION_NAME_MAX];
			part->after = version;
			/* The form that the set in use has is the old one, unless it was replaced. */
			if (old && !store_file_changed(&run->store, old->name)) {
				int incoming = store_open_incoming(&run->store);
				(void)snprintf(form, sizeof form, "%s", old->name);
				(void)unlinkat(incoming, form, 0);
				fd_close(&incoming);
			}
			continue;
		}
		run_restore(run, *name);
		if (fetched)
			run_part_fail(part, UPDATE_REJECTED, "what was fetched is not newer than what is there");
	}
}

/* Is there another file in incoming/ than the one in use? */
static bool brought(const struct run *run, const char *file)
{
	int incoming = store_open_incoming(&run->store);
	bool there = incoming >= 0 && faccessat(incoming, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	fd_close(&incoming);
	return there && store_file_changed(&run->store, file);
}

static void settle_feeds(struct run *run)
{
	for (uint32_t i = 0; i < run->settings->feed_count; i++) {
		struct update_part *part = run_part(run, run->settings->feeds[i].name, true);
		char file[DEFINITION_NAME_MAX];
		update_feed_file(&run->settings->feeds[i], file);
		if (part && part->outcome == UPDATE_UPDATED && brought(run, file))
			continue;
		if (part && part->outcome == UPDATE_UPDATED)
			run_part_fail(part, UPDATE_REJECTED, "no new file was brought");
		(void)run_restore_file(run, file);
	}
}

int remote_fetch(struct run *run, const char *directory, const char *temporary, unsigned what, struct why *why)
{
	struct fetch_job job;
	int status, error = job_fill(run, directory, temporary, what, &job);
	char *input = error ? NULL : fetch_json_job(&job);
	uint32_t asked = list_length(job.databases) + job.feed_count;
	fetch_job_free(&job);
	if (!input)
		return why_errno(why, -ENOMEM, "cannot fetch definitions");
	if (!asked) {
		free(input);
		return 0;
	}
	char *argv[] = {run->fetch_path, NULL};
	struct child_task task = {
		.path = run->fetch_path,
		.argv = argv,
		.input = input,
		.deadline = clock_now() + (int64_t)run->settings->max_time * 1000,
		.line_max = FETCH_LINE_MAX,
		.stop = run->options->stop,
		.keep = run->store.lock,
		.line = take_line,
		.context = run,
	};
	error = child_run(&task, &status, why);
	free(input);
	settle_missing(run, error, why);
	settle_cooling(run, run->settings);
	if (!(what & REMOTE_CHECK)) {
		int left = purge_incoming(run);
		if (left)
			return why_errno(why, left, "cannot take what does not belong there out of %s/incoming",
					 run->store.path);
		if (what & REMOTE_DATABASES)
			settle_databases(run);
		settle_feeds(run);
		(void)store_keep_identity(&run->store);
	}
	return error == -ECANCELED || error == -ENOENT || error == -EACCES ? error : 0;
}

/* ---- what is remembered ---- */

static void remember_feed(struct run *run, uint32_t place)
{
	const struct update_feed *feed = &run->settings->feeds[place];
	const struct update_part *part = run_part(run, feed->name, true);
	/* The same file may have been sent again, with other words. */
	bool sent = run->news[place].etag[0] || run->news[place].changed;
	if (!part || (part->outcome != UPDATE_UPDATED && !(part->outcome == UPDATE_CURRENT && sent)))
		return;
	struct state_source *source = state_put_source(&run->state, feed->name);
	if (!source)
		return;
	free(source->etag);
	free(source->url);
	source->etag = run->news[place].etag[0] ? strdup(run->news[place].etag) : NULL;
	source->url = url_shown(feed->url);
	source->changed = run->news[place].changed;
}

void remote_remember(struct run *run)
{
	for (uint32_t i = 0; i < run->result->part_count; i++) {
		const struct update_part *part = &run->result->parts[i];
		if (part->outcome == UPDATE_RATE_LIMITED)
			remember_wait(run, part->source, part->retry_at);
		if (part->feed || !part->remote)
			continue;
		struct state_source *source = state_put_source(&run->state, part->name);
		if (source)
			source->remote = part->remote;
	}
	for (uint32_t i = 0; i < run->settings->feed_count; i++)
		remember_feed(run, i);
}

/* ---- sources that are no more ---- */

static bool configured(const struct run *run, const struct definition_file *file)
{
	for (char **name = run->settings->databases; name && *name; name++) {
		if (definition_name_of(file->name, *name))
			return true;
	}
	for (uint32_t i = 0; i < run->settings->feed_count; i++)
		if (remote_keeps(&run->settings->feeds[i], file->name))
			return true;
	return false;
}

int remote_drop_others(struct run *run)
{
	int incoming = store_open_incoming(&run->store), error = incoming < 0 ? incoming : 0;
	for (uint32_t i = 0; !error && i < run->current.set.count; i++) {
		const struct definition_file *file = &run->current.set.files[i];
		/* What was copied from this machine stays until something replaces it. */
		if (!file->source || !strstr(file->source, "://") || configured(run, file))
			continue;
		run_message(run, 2, "%s goes: its source is not configured any more", file->name);
		if (unlinkat(incoming, file->name, 0) < 0 && errno != ENOENT)
			error = -errno;
	}
	fd_close(&incoming);
	return error;
}
