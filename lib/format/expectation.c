/*
 * expectation.c - lines of expectations; see expectation.h. Refuses a line that it cannot read: a check that was not made looks like one that passed.
 */
#include "format/expectation.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "format/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r"

/* Without blanks at either end; changes `text`. */
static char *trimmed(char *text)
{
	text += strspn(text, BLANKS);
	size_t size = strlen(text);
	while (size && strchr(BLANKS, text[size - 1]))
		text[--size] = '\0';
	return text;
}

static int find_status(const char *word, struct expectation *row)
{
	char name[64];
	if (strcasecmp(word, "unscanned") == 0) {
		row->status = EC_AV_NO_ENGINE;
		row->exit = VERDICT_EXIT_UNASKED;
		return 0;
	}
	bool whole = strncasecmp(word, "EC_AV_", 6) == 0;
	int size = snprintf(name, sizeof name, "EC_AV_%s", whole ? word + 6 : word);
	if (size < 0 || (size_t)size >= sizeof name)
		return -EINVAL;
	for (char *at = name; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	if (ec_av_status_find(name, &row->status))
		return -EINVAL;
	row->exit = ec_av_status_exit(row->status);
	return 0;
}

static struct expectation *add_row(struct expectations *all)
{
	if (all->count == all->room) {
		unsigned room = all->room ? 2 * all->room : 64;
		struct expectation *rows = reallocarray(all->rows, room, sizeof *rows);
		if (!rows)
			return NULL;
		all->rows = rows;
		all->room = room;
	}
	return &all->rows[all->count++];
}

/* Does a status follow? */
static bool has_status(const char *text)
{
	char word[64];
	struct expectation row;
	text += strspn(text, BLANKS);
	size_t size = strcspn(text, BLANKS);
	if (size >= sizeof word)
		return false;
	memcpy(word, text, size);
	word[size] = '\0';
	return find_status(word, &row) == 0;
}

/* The colon before the status: a name may hold colons and blanks. The first one where no status follows any; NULL: there is none. */
static char *colon_of(char *line)
{
	char *first = NULL;
	for (char *at = line; (at = strchr(at, ':')) != NULL; at++) {
		if (!strchr(BLANKS, at[1]))
			continue;
		if (has_status(at + 1))
			return at;
		first = first ? first : at;
	}
	return first;
}

static int read_line(struct expectations *all, char *line, unsigned number, struct why *why)
{
	line = trimmed(line);
	if (*line == '\0' || *line == '#')
		return 0;
	char *colon = colon_of(line);
	if (!colon || colon == line)
		return why_set(why, -EINVAL, "%s:%u: write NAME: STATUS, such as message.eml: EC_AV_INFECTED Eicar*",
			       all->path, number);
	if (all->count == EXPECTATION_LINES_MAX)
		return why_set(why, -E2BIG, "%s:%u: more than %u lines", all->path, number, EXPECTATION_LINES_MAX);
	*colon = '\0';
	char *status = trimmed(colon + 1), *pattern = status + strcspn(status, BLANKS);
	if (*pattern)
		*pattern++ = '\0';
	pattern = trimmed(pattern);
	struct expectation *row = add_row(all);
	if (!row)
		return why_errno(why, -ENOMEM, "%s", all->path);
	*row = (struct expectation){.line = number, .literal = strpbrk(line, "*?[\\") == NULL};
	if (find_status(status, row))
		return why_set(why, -EINVAL, "%s:%u: %.64s is not a status; csapi-scan --explain=all lists them",
			       all->path, number, status);
	row->name = strdup(trimmed(line));
	row->pattern = *pattern ? strdup(pattern) : NULL;
	return row->name && (row->pattern || !*pattern) ? 0 : why_errno(why, -ENOMEM, "%s", all->path);
}

static int read_lines(struct expectations *all, char *text, struct why *why)
{
	unsigned number = 1;
	int error = 0;
	for (char *line = text; !error && line; number++) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		error = read_line(all, line, number, why);
		line = end ? end + 1 : NULL;
	}
	return error;
}

/* Where the names begin: the directory of the file. */
static int find_directory(struct expectations *all, const char *path)
{
	char *whole = realpath(path, NULL);
	if (!whole)
		return -errno;
	*strrchr(whole, '/') = '\0';
	all->directory = whole;
	return 0;
}

static int read_file(const char *path, struct buffer *buffer)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error = fd < 0 ? -errno : fd_read_all(fd, buffer);
	fd_close(&fd);
	if (!error && memchr(buffer->data ? buffer->data : (uint8_t *)"", '\0', buffer->size))
		error = -EILSEQ;
	return error ? error : buffer_append(buffer, "", 1);
}

int expectations_read(const char *path, struct expectations *ret_expectations, struct why *why)
{
	struct expectations *all = ret_expectations;
	struct buffer buffer;
	*all = (struct expectations){.path = strdup(path)};
	buffer_init(&buffer, EXPECTATION_FILE_MOST);
	int error = all->path ? read_file(path, &buffer) : -ENOMEM;
	error = error ? error : find_directory(all, path);
	if (error)
		(void)why_errno(why, error, "cannot read the expectations in %s", path);
	else
		error = read_lines(all, (char *)buffer.data, why);
	buffer_free(&buffer);
	if (error)
		expectations_free(all);
	return error;
}

void expectations_free(struct expectations *expectations)
{
	for (unsigned i = 0; i < expectations->count; i++) {
		free(expectations->rows[i].name);
		free(expectations->rows[i].pattern);
	}
	free(expectations->rows);
	free(expectations->path);
	free(expectations->directory);
	*expectations = (struct expectations){0};
}

/* The path as seen from the directory of the file; as it was given where it lies elsewhere. */
static const char *name_below(const struct expectations *all, const char *path, char *room)
{
	size_t size = strlen(all->directory);
	if (realpath(path, room) && strncmp(room, all->directory, size) == 0 && room[size] == '/')
		return room + size + 1;
	return path;
}

const struct expectation *expectations_find(struct expectations *expectations, const char *path)
{
	char room[PATH_MAX];
	const char *name = name_below(expectations, path, room);
	const struct expectation *found = NULL;
	for (unsigned i = 0; i < expectations->count; i++) {
		struct expectation *row = &expectations->rows[i];
		if (row->literal ? strcmp(row->name, name) != 0 : fnmatch(row->name, name, 0) != 0)
			continue;
		row->met = true;
		found = row;
	}
	return found;
}

bool expectation_holds(const struct expectation *expectation, const struct verdict *verdict)
{
	if (!expectation)
		return verdict_exit(verdict) == 0;
	if (expectation->exit != verdict_exit(verdict) || expectation->status != verdict->status)
		return false;
	const char *pattern = expectation->pattern;
	return !pattern || (verdict->info && fnmatch(pattern, verdict->info, 0) == 0) ||
	       (verdict->code && fnmatch(pattern, verdict->code, 0) == 0);
}

char *expectation_text(const struct expectation *expectation)
{
	struct text text;
	text_init(&text);
	if (!expectation) {
		text_add(&text, "%s", ec_av_status_name(EC_AV_CLEAN));
		return text_take(&text);
	}
	bool unscanned = expectation->exit == VERDICT_EXIT_UNASKED;
	text_add(&text, "%s", unscanned ? "unscanned" : ec_av_status_name(expectation->status));
	if (expectation->pattern) {
		text_add(&text, " ");
		text_add_visible(&text, expectation->pattern);
	}
	return text_take(&text);
}
