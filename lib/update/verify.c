/*
 * verify.c - incoming/ is verified and loaded by csapi-worker, and what is not good is taken out; see run.h.
 *
 * Files without a signature are kept apart: each new one is loaded alone first, so that a bad one is known by name and the rest goes live without it.
 */
#include "update/run.h"

#include "base/clock.h"
#include "base/fd.h"
#include "process/tempdir.h"
#include "update/examine.h"
#include "update/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE  "tmp/check"
#define ALONE "tmp/alone"

/* One of our own: what csapi-fetch may have put there goes. */
static int make_directory(struct run *run, const char *name, mode_t mode)
{
	char *path = run_path(run, name);
	int error = path ? tempdir_remove_path(path) : -ENOMEM;
	free(path);
	return !error && mkdirat(run->store.directory, name, mode) < 0 ? -errno : error;
}

static int check_directory(struct run *run, const char *directory, bool verify_only, struct check *ret_check,
			   struct why *why)
{
	int made = make_directory(run, BASE, 0700);
	if (made)
		return why_errno(why, made, "cannot make %s/%s", run->store.path, BASE);
	char *base = run_path(run, BASE);
	struct examination examination = {
		.worker_path = run->worker_path,
		.directory = directory,
		.base = base,
		.verify_only = verify_only,
		.deadline = clock_now() + (int64_t)run->settings->load_time * 1000,
		.keep = run->store.lock,
		.stop = run->options->stop,
	};
	int error =
		base ? examine(&examination, ret_check, why) : why_errno(why, -ENOMEM, "cannot verify %s", directory);
	free(base);
	return error;
}

/* ---- taking out ---- */

static struct update_part *part_of(struct run *run, const char *name)
{
	char database[DEFINITION_NAME_MAX];
	for (uint32_t i = 0; i < run->settings->feed_count; i++)
		if (!run->options->from && remote_keeps(&run->settings->feeds[i], name))
			return run_part(run, run->settings->feeds[i].name, true);
	(void)snprintf(database, sizeof database, "%s", name);
	char *dot = strrchr(database, '.');
	if (dot && definition_name_signed(name))
		*dot = '\0';
	return run_part(run, database, false);
}

/* The new file goes, the one in use comes back. */
static int reject(struct run *run, const char *name, const char *fault)
{
	struct update_part *part = part_of(run, name);
	if (part)
		run_part_fail(part, UPDATE_REJECTED, fault);
	run_message(run, 1, "%s is not taken: %s", name, fault);
	int error = run_restore_file(run, name);
	/* A database comes in two forms: the other one may be what is in use. */
	if (!error && part && !part->feed && definition_name_signed(name))
		run_restore(run, part->name);
	return error;
}

