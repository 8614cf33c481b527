/*
 * setting.c - values by rows of a table; see setting.h. Refuses what is out of range, control characters, and what is no UTF-8: such
 * a text would end in a header line, a log or a terminal.
 */
#include "verdict/setting.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

static void *place_of(const struct setting *row, void *values)
{
	return (char *)values + row->offset;
}

/* By memcpy, for a text and a list are pointers of different types. */
static void *pointer_of(const struct setting *row, const void *values)
{
	void *pointer;
	memcpy(&pointer, (const char *)values + row->offset, sizeof pointer);
	return pointer;
}

static void set_pointer(const struct setting *row, void *values, void *pointer)
{
	memcpy((char *)values + row->offset, &pointer, sizeof pointer);
}

static const void *value_of(const struct setting *row, enum setting_kind kind, const void *values)
{
	assert(row->kind == kind);
	return (const char *)values + row->offset;
}

uint64_t setting_number(const struct setting *row, const void *values)
{
	return *(const uint64_t *)value_of(row, SETTING_NUMBER, values);
}

const char *setting_text(const struct setting *row, const void *values)
{
	return *(char *const *)value_of(row, SETTING_TEXT, values);
}

char *const *setting_list(const struct setting *row, const void *values)
{
	return *(char **const *)value_of(row, SETTING_LIST, values);
}

bool setting_bool(const struct setting *row, const void *values)
{
	return *(const bool *)value_of(row, SETTING_BOOL, values);
}

unsigned setting_word(const struct setting *row, const void *values)
{
	return *(const unsigned *)value_of(row, SETTING_WORD, values);
}

const char *setting_word_text(const struct setting *row, unsigned place, int *ret_length)
{
	const char *word = row->words;
	assert(row->kind == SETTING_WORD);
	for (; place && *word; place--)
		word += strcspn(word, " ") + 1;
	*ret_length = (int)strcspn(word, " ");
	return word;
}

static void free_list(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

/* Takes over the text or list. */
static void replace(const struct setting *row, void *values, void *take)
{
	void *old = pointer_of(row, values);
	if (row->kind == SETTING_LIST)
		free_list(old);
	else
		free(old);
	set_pointer(row, values, take);
}

const struct setting *setting_find(const struct setting *rows, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		const char *a = rows[i].key, *b = key;
		while (*a && (*a == *b || (*a == '_' && *b == '-')))
			a++, b++;
		if (!*a && !*b)
			return &rows[i];
	}
	return NULL;
}

/* --- one kind after the other ----------------------------------------------------------------------------------- */

static int set_number(const struct setting *row, void *values, const char *text, struct why *why)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || text[digits])
		return why_set(why, -EINVAL, "%s takes a whole number of %s, %" PRIu64 " to %" PRIu64 ", not \"%.64s\"",
			       row->key, row->unit, row->min, row->max, text);
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	if (errno == ERANGE || value < row->min || value > row->max)
		return why_set(why, -ERANGE, "%s must be %" PRIu64 " to %" PRIu64 " %s, not %.64s", row->key, row->min,
			       row->max, row->unit, text);
	*(uint64_t *)place_of(row, values) = value;
	return 0;
}

static int set_bool(const struct setting *row, void *values, const char *text, struct why *why)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)place_of(row, values) = i % 2;
			return 0;
		}
	}
	return why_set(why, -EINVAL, "%s takes true or false, not \"%.64s\"", row->key, text);
}

static int set_word(const struct setting *row, void *values, const char *text, struct why *why)
{
	unsigned place = 0;
	for (const char *word = row->words; *word; place++) {
		size_t size = strcspn(word, " ");
		if (strlen(text) == size && strncasecmp(text, word, size) == 0) {
			*(unsigned *)place_of(row, values) = place;
			return 0;
		}
		word += size + (word[size] == ' ');
	}
	return why_set(why, -EINVAL, "%s takes one of the words %s, not \"%.64s\"", row->key, row->words, text);
}

static int check_text(const struct setting *row, const char *text, struct why *why)
{
	if (strlen(text) > SETTING_TEXT_MAX)
		return why_set(why, -ERANGE, "%s takes up to %u bytes of text", row->key, SETTING_TEXT_MAX);
	if (!utf8_valid(text))
		return why_set(why, -EINVAL, "%s takes UTF-8", row->key);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			return why_set(why, -EINVAL, "%s takes no control characters, such as a line's end", row->key);
	return 0;
}

