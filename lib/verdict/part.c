/*
 * part.c - the words of part.def, both ways; see report.h. Called by format, and by the manual's generator.
 */
#include "verdict/report.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const kinds[] = {
#define PART_KIND(name, word, text) word,
#include "verdict/part.def"
#undef PART_KIND
};

static const struct {
	const char *word, *text;
} routes[] = {
#define PART_ROUTE(name, word, text) {word, text},
#include "verdict/part.def"
#undef PART_ROUTE
};

static const struct {
	const char *word, *text;
} passwords[] = {
	{NULL, NULL},
#define PART_PASSWORD(name, word, text) {word, text},
#include "verdict/part.def"
#undef PART_PASSWORD
};

static const char *const stages[] = {
#define SCAN_STAGE(name, word, text) word,
#include "verdict/part.def"
#undef SCAN_STAGE
};

const char *part_kind_word(enum part_kind kind)
{
	assert(kind < PART_KIND_COUNT);
	return kinds[kind];
}

const char *part_route_word(enum part_route route)
{
	assert(route < PART_ROUTE_COUNT);
	return routes[route].word;
}

const char *part_route_text(enum part_route route)
{
	assert(route < PART_ROUTE_COUNT);
	return routes[route].text;
}

const char *part_password_word(enum part_password password)
{
	assert(password != PASSWORD_NONE && password < PART_PASSWORD_COUNT);
	return passwords[password].word;
}

const char *part_password_text(enum part_password password)
{
	assert(password != PASSWORD_NONE && password < PART_PASSWORD_COUNT);
	return passwords[password].text;
}

const char *scan_stage_word(enum scan_stage stage)
{
	assert(stage < SCAN_STAGE_COUNT);
	return stages[stage];
}

int part_kind_find(const char *word, enum part_kind *ret)
{
	for (int i = 0; i < PART_KIND_COUNT; i++)
		if (strcmp(kinds[i], word) == 0)
			return *ret = (enum part_kind)i, 0;
	return -ENOENT;
}

int part_route_find(const char *word, enum part_route *ret)
{
	for (int i = 0; i < PART_ROUTE_COUNT; i++)
		if (strcmp(routes[i].word, word) == 0)
			return *ret = (enum part_route)i, 0;
	return -ENOENT;
}

int part_password_find(const char *word, enum part_password *ret)
{
	for (int i = 1; i < PART_PASSWORD_COUNT; i++)
		if (strcmp(passwords[i].word, word) == 0)
			return *ret = (enum part_password)i, 0;
	return -ENOENT;
}

int scan_stage_find(const char *word, enum scan_stage *ret)
{
	for (int i = 0; i < SCAN_STAGE_COUNT; i++)
		if (strcmp(stages[i], word) == 0)
			return *ret = (enum scan_stage)i, 0;
	return -ENOENT;
}
