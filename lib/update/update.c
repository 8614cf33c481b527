/*
 * update.c - one run of an update; see update.h.
 *
 * Refuses to go on where another run holds the lock, and to put in use what was not verified and loaded.
 */
#include "update/update.h"

#include "base/clock.h"
#include "base/place.h"
#include "process/tempdir.h"
#include "update/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* When to try again after trouble that may pass by itself. */
#define AGAIN_SECONDS 3600

/* ---- beginning and end ---- */

static void finish(struct run *run, enum update_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void finish(struct run *run, enum update_outcome outcome, const char *format, ...)
{
	va_list arguments;
	run->result->outcome = outcome;
	va_start(arguments, format);
	(void)vsnprintf(run->result->text, sizeof run->result->text, format, arguments);
	va_end(arguments);
}

/* The set in use, as its manifest tells it. */
static void read_current(struct run *run)
{
	char id[STORE_ID_MAX];
	struct why why = {""};
	struct stat status;
	manifest_free(&run->current);
	if (store_link(&run->store, "current", id)) {
		if (fstatat(run->store.directory, "current", &status, AT_SYMLINK_NOFOLLOW) == 0)
			run_damage(run, "current did not lead to a set");
		return;
	}
	(void)snprintf(run->result->before_id, sizeof run->result->before_id, "%s", id);
	if (store_manifest(&run->store, id, &run->current)) {
		run_damage(run, "the set %s had no readable manifest", id);
		return;
	}
	if (store_compare(&run->store, &run->current, &why))
		run_damage(run, "%s", why.text);
	definition_set_version(&run->current.set, run->result->before, sizeof run->result->before);
}

static int find_programs(struct run *run, struct why *why)
{
	const struct update_options *options = run->options;
	run->fetch_path = options->fetch_path ? strdup(options->fetch_path) : place_find(PLACE_FETCH, why);
	run->worker_path = options->worker_path ? strdup(options->worker_path) : place_find(PLACE_WORKER, why);
	return run->fetch_path && run->worker_path ? 0 : -ENOENT;
}

/* The set that is in use at the end, for people and for the document. */
static void tell_set(struct run *run)
{
	struct update_result *result = run->result;
	char id[STORE_ID_MAX];
	struct manifest manifest;
	if (store_link(&run->store, "current", id) || store_manifest(&run->store, id, &manifest))
		return;
	(void)snprintf(result->after_id, sizeof result->after_id, "%s", id);
	definition_set_version(&manifest.set, result->after, sizeof result->after);
	definition_set_free(&result->set);
	result->set = manifest.set;
	manifest.set = (struct definition_set){NULL, 0};
	manifest_free(&manifest);
}

static int compare_codes(enum scan_code one, enum scan_code other)
{
	if (one == SCAN_CODE_NONE || other == SCAN_CODE_NONE)
		return one == SCAN_CODE_NONE ? 1 : -1;
	return (int)one - (int)other;
}

/* All parts together. */
static enum update_outcome sum_up(struct run *run)
{
	struct update_result *result = run->result;
	enum update_outcome outcome = UPDATE_NOT_DUE;
	for (uint32_t i = 0; i < result->part_count; i++) {
		const struct update_part *part = &result->parts[i];
		outcome = update_outcome_of(outcome, part->outcome);
		if (compare_codes(part->code, result->code) < 0)
			result->code = part->code;
		if (part->retry_at && (!result->next || part->retry_at < result->next))
			result->next = part->retry_at;
	}
	if (!result->next && (outcome == UPDATE_UNREACHABLE || outcome == UPDATE_PARTIAL || outcome == UPDATE_FAILED))
		result->next = clock_wall() + AGAIN_SECONDS;
	return outcome;
}

/* Of the parts the one that the closing line is about: the first with the worst trouble. NULL: none had any. */
static const struct update_part *worst_part(const struct update_result *result)
{
	const struct update_part *worst = NULL;
	for (uint32_t i = 0; i < result->part_count; i++) {
		const struct update_part *part = &result->parts[i];
		bool trouble = update_outcome_of(UPDATE_UPDATED, part->outcome) == UPDATE_PARTIAL;
		if (trouble && (!worst || update_outcome_of(worst->outcome, part->outcome) != worst->outcome))
			worst = part;
	}
	return worst;
}

/* Did every source tell what it has? */
static bool all_told(const struct update_result *result)
{
	for (uint32_t i = 0; i < result->part_count; i++) {
		switch (result->parts[i].outcome) {
		case UPDATE_UPDATED:
		case UPDATE_AVAILABLE:
		case UPDATE_CURRENT:
		case UPDATE_PARTIAL:
		case UPDATE_REJECTED:
			continue;
		default:
			return false;
		}
	}
	return result->part_count > 0;
}

static void write_state(struct run *run)
{
	struct why why = {""};
	free(run->state.text);
	run->state.text = strdup(run->result->text);
	run->state.outcome = run->result->outcome;
	if (store_write_state(&run->store, &run->state, &why))
		run_message(run, 1, "%s", why.text);
}

/* ---- what is due ---- */

/* True: the last check is recent enough, and the result says so. A check in the future was made by a wrong clock, and damage does not wait. */
static bool not_due(struct run *run)
{
	int64_t now = clock_wall(), age = now - run->state.checked;
	char when[CLOCK_TEXT_SIZE];
	if (!run->options->if_older || run->doubtful || run->state.checked <= 0 || age < 0 ||
	    (uint64_t)age >= run->options->older_than)
		return false;
	clock_text(run->state.checked, when, sizeof when);
	run->result->next = run->state.checked + (int64_t)run->options->older_than;
	finish(run, UPDATE_NOT_DUE, "not due: the sources were asked at %s, %" PRId64 " seconds ago", when, age);
	return true;
}

/* ---- a new set ---- */

/* Everything that was new turned out not to be, or failed. False: nothing was. */
static bool fail_new(struct run *run, enum update_outcome outcome, const char *text)
{
	bool some = false;
	for (uint32_t i = 0; i < run->result->part_count; i++) {
		struct update_part *part = &run->result->parts[i];
		if (part->outcome != UPDATE_UPDATED && part->outcome != UPDATE_PARTIAL &&
		    part->outcome != UPDATE_NOT_DUE)
			continue;
		run_part_fail(part, outcome, text);
		some = true;
	}
	return some;
}

/*
 * Is there one of the databases that are to be kept? A feed alone, with a handful of signatures, must not be what makes a machine without definitions call mail
 * clean.
 */
static bool has_database(const struct run *run, const struct definition_set *set)
{
	char **names = run->settings->databases;
	const char *follow = run->settings->follow;
	bool some = run->options->from || (follow && *follow) || !names || !names[0];
	for (char **name = names; !some && *name; name++)
		some = definition_set_database(set, *name) != NULL;
	return some;
}

/* From incoming/ to a set in use. *ret_new: there is one, and it is new. 0 or -errno with why. */
static int put_in_use(struct run *run, bool *ret_new, struct why *why)
{
	struct check check = {.code = SCAN_CODE_NONE};
	bool changed;
	int error = verify_incoming(run, &changed, &check, why);
	/* What was brought is what is in use already. */
	for (uint32_t i = 0; !error && !changed && i < run->result->part_count; i++)
		if (run->result->parts[i].outcome == UPDATE_UPDATED)
			run->result->parts[i].outcome = UPDATE_CURRENT;
	if (!error && changed && !has_database(run, &check.set))
		error = why_set(why, -ENODATA, "not put in use without any of the databases of the configuration");
	if (!error && changed)
		error = set_activate(run, &check, why);
	check_free(&check);
	*ret_new = !error && changed;
	return error;
}

/* ---- sources ---- */

/* Asks the sources what they have, where the sizes are not known from copies that are there. False: none of them has anything for us. */
static bool ask_first(struct run *run, const char *directory, const char *temporary, int *ret_error, struct why *why)
{
	bool known = true, some = false;
	for (char **name = run->settings->databases; name && *name; name++)
		known = known && definition_set_database(&run->current.set, *name);
	if (known)
		return true;
	*ret_error = remote_fetch(run, directory, temporary, REMOTE_DATABASES | REMOTE_FEEDS | REMOTE_CHECK, why);
	for (uint32_t i = 0; !*ret_error && i < run->result->part_count; i++) {
		const struct update_part *part = &run->result->parts[i];
		some = some || part->outcome == UPDATE_AVAILABLE || part->outcome == UPDATE_CURRENT;
	}
	return some;
}

/* Enough room? What the parts told of sizes is used up with it: they are asked again. */
static int check_space(struct run *run, struct why *why)
{
	struct update_result *result = run->result;
	for (char **name = run->settings->databases; name && *name; name++)
		(void)run_part(run, *name, false);
	result->space_needed = space_needed(run);
	result->space_free = space_free(run);
	for (uint32_t i = 0; i < result->part_count; i++)
		if (result->parts[i].outcome == UPDATE_AVAILABLE || result->parts[i].outcome == UPDATE_CURRENT)
			result->parts[i].outcome = UPDATE_NOT_DUE;
	if (result->space_needed <= result->space_free)
		return 0;
	return why_set(why, -ENOSPC,
		       "an update may take %" PRIu64 " MiB in %s for a while, and %" PRIu64 " MiB are free",
		       (result->space_needed >> 20) + 1, run->store.path, result->space_free >> 20);
}

static int fetch(struct run *run, unsigned what, struct why *why)
{
	char *incoming = run_path(run, "incoming"), *temporary = run_path(run, "tmp");
	int error = incoming && temporary ? 0 : why_errno(why, -ENOMEM, "cannot fetch definitions");
	run_step(run, "fetch");
	bool worth = error || !(what & REMOTE_DATABASES) || ask_first(run, incoming, temporary, &error, why);
	if (!error && worth && (what & REMOTE_DATABASES))
		error = check_space(run, why);
	if (!error && worth)
		error = remote_fetch(run, incoming, temporary, what, why);
	error = error ? error : remote_drop_others(run);
	free(incoming);
	free(temporary);
	return error;
}

/* What a mirror has and the followed directory does not: it must not pass for current. */
static void tell_lag(struct run *run, const struct update_result *aside)
{
	for (uint32_t i = 0; i < aside->part_count; i++) {
		const struct update_part *there = &aside->parts[i];
		struct update_part *part =
			there->outcome == UPDATE_AVAILABLE ? run_part(run, there->name, false) : NULL;
		if (!part)
			continue;
		part->remote = there->remote;
		part->outcome = UPDATE_PARTIAL;
		run_part_text(part, "version %u is all that %s has, and a mirror has %u: does freshclam run?",
			      run_version(run, there->name), run->settings->follow, there->remote);
	}
}

/* Whoever follows a freshclam asks the mirrors only for their versions: else nobody knew whether it is alive. */
static void check_followed(struct run *run)
{
	struct update_result aside = {.task = UPDATE_CHECK}, *result = run->result;
	struct why why = {""};
	char *incoming = run_path(run, "incoming"), *temporary = run_path(run, "tmp");
	run->result = &aside;
	if (incoming && temporary && run->settings->mirrors && run->settings->mirrors[0] &&
	    remote_fetch(run, incoming, temporary, REMOTE_DATABASES | REMOTE_CHECK, &why) == 0) {
		remote_remember(run);
		if (all_told(&aside))
			run->state.checked = clock_wall();
	}
	run->result = result;
	tell_lag(run, &aside);
	update_result_free(&aside);
	free(incoming);
	free(temporary);
}

static int gather(struct run *run, struct why *why)
{
	const char *follow = run->settings->follow;
	if (run->options->from)
		return local_copy(run, run->options->from, why);
	if (!follow || !*follow)
		return fetch(run, REMOTE_DATABASES | REMOTE_FEEDS, why);
	int error = local_copy(run, follow, why);
	if (error)
		return error;
	check_followed(run);
	return fetch(run, REMOTE_FEEDS, why);
}

/* ---- tasks ---- */

/* Does a scanner go on with other definitions, as far as it can be told? */
static bool is_behind(const struct update_result *result)
{
	return (result->scanner.asked || result->scanner.unheard) && !result->scanner.done;
}

/* The closing line of a run. */
static void conclude(struct run *run, bool new_set)
{
	struct update_result *result = run->result;
	const struct update_part *worst = worst_part(result);
	enum update_outcome outcome = sum_up(run);
	tell_set(run);
	if (new_set)
		reload_scanner(run, result->after_id, false);
	else if (result->after_id[0])
		reload_scanner(run, result->after_id, true);
	/* Something may be gone only: a source that is not configured any more. */
	if (new_set && (outcome == UPDATE_CURRENT || outcome == UPDATE_NOT_DUE))
		outcome = UPDATE_UPDATED;
	bool behind = is_behind(result);
	if (behind && (outcome == UPDATE_UPDATED || outcome == UPDATE_CURRENT))
		outcome = UPDATE_PARTIAL;
	if (worst)
		finish(run, outcome, "%s%s: %s", new_set ? "the rest is in use, but " : "", worst->name,
		       worst->text ? worst->text : update_outcome_text(worst->outcome));
	else if (behind)
		finish(run, outcome, "definitions %s are in place, but the scanner that runs does not use them: %s",
		       result->after, result->scanner.text[0] ? result->scanner.text : "it did not say why");
	else if (outcome == UPDATE_UPDATED)
		finish(run, outcome, "definitions %s are in use%s", result->after,
		       result->scanner.done ? ", also by the scanner that runs" : "");
	else
		finish(run, outcome, "definitions %s are in use, and no source has newer ones", result->after);
}

/* That something was damaged is told in any case. */
static void tell_damage(struct run *run)
{
	struct update_result *result = run->result;
	size_t length = strlen(result->text);
	const char *state = run->forgetful ? "; state.json was damaged: what mirrors asked for is forgotten" : "";
	const char *what = run->options->task != UPDATE_RUN ? "damaged" : run->repaired ? "repaired" : "not repaired";
	result->damaged = run->damage[0] || run->forgetful;
	if (run->damage[0])
		(void)snprintf(result->text + length, sizeof result->text - length, "; %s: %s%s", what, run->damage,
			       state);
	else
		(void)snprintf(result->text + length, sizeof result->text - length, "%s", state);
}

static void run_update(struct run *run)
{
	struct why why = {""};
	/* A run that was killed may have left one too many, and a smaller number may be wished now: that is room for new ones. */
	set_prune(run);
	int error = store_stage(&run->store, &why);
	error = error ? error : verify_copies(run, &why);
	error = error ? error : gather(run, &why);
	bool new_set = false, blamed = true;
	enum update_outcome outcome = run_outcome_of(error);
	if (!error && run->result->part_count) {
		error = put_in_use(run, &new_set, &why);
		/* What was fetched is to blame, and not this machine. */
		const struct update_part *worst = worst_part(run->result);
		outcome = error == -EBADMSG || error == -EPERM ? UPDATE_REJECTED
			  : error == -ENODATA && worst         ? worst->outcome
							       : run_outcome_of(error);
	}
	if (error)
		blamed = fail_new(run, outcome, why.text);
	if (!run->options->from && !(run->settings->follow && *run->settings->follow)) {
		remote_remember(run);
		if (!error && all_told(run->result))
			run->state.checked = clock_wall();
	}
	if (error && !run->result->part_count)
		finish(run, outcome, "%s", why.text);
	else if (!run->result->part_count)
		finish(run, UPDATE_CONFIGURATION, "there is nothing to fetch: no databases, and no feeds");
	else
		conclude(run, new_set);
	/* No source is to blame for it, and what they told does not excuse it. */
	if (error && !blamed && !worst_part(run->result))
		finish(run, outcome, "%s", why.text);
	run->repaired = new_set;
	store_clear(&run->store);
}

static void conclude_check(struct run *run)
{
	struct update_result *result = run->result;
	const struct update_part *worst = worst_part(result);
	enum update_outcome outcome = sum_up(run);
	tell_set(run);
	if (worst)
		finish(run, outcome, "%s: %s", worst->name,
		       worst->text ? worst->text : update_outcome_text(worst->outcome));
	else if (outcome == UPDATE_AVAILABLE)
		finish(run, outcome, "there are newer definitions than %s", result->after[0] ? result->after : "none");
	else
		finish(run, outcome, "definitions %s are in place, and no source has newer ones", result->after);
}

/* Asks only; nothing is changed but what is remembered, where that can be written. */
static void run_check(struct run *run)
{
	struct why why = {""};
	struct tempdir tempdir = {.path = NULL, .lock = -1};
	char *directory = run_path(run, "current");
	bool remember = run->store.lock >= 0;
	int error = tempdir_create(tempdir_base(0), &tempdir, &why);
	run_step(run, "fetch");
	/* Without a set of its own there is a directory without databases: that of the temporary files. */
	const char *local = directory && run->current.id ? directory : tempdir.path;
	error = error ? error
		      : remote_fetch(run, local, tempdir.path, REMOTE_DATABASES | REMOTE_FEEDS | REMOTE_CHECK, &why);
	free(directory);
	tempdir_remove(&tempdir);
	if (error && !run->result->part_count) {
		finish(run, run_outcome_of(error), "%s", why.text);
		return;
	}
	run->result->space_needed = space_needed(run);
	run->result->space_free = space_free(run);
	conclude_check(run);
	if (remember) {
		remote_remember(run);
		if (all_told(run->result))
			run->state.checked = clock_wall();
	}
}

static void run_rollback(struct run *run)
{
	struct why why = {""};
	char id[STORE_ID_MAX];
	int error = store_rollback(&run->store, id, &why);
	if (error) {
		finish(run, UPDATE_FAILED, "%s", why.text);
		return;
	}
	if (why.text[0])
		run_message(run, 1, "%s", why.text);
	tell_set(run);
	set_refuse(run, run->result->before_id, &run->result->set);
	reload_scanner(run, id, false);
	bool behind = is_behind(run->result);
	finish(run, behind ? UPDATE_PARTIAL : UPDATE_ROLLED_BACK,
	       "definitions %s are in use again; %s come back with something newer, or with --force%s%s",
	       run->result->after, run->result->before[0] ? run->result->before : "the others",
	       behind ? "; the scanner that runs does not use them: " : "", behind ? run->result->scanner.text : "");
}

/* ---- the run ---- */

/* To look needs no right to write, no lock, and no directory: the first update would make it. */
static int open_store(struct run *run, struct why *why)
{
	enum update_task task = run->options->task;
	const char *path = run->settings->directory;
	struct store locked;
	if (task == UPDATE_RUN || task == UPDATE_ROLLBACK)
		return store_open_locked(path, &run->store, why);
	int error = store_open(path, &run->store, why);
	if (error == -ENOENT) {
		run->store.path = strdup(path);
		return run->store.path ? 0 : -ENOMEM;
	}
	if (!error && task == UPDATE_CHECK && store_open_locked(path, &locked, NULL) == 0) {
		store_close(&run->store);
		run->store = locked;
	}
	return error;
}

static void perform(struct run *run)
{
	switch (run->options->task) {
	case UPDATE_ROLLBACK:
		run_rollback(run);
		break;
	case UPDATE_CHECK:
	case UPDATE_DRY_RUN:
		run_check(run);
		break;
	default:
		run_update(run);
	}
}

static void run_all(struct run *run)
{
	struct why why = {""};
	int error = find_programs(run, &why);
	if (error) {
		finish(run, UPDATE_FAILED, "%s", why.text);
		return;
	}
	error = open_store(run, &why);
	if (error) {
		finish(run, error == -EAGAIN ? UPDATE_LOCKED : run_outcome_of(error), "%s", why.text);
		/* Nothing can be done, but what is in use can be told. */
		if (store_open(run->settings->directory, &run->store, NULL) == 0)
			tell_set(run);
		return;
	}
	bool there = run->store.directory >= 0;
	if (there && store_read_state(&run->store, &run->state, &run->forgetful)) {
		finish(run, UPDATE_FAILED, "there is no memory left");
		return;
	}
	if (there)
		read_current(run);
	if (run->options->task == UPDATE_RUN && not_due(run)) {
		tell_set(run);
		return;
	}
	run->state.tried = clock_wall();
	perform(run);
	if (!run->result->after_id[0])
		tell_set(run);
	tell_damage(run);
	if (run->store.lock >= 0)
		write_state(run);
}

int update_run(const struct update_options *options, const struct update_observer *observer,
	       struct update_result *ret_result)
{
	struct run run = {
		.options = options,
		.settings = options->settings,
		.observer = observer,
		.result = ret_result,
		.store = {.directory = -1, .lock = -1},
	};
	*ret_result = (struct update_result){.task = options->task, .outcome = UPDATE_FAILED, .code = SCAN_CODE_NONE};
	ret_result->started = clock_wall();
	(void)snprintf(ret_result->directory, sizeof ret_result->directory, "%s", options->settings->directory);
	run_all(&run);
	ret_result->finished = clock_wall();
	store_close(&run.store);
	state_free(&run.state);
	manifest_free(&run.current);
	free(run.fetch_path);
	free(run.worker_path);
	return 0;
}