static int set_text(const struct setting *row, void *values, const char *text, struct why *why)
{
	int error = check_text(row, text, why);
	if (error)
		return error;
	char *copy = NULL;
	if (*text || row->words) {
		copy = strdup(text);
		if (!copy)
			return why_errno(why, -ENOMEM, "%s", row->key);
	}
	replace(row, values, copy);
	return 0;
}

int setting_set_list(const struct setting *row, void *values, const char *const *words, size_t count, struct why *why)
{
	assert(row->kind == SETTING_LIST);
	if (count > SETTING_LIST_MAX)
		return why_set(why, -ERANGE, "%s takes up to %u elements", row->key, SETTING_LIST_MAX);
	char **list = calloc(count + 1, sizeof *list);
	int error = list ? 0 : -ENOMEM;
	for (size_t i = 0; !error && i < count; i++) {
		error = *words[i] ? check_text(row, words[i], why)
				  : why_set(why, -EINVAL, "%s takes no empty elements", row->key);
		if (!error && !(list[i] = strdup(words[i])))
			error = -ENOMEM;
	}
	if (!error)
		replace(row, values, list);
	else
		free_list(list);
	return error == -ENOMEM ? why_errno(why, error, "%s", row->key) : error;
}

/* Words with blanks between. */
static int split_list(const struct setting *row, void *values, const char *text, struct why *why)
{
	const char *words[SETTING_LIST_MAX + 1];
	size_t count = 0;
	char *copy = strdup(text), *rest = NULL;
	if (!copy)
		return why_errno(why, -ENOMEM, "%s", row->key);
	for (char *word = strtok_r(copy, BLANKS, &rest); word && count <= SETTING_LIST_MAX;
	     word = strtok_r(NULL, BLANKS, &rest))
		words[count++] = word;
	int error = setting_set_list(row, values, words, count, why);
	free(copy);
	return error;
}

int setting_set(const struct setting *row, void *values, const char *text, struct why *why)
{
	switch (row->kind) {
	case SETTING_NUMBER:
		return set_number(row, values, text, why);
	case SETTING_BOOL:
		return set_bool(row, values, text, why);
	case SETTING_TEXT:
		return set_text(row, values, text, why);
	case SETTING_WORD:
		return set_word(row, values, text, why);
	default:
		return split_list(row, values, text, why);
	}
}

static size_t count_words(char *const *list)
{
	size_t count = 0;
	while (list && list[count])
		count++;
	return count;
}

int setting_copy(const struct setting *row, void *to, const void *from)
{
	char **list;
	switch (row->kind) {
	case SETTING_NUMBER:
		*(uint64_t *)place_of(row, to) = setting_number(row, from);
		return 0;
	case SETTING_BOOL:
		*(bool *)place_of(row, to) = setting_bool(row, from);
		return 0;
	case SETTING_WORD:
		*(unsigned *)place_of(row, to) = setting_word(row, from);
		return 0;
	case SETTING_TEXT:
		return setting_text(row, from) ? set_text(row, to, setting_text(row, from), NULL)
					       : (replace(row, to, NULL), 0);
	default:
		list = pointer_of(row, from);
		return setting_set_list(row, to, (const char *const *)list, count_words(list), NULL);
	}
}

/* --- all -------------------------------------------------------------------------------------------------------- */

int setting_defaults(const struct setting *rows, size_t count, void *ret_values)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == SETTING_TEXT || rows[i].kind == SETTING_LIST)
			set_pointer(&rows[i], ret_values, NULL);
	for (size_t i = 0; i < count; i++) {
		int error = 0;
		if (rows[i].kind == SETTING_NUMBER)
			*(uint64_t *)place_of(&rows[i], ret_values) = rows[i].number;
		else if (rows[i].kind == SETTING_BOOL)
			*(bool *)place_of(&rows[i], ret_values) = rows[i].number;
		else if (rows[i].kind == SETTING_WORD)
			*(unsigned *)place_of(&rows[i], ret_values) = (unsigned)rows[i].number;
		else if (rows[i].words)
			error = setting_set(&rows[i], ret_values, rows[i].words, NULL);
		if (error)
			return error;
	}
	return 0;
}

void setting_free(const struct setting *rows, size_t count, void *values)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == SETTING_TEXT || rows[i].kind == SETTING_LIST)
			replace(&rows[i], values, NULL);
}
