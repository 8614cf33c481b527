/*
 * run.c - what every step of an update does; see run.h.
 */
#include "update/run.h"

#include "base/fd.h"
#include "format/cvd_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTS_MAX 128u /* databases, feeds, and files of a local directory */

void run_step(struct run *run, const char *step)
{
	if (run->observer->step)
		run->observer->step(run->observer->context, step);
}

void run_message(struct run *run, int level, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	if (!run->observer->message)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	run->observer->message(run->observer->context, level, text);
}

void run_damage(struct run *run, const char *format, ...)
{
	char text[sizeof run->damage];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	run_message(run, 1, "%s", text);
	if (!run->damage[0])
		memcpy(run->damage, text, sizeof text);
	run->doubtful = true;
}

struct update_part *run_part(struct run *run, const char *name, bool feed)
{
	struct update_result *result = run->result;
	for (uint32_t i = 0; i < result->part_count; i++)
		if (result->parts[i].feed == feed && strcmp(result->parts[i].name, name) == 0)
			return &result->parts[i];
	if (!result->parts)
		result->parts = calloc(PARTS_MAX, sizeof *result->parts);
	if (!result->parts || result->part_count == PARTS_MAX)
		return NULL;
	struct update_part *part = &result->parts[result->part_count++];
	part->feed = feed;
	part->outcome = UPDATE_NOT_DUE;
	part->code = SCAN_CODE_NONE;
	(void)snprintf(part->name, sizeof part->name, "%s", name);
	return part;
}

void run_part_text(struct update_part *part, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	free(part->text);
	part->text = text;
}

void run_part_fail(struct update_part *part, enum update_outcome outcome, const char *text)
{
	part->outcome = outcome;
	part->after = part->before;
	run_part_text(part, "%s", text);
}

char *run_path(const struct run *run, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", run->store.path, name) < 0 ? NULL : path;
}

uint32_t run_version(const struct run *run, const char *database)
{
	static const char *const forms[] = {"cld", "cvd"};
	uint32_t version = 0;
	int incoming = store_open_incoming(&run->store);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char name[DEFINITION_NAME_MAX];
		struct cvd_header header;
		(void)snprintf(name, sizeof name, "%.100s.%s", database, forms[i]);
		int fd = incoming < 0 ? -1 : openat(incoming, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 && cvd_header_read(fd, &header) == 0 && header.version > version)
			version = header.version;
		fd_close(&fd);
	}
	fd_close(&incoming);
	return version;
}

int run_restore_file(const struct run *run, const char *name)
{
	if (definition_set_find(&run->current.set, name))
		return store_restore_file(&run->store, name);
	int incoming = store_open_incoming(&run->store);
	if (incoming < 0)
		return incoming;
	int error = unlinkat(incoming, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	fd_close(&incoming);
	return error;
}

void run_restore(const struct run *run, const char *database)
{
	static const char *const forms[] = {"cld", "cvd"};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char name[DEFINITION_NAME_MAX];
		(void)snprintf(name, sizeof name, "%.100s.%s", database, forms[i]);
		(void)run_restore_file(run, name);
	}
}

enum update_outcome run_outcome_of(int error)
{
	return error == -ENOSPC || error == -EDQUOT ? UPDATE_NO_SPACE : UPDATE_FAILED;
}
