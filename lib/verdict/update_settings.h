/*
 * update_settings.h - what the configuration says about updates: a plain value, with the defaults of update_settings.def.
 *
 * Filled by lib/format/config, changed by options of csapi-update, read by lib/update.
 */
#ifndef CSAPI_VERDICT_UPDATE_SETTINGS_H
#define CSAPI_VERDICT_UPDATE_SETTINGS_H

#include "base/why.h"
#include "verdict/setting.h"
#include "verdict/update.h"

#include <stdbool.h>
#include <stdint.h>

struct update_feed {
	char *name; /* of the section; owned like all texts here */
#define UPDATE_NUMBER(key, unit, min, max, def, text)
#define UPDATE_TEXT(key, def, text)
#define UPDATE_LIST(key, def, text)
#define UPDATE_BOOL(key, def, text)
#define FEED_TEXT(key, def, text) char *key;
#define FEED_BOOL(key, def, text) bool key;
#include "verdict/update_settings.def"
#undef UPDATE_NUMBER
#undef UPDATE_TEXT
#undef UPDATE_LIST
#undef UPDATE_BOOL
#undef FEED_TEXT
#undef FEED_BOOL
};

struct update_settings {
#define UPDATE_NUMBER(key, unit, min, max, def, text) uint64_t key;
#define UPDATE_TEXT(key, def, text)                   char *key;
#define UPDATE_LIST(key, def, text)                   char **key; /* NULL-terminated */
#define UPDATE_BOOL(key, def, text)                   bool key;
#define FEED_TEXT(key, def, text)
#define FEED_BOOL(key, def, text)
#include "verdict/update_settings.def"
#undef UPDATE_NUMBER
#undef UPDATE_TEXT
#undef UPDATE_LIST
#undef UPDATE_BOOL
#undef FEED_TEXT
#undef FEED_BOOL
	struct update_feed *feeds;
	uint32_t feed_count;
};
#define UPDATE_FEEDS_MAX 64u

/* The rows of section update {}, and those of feed "NAME" {} in it; static storage. */
const struct setting *update_settings_rows(size_t *ret_count);
const struct setting *update_feed_rows(size_t *ret_count);

/* The defaults. 0 or -ENOMEM (nothing is left to free then). */
int update_settings_init(struct update_settings *ret_settings);
void update_settings_free(struct update_settings *settings);
/*
 * Sets a row by its key from a text (a number in digits, "true" or "false", words with blanks between). 0; -ENOENT with why: no such key, and the nearest
 * one; -EINVAL or -ERANGE with why, which says what is expected; -ENOMEM.
 */
int update_settings_set(struct update_settings *settings, const char *key, const char *value, struct why *why);
/* The feed of that name, made with defaults where there is none; valid until the next one is made. 0, -EINVAL (a bad name) or -E2BIG with why, -ENOMEM. */
int update_settings_feed(struct update_settings *settings, const char *name, struct update_feed **ret_feed,
			 struct why *why);
/* What no single row can tell: directories and log absolute, URLs with a scheme that is fetched, feeds with a URL and a good, unique name. 0 or -EINVAL with why. */
int update_settings_check(const struct update_settings *settings, struct why *why);

/* What a feed is kept as: `file`, else the last part of the URL; "" where that is too long. Not yet checked. */
void update_feed_file(const struct update_feed *feed, char ret_name[DEFINITION_NAME_MAX]);
/* Stands in `url` and `header` for the key. */
#define UPDATE_FEED_KEY "{key}"
bool update_feed_wants_key(const struct update_feed *feed);

#endif
