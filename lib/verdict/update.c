/*
 * update.c - the words of updating, and sets of definition files; see update.h.
 */
#include "verdict/update.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const struct {
	const char *word;
	int exit;
	int rank;
	const char *text;
} outcomes[] = {
#define UPDATE_OUTCOME(name, word, exit, rank, text) [UPDATE_##name] = {word, exit, rank, text},
#include "verdict/update_outcome.def"
#undef UPDATE_OUTCOME
};

const char *update_outcome_word(enum update_outcome outcome)
{
	return outcomes[outcome].word;
}

const char *update_outcome_text(enum update_outcome outcome)
{
	return outcomes[outcome].text;
}

int update_outcome_exit(enum update_outcome outcome)
{
	return outcomes[outcome].exit;
}

int update_outcome_find(const char *word, enum update_outcome *ret)
{
	for (int i = 0; i < UPDATE_OUTCOME_COUNT; i++) {
		if (strcmp(outcomes[i].word, word) == 0) {
			*ret = (enum update_outcome)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Among outcomes without trouble: which of two tells more. */
static int weight(enum update_outcome outcome)
{
	switch (outcome) {
	case UPDATE_ROLLED_BACK:
		return 4;
	case UPDATE_UPDATED:
		return 3;
	case UPDATE_AVAILABLE:
		return 2;
	case UPDATE_CURRENT:
		return 1;
	default:
		return 0;
	}
}

enum update_outcome update_outcome_of(enum update_outcome one, enum update_outcome other)
{
	bool trouble = outcomes[one].rank || outcomes[other].rank;
	bool gain = weight(one) > 1 || weight(other) > 1;
	if (trouble && gain)
		return UPDATE_PARTIAL;
	if (trouble)
		return outcomes[one].rank >= outcomes[other].rank ? one : other;
	return weight(one) >= weight(other) ? one : other;
}

static const char *const trust_words[] = {
	[DEFINITION_UNCHECKED] = "unchecked",
	[DEFINITION_SIGNED] = "signed",
	[DEFINITION_UNSIGNED] = "unsigned",
	[DEFINITION_BROKEN] = "broken",
};

const char *definition_trust_word(enum definition_trust trust)
{
	return trust_words[trust];
}

int definition_trust_find(const char *word, enum definition_trust *ret)
{
	for (int i = 0; i < DEFINITION_TRUST_COUNT; i++) {
		if (strcmp(trust_words[i], word) == 0) {
			*ret = (enum definition_trust)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- sets ---- */

static void file_free(struct definition_file *file)
{
	free(file->source);
	free(file->fault);
}

void definition_set_free(struct definition_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		file_free(&set->files[i]);
	free(set->files);
	*set = (struct definition_set){NULL, 0};
}

/* The place of a name, or where it would stand. */
static uint32_t place_of(const struct definition_set *set, const char *name)
{
	uint32_t place = 0;
	while (place < set->count && strcmp(set->files[place].name, name) < 0)
		place++;
	return place;
}

static bool stands_at(const struct definition_set *set, uint32_t place, const char *name)
{
	return place < set->count && strcmp(set->files[place].name, name) == 0;
}

int definition_set_put(struct definition_set *set, const struct definition_file *file)
{
	struct definition_file copy = *file;
	uint32_t place = place_of(set, file->name);
	bool there = stands_at(set, place, file->name);
	if (!there && set->count == DEFINITION_FILES_MAX)
		return -E2BIG;
	copy.source = file->source ? strdup(file->source) : NULL;
	copy.fault = file->fault ? strdup(file->fault) : NULL;
	if ((file->source && !copy.source) || (file->fault && !copy.fault)) {
		file_free(&copy);
		return -ENOMEM;
	}
	if (there) {
		file_free(&set->files[place]);
		set->files[place] = copy;
		return 0;
	}
	struct definition_file *files = reallocarray(set->files, set->count + 1, sizeof *files);
	if (!files) {
		file_free(&copy);
		return -ENOMEM;
	}
	set->files = files;
	memmove(&files[place + 1], &files[place], (set->count - place) * sizeof *files);
	files[place] = copy;
	set->count++;
	return 0;
}

struct definition_file *definition_set_find(const struct definition_set *set, const char *name)
{
	uint32_t place = place_of(set, name);
	return stands_at(set, place, name) ? &set->files[place] : NULL;
}

struct definition_file *definition_set_database(const struct definition_set *set, const char *database)
{
	static const char *const forms[] = {".cld", ".cvd"};
	struct definition_file *best = NULL;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char name[DEFINITION_NAME_MAX];
		int length = snprintf(name, sizeof name, "%s%s", database, forms[i]);
		if (length < 0 || (size_t)length >= sizeof name)
			return NULL;
		struct definition_file *file = definition_set_find(set, name);
		if (file && (!best || file->version > best->version))
			best = file;
	}
	return best;
}

void definition_set_version(const struct definition_set *set, char *ret_text, size_t size)
{
	const struct definition_file *daily = definition_set_database(set, "daily");
	time_t built = (time_t)definition_set_built(set);
	struct tm day;
	if (!gmtime_r(&built, &day))
		memset(&day, 0, sizeof day);
	(void)snprintf(ret_text, size, "%04d%02d%02d.%03u", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday,
		       daily ? daily->version : 0);
}

void definition_built_add(struct definition_built *built, const char *name, int64_t when)
{
	bool of_signed = definition_name_signed(name);
	if (of_signed == built->of_signed ? when > built->when : of_signed)
		*built = (struct definition_built){when, of_signed};
}

int64_t definition_set_built(const struct definition_set *set)
{
	struct definition_built built = {0, false};
	for (uint32_t i = 0; i < set->count; i++)
		definition_built_add(&built, set->files[i].name, set->files[i].built);
	return built.when;
}

uint64_t definition_set_signatures(const struct definition_set *set)
{
	uint64_t signatures = 0;
	/* The library counts exceptions as well. */
	for (uint32_t i = 0; i < set->count; i++)
		if (definition_name_brings(set->files[i].name))
			signatures += set->files[i].signatures;
	return signatures;
}

/* ---- names ---- */

enum trait { TRAIT_PLAIN, TRAIT_SIGNED, TRAIT_EXCEPTION };

struct kind {
	const char *extension;
	bool signatures;
	enum trait trait;
};

static const struct kind kinds[] = {
#define DEFINITION_KIND(extension, signatures, trait) {extension, signatures, TRAIT_##trait},
#include "verdict/definition_kind.def"
#undef DEFINITION_KIND
};

static const struct kind *kind_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
		if (strcasecmp(dot, kinds[i].extension) == 0)
			return &kinds[i];
	return NULL;
}

bool definition_name_good(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strlen(name);
	return length > 0 && length < DEFINITION_NAME_MAX && name[0] != '.' && strspn(name, letters) == length &&
	       kind_of(name);
}

bool definition_name_known(const char *name)
{
	return kind_of(name) != NULL;
}

bool definition_name_brings(const char *name)
{
	const struct kind *kind = kind_of(name);
	return kind && kind->signatures;
}

bool definition_name_signed(const char *name)
{
	const struct kind *kind = kind_of(name);
	return kind && kind->trait == TRAIT_SIGNED;
}

bool definition_name_of(const char *name, const char *database)
{
	size_t length = strlen(database);
	/* One dot only: daily.old.cvd is another one's. */
	return definition_name_signed(name) && strncmp(name, database, length) == 0 && name[length] == '.' &&
	       strrchr(name, '.') == name + length;
}

bool definition_name_exception(const char *name)
{
	const struct kind *kind = kind_of(name);
	return kind && kind->trait == TRAIT_EXCEPTION;
}
