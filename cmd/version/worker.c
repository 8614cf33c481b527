/*
 * worker.c - asks csapi-worker; see worker.h. Refuses an answer that is not one, and more than one.
 */
#include "worker.h"

#include "base/clock.h"
#include "base/place.h"
#include "format/worker_json.h"
#include "process/tempdir.h"
#include "update/child.h"
#include "update/examine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its libraries must be loaded, and the machine may be busy. */
#define VERSIONS_MS   10000
#define VERSIONS_MOST 4096 /* bytes of the line */

/* ---- versions ---- */

struct answer {
	struct facts facts;
	bool there;
};

static int take_line(void *context, const char *text, size_t size)
{
	struct answer *answer = context;
	char *csapi;
	if (answer->there)
		return -EBADMSG;
	int error = worker_json_decode(text, size, &answer->facts, &csapi);
	answer->there = !error;
	if (!error)
		free(csapi);
	return error;
}

static int ask(char *path, struct answer *answer, struct why *why)
{
	char *argv[] = {path, "--versions", NULL};
	const struct child_task task = {
		.path = path,
		.argv = argv,
		.deadline = clock_now() + VERSIONS_MS,
		.line_max = VERSIONS_MOST,
		.keep = -1,
		.line = take_line,
		.context = answer,
	};
	int status, error = child_run(&task, &status, why);
	if (!error && !answer->there)
		error = why_set(why, -EPROTO, "%s tells no versions: it is not csapi-worker, or of another version",
				path);
	return error;
}

static char *find(const char *path, struct why *why)
{
	char *found = path ? strdup(path) : place_find(PLACE_WORKER, why);
	if (!found && path)
		(void)why_errno(why, -ENOMEM, "cannot run %s", path);
	return found;
}

void worker_versions(const char *path, struct version *version)
{
	struct why why = {""};
	struct answer answer = {.there = false};
	char *found = find(path, &why);
	int error = found ? ask(found, &answer, &why) : -ENOENT;
	free(found);
	if (error) {
		facts_free(&answer.facts);
		(void)snprintf(version->trouble, sizeof version->trouble, "%s", why.text);
		return;
	}
	version->programs = answer.facts;
}

/* ---- files ---- */

static bool same_bytes(const struct definition_file *one, const struct definition_file *other)
{
	return one->has_sha256 && other->has_sha256 && memcmp(one->sha256, other->sha256, sizeof one->sha256) == 0;
}

/* Where they came from is nothing that files tell; nor is, without a signature, what loading them showed. 0 or -ENOMEM. */
static int keep_knowledge(const struct definition_set *before, struct definition_set *now)
{
	for (uint32_t i = 0; i < now->count; i++) {
		struct definition_file *file = &now->files[i];
		const struct definition_file *was = definition_set_find(before, file->name);
		if (was && file->trust == DEFINITION_UNCHECKED && same_bytes(was, file)) {
			file->trust = was->trust;
			file->signatures = was->signatures;
		}
		if (!was || !was->source || file->source)
			continue;
		file->source = strdup(was->source);
		if (!file->source)
			return -ENOMEM;
	}
	return 0;
}

/* The first that is broken. What was changed for another good file since the set went live is broken all the same. */
static void find_fault(const struct definition_set *before, const struct definition_set *now, char *ret_fault,
		       size_t size)
{
	for (uint32_t i = 0; i < now->count && !ret_fault[0]; i++) {
		const struct definition_file *file = &now->files[i], *was = definition_set_find(before, file->name);
		if (file->trust == DEFINITION_BROKEN || file->fault)
			(void)snprintf(ret_fault, size, "%s: %s", file->name,
				       file->fault ? file->fault : "it is broken");
		else if (was && was->has_sha256 && !same_bytes(was, file))
			(void)snprintf(ret_fault, size, "%s is not the file that was verified when it went live",
				       file->name);
	}
}

static int take_over(struct check *check, struct version_definitions *definitions)
{
	int error = keep_knowledge(&definitions->set, &check->set);
	if (error)
		return error;
	find_fault(&definitions->set, &check->set, definitions->fault, sizeof definitions->fault);
	if (check->code != SCAN_CODE_NONE && !definitions->fault[0])
		(void)snprintf(definitions->fault, sizeof definitions->fault, "%s", check->text);
	definition_set_free(&definitions->set);
	definitions->set = check->set;
	check->set = (struct definition_set){NULL, 0};
	definitions->basis = VERSION_VERIFIED;
	return 0;
}

int worker_verify(const char *path, uint64_t seconds, struct version *version, struct why *why)
{
	struct tempdir base;
	struct check check;
	char *found = find(path, why);
	if (!found)
		return -ENOENT;
	int error = tempdir_create(tempdir_base(0), &base, why);
	if (error) {
		free(found);
		return error;
	}
	const struct examination examination = {
		.worker_path = found,
		.directory = version->definitions.directory,
		.base = base.path,
		.verify_only = true,
		.deadline = clock_now() + (int64_t)seconds * 1000,
		.keep = -1,
	};
	error = examine(&examination, &check, why);
	tempdir_remove(&base);
	free(found);
	if (error)
		return error;
	error = take_over(&check, &version->definitions);
	check_free(&check);
	return error ? why_errno(why, error, "cannot verify the definitions") : 0;
}