/* A file of the set in use is broken: nothing to go back to. */
static int remove_broken(struct run *run, const char *name, const char *fault)
{
	int incoming = store_open_incoming(&run->store);
	if (incoming < 0)
		return incoming;
	run_message(run, 0, "%s, which is in use, is broken and goes: %s", name, fault);
	int error = unlinkat(incoming, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	fd_close(&incoming);
	struct update_part *part = part_of(run, name);
	if (part && (part->outcome == UPDATE_CURRENT || part->outcome == UPDATE_NOT_DUE))
		run_part_fail(part, UPDATE_REJECTED, fault);
	return error;
}

/* True: there was one. */
static bool take_out_broken(struct run *run, const struct check *check, int *ret_error)
{
	bool found = false;
	for (uint32_t i = 0; i < check->set.count && !*ret_error; i++) {
		const struct definition_file *file = &check->set.files[i];
		if (file->trust != DEFINITION_BROKEN && !file->fault)
			continue;
		const char *fault = file->fault ? file->fault : "it is broken";
		found = true;
		*ret_error = store_file_changed(&run->store, file->name) ? reject(run, file->name, fault)
									 : remove_broken(run, file->name, fault);
	}
	return found;
}

/* All new files without a signature, or all new ones. True: there was one. */
static bool take_out_new(struct run *run, bool signed_too, const char *fault, int *ret_error)
{
	struct definition_set incoming;
	bool found = false;
	*ret_error = store_incoming(&run->store, &incoming);
	for (uint32_t i = 0; !*ret_error && i < incoming.count; i++) {
		const char *name = incoming.files[i].name;
		if ((!signed_too && definition_name_signed(name)) || !store_file_changed(&run->store, name))
			continue;
		found = true;
		*ret_error = reject(run, name, fault);
	}
	definition_set_free(&incoming);
	return found;
}

/* ---- files without a signature, one by one ---- */

/* What is wrong with one file; caller frees; NULL: nothing. */
static int check_alone(struct run *run, const char *name, char **ret_fault, struct why *why)
{
	struct check check;
	char *directory = run_path(run, ALONE);
	int incoming = store_open_incoming(&run->store), alone = -1;
	int error = directory && incoming >= 0 ? make_directory(run, ALONE, 0755) : directory ? incoming : -ENOMEM;
	*ret_fault = NULL;
	if (!error && ((alone = openat(run->store.directory, ALONE, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
		       (error = store_link_file(incoming, name, alone)) != 0))
		error = error ? error : -errno;
	if (error)
		(void)why_errno(why, error, "cannot test %s", name);
	if (!error) {
		error = check_directory(run, directory, false, &check, why);
		(void)unlinkat(alone, name, 0);
	}
	/* It crashed on this one file, or took too long, or more memory than there is: the others can do without it. */
	if (error == -EBADMSG || error == -ETIMEDOUT || error == -ENOMEM) {
		*ret_fault = strdup(why->text);
		error = *ret_fault ? 0 : -ENOMEM;
	} else if (!error) {
		const struct definition_file *file = definition_set_find(&check.set, name);
		const char *fault = file && file->fault            ? file->fault
				    : check.code != SCAN_CODE_NONE ? check.text
								   : NULL;
		/* Exceptions bring no signatures and are no set of their own. */
		if (fault && ((file && file->fault) || definition_name_brings(name) || !check.harmless_clean))
			*ret_fault = strdup(fault);
		check_free(&check);
	}
	fd_close(&alone);
	fd_close(&incoming);
	free(directory);
	return error;
}

static int check_each_alone(struct run *run, struct why *why)
{
	struct definition_set incoming;
	int error = store_incoming(&run->store, &incoming);
	if (error)
		return why_errno(why, error, "cannot list %s/incoming", run->store.path);
	for (uint32_t i = 0; !error && i < incoming.count; i++) {
		const char *name = incoming.files[i].name;
		char *fault = NULL;
		if (definition_name_signed(name) || !definition_name_brings(name) ||
		    !store_file_changed(&run->store, name))
			continue;
		error = check_alone(run, name, &fault, why);
		if (!error && fault)
			error = reject(run, name, fault);
		free(fault);
	}
	definition_set_free(&incoming);
	return error;
}

/* ---- copies of what is in use ---- */

/* What is wrong with a file that was verified once; NULL: nothing. */
static const char *copy_fault(const struct run *run, const struct definition_file *file)
{
	const struct definition_file *old = run->current.id ? definition_set_find(&run->current.set, file->name) : NULL;
	if (file->fault)
		return file->fault;
	if (file->trust == DEFINITION_BROKEN)
		return "is broken";
	if (run->current.id && !old)
		return "is not one of the files of its set";
	if (old && old->has_sha256 && file->has_sha256 && memcmp(old->sha256, file->sha256, sizeof file->sha256) != 0)
		return "is not what it was when it was verified";
	return NULL;
}

/* Leaves what is as it was; the rest goes. */
static int sort_copies(struct run *run, const struct check *check, struct why *why)
{
	struct definition_set intact = {NULL, 0};
	int incoming = store_open_incoming(&run->store), error = incoming < 0 ? incoming : 0;
	for (uint32_t i = 0; !error && i < check->set.count; i++) {
		const struct definition_file *file = &check->set.files[i];
		const struct definition_file *old = definition_set_find(&run->current.set, file->name);
		const char *fault = copy_fault(run, file);
		if (fault) {
			run_damage(run, "%s %s", file->name, fault);
			error = unlinkat(incoming, file->name, 0) < 0 ? -errno : 0;
		} else {
			error = definition_set_put(&intact, old ? old : file);
		}
	}
	fd_close(&incoming);
	definition_set_free(&run->current.set);
	run->current.set = intact;
	return error ? why_errno(why, error, "cannot replace what is damaged in %s", run->store.path) : 0;
}

int verify_copies(struct run *run, struct why *why)
{
	struct definition_set incoming;
	struct check check = {.code = SCAN_CODE_NONE};
	char *directory = run_path(run, "incoming");
	int error = directory ? store_incoming(&run->store, &incoming) : -ENOMEM;
	uint32_t count = error ? 0 : incoming.count;
	if (!error)
		definition_set_free(&incoming);
	if (!error && count)
		error = check_directory(run, directory, true, &check, why);
	free(directory);
	if (error)
		return why->text[0] ? error : why_errno(why, error, "cannot verify the definitions in use");
	error = sort_copies(run, &check, why);
	check_free(&check);
	return error;
}

/* ---- the whole ---- */

/* EICAR must be found by whatever holds an official database, and by what follows a set that finds it. */
static const char *set_fault(const struct run *run, const struct check *check)
{
	bool official = run->current.id && run->current.finds_eicar;
	for (uint32_t i = 0; i < check->set.count; i++)
		official =
			official || (check->set.files[i].trust == DEFINITION_SIGNED && check->set.files[i].signatures);
	if (check->code != SCAN_CODE_NONE)
		return check->text[0] ? check->text : "the definitions cannot be loaded";
	if (!check->loaded)
		return "the definitions cannot be loaded";
	if (!check->harmless_clean)
		return "they take a harmless text for a virus";
	if (official && !check->finds_eicar)
		return "they do not find the EICAR test file";
	return NULL;
}

int verify_incoming(struct run *run, bool *ret_changed, struct check *ret_check, struct why *why)
{
	*ret_changed = false;
	*ret_check = (struct check){.code = SCAN_CODE_NONE};
	char *directory = run_path(run, "incoming");
	int error = directory ? 0 : -ENOMEM;
	run_step(run, "verify");
	if (!error && store_changed(&run->store))
		error = check_each_alone(run, why);
	run_step(run, "load");
	/* Each round takes out at least one file, so it ends. */
	while (!error && (run->doubtful || store_changed(&run->store))) {
		error = check_directory(run, directory, false, ret_check, why);
		if (error == -EBADMSG || error == -ETIMEDOUT) {
			/* It crashed or hung on the whole: whoever is new and unsigned goes first. */
			struct why kept = *why;
			error = 0;
			if (!take_out_new(run, false, kept.text, &error) && !take_out_new(run, true, kept.text, &error))
				error = -EBADMSG;
			continue;
		}
		if (error)
			break;
		bool broken = take_out_broken(run, ret_check, &error);
		const char *fault = broken ? NULL : set_fault(run, ret_check);
		if (!broken && !fault) {
			*ret_changed = true;
			break;
		}
		/* Alone it is good, and together it is not. */
		if (fault && !take_out_new(run, false, fault, &error) && !take_out_new(run, true, fault, &error))
			error = why_set(why, -EBADMSG, "%s", fault);
		check_free(ret_check);
		*ret_check = (struct check){.code = SCAN_CODE_NONE};
	}
	free(directory);
	if (error && !why->text[0])
		(void)why_errno(why, error, "cannot verify %s/incoming", run->store.path);
	return error;
}
