/*
 * engine_settings.h - the engines that are configured: plain values, with the defaults of engine_settings.def.
 *
 * An engine is a block of a section antivirus: csapi "NAME" {} (our own scanner) or clamav "NAME" {} (a clamd). Of each value is known
 * where it was set. Filled by lib/format/config, changed by options of the programs, read by lib/engine and the programs.
 */
#ifndef CSAPI_VERDICT_ENGINE_SETTINGS_H
#define CSAPI_VERDICT_ENGINE_SETTINGS_H

#include "base/why.h"
#include "verdict/limits.h"
#include "verdict/setting.h"

#include <stdbool.h>
#include <stdint.h>

enum engine_kind { ENGINE_CSAPI, ENGINE_CLAMAV, ENGINE_KIND_COUNT };

/* The words of `action`. */
enum engine_action { ENGINE_PASS, ENGINE_REJECT };

/* The words of `debug_level`. */
enum engine_debug {
	ENGINE_DEBUG_CRITICAL,
	ENGINE_DEBUG_ERROR,
	ENGINE_DEBUG_WARNING,
	ENGINE_DEBUG_NOTICE,
	ENGINE_DEBUG_INFO,
	ENGINE_DEBUG_DEBUG
};

/* One for each row of the table; those of the limits follow them. */
enum engine_row {
#define ENGINE_NUMBER(scope, key, unit, min, max, def, text) ENGINE_ROW_##key,
#define ENGINE_TEXT(scope, key, def, text)                   ENGINE_ROW_##key,
#define ENGINE_LIST(scope, key, def, text)                   ENGINE_ROW_##key,
#define ENGINE_BOOL(scope, key, def, text)                   ENGINE_ROW_##key,
#define ENGINE_WORD(scope, key, words, def, text)            ENGINE_ROW_##key,
#define ENGINE_VOID(scope, key, text)                        ENGINE_ROW_##key,
#include "verdict/engine_settings.def"
#undef ENGINE_NUMBER
#undef ENGINE_TEXT
#undef ENGINE_LIST
#undef ENGINE_BOOL
#undef ENGINE_WORD
#undef ENGINE_VOID
	ENGINE_ROW_LIMITS,
	ENGINE_ROW_COUNT = ENGINE_ROW_LIMITS + LIMIT_COUNT
};

struct engine_settings {
	char *name;      /* owned, like all texts here; NULL: what a section antivirus says for all engines in it */
	char *antivirus; /* title of that section; NULL: the engine that there is without a configuration */
	enum engine_kind kind;
	unsigned line; /* of its block */
#define ENGINE_NUMBER(scope, key, unit, min, max, def, text) uint64_t key;
#define ENGINE_TEXT(scope, key, def, text)                   char *key;
#define ENGINE_LIST(scope, key, def, text)                   char **key; /* NULL-terminated */
#define ENGINE_BOOL(scope, key, def, text)                   bool key;
#define ENGINE_WORD(scope, key, words, def, text)            unsigned key; /* place among the words */
#define ENGINE_VOID(scope, key, text)                        char *key;
#include "verdict/engine_settings.def"
#undef ENGINE_NUMBER
#undef ENGINE_TEXT
#undef ENGINE_LIST
#undef ENGINE_BOOL
#undef ENGINE_WORD
#undef ENGINE_VOID
	struct limits limits;             /* `set`: by the file; `timeout` is for both kinds */
	unsigned lines[ENGINE_ROW_COUNT]; /* where the value was set, in the file; 0: it is the default */
};

/* All of them, in the order of the file: that in which they scan. */
struct engines_settings {
	bool configured; /* there is a section antivirus; else one engine `csapi` with all its defaults */
	struct engine_settings *engines;
	uint32_t engine_count;
	struct engine_settings *antivirus; /* the sections around them: `antivirus` is the title, and no name */
	uint32_t antivirus_count;
	struct engine_settings global; /* the section csapi {} of the file: enabled and debug_level */
};
#define ENGINES_MAX 64u
/* Characters of an engine's name; a longer one is EC_AV_NAME_TOO_LONG (the CSAPI module's own figure). */
#define ENGINE_NAME_MAX 40u

/* "csapi" or "clamav": the word of the block. */
const char *engine_kind_word(enum engine_kind kind);
/* The rows that a block of this kind takes, or those of a section antivirus (ENGINE_KIND_COUNT), or of the global section csapi. */
const struct setting *engine_settings_rows(enum engine_kind kind, size_t *ret_count);
const struct setting *engine_global_rows(size_t *ret_count);
/* The number of a row of these tables, for `lines`. */
unsigned engine_settings_row(const struct setting *row);
/* Why a value has no effect on an engine of that kind (ENGINE_KIND_COUNT: on any); NULL: it has one. Static. */
const char *engine_settings_void(enum engine_kind kind, const struct setting *row);

/* Nothing configured. 0 or -ENOMEM (nothing is left to free then). */
int engines_settings_init(struct engines_settings *ret_settings);
void engines_settings_free(struct engines_settings *settings);
/* The section of that title, or the engine of that name and kind in it, made with defaults where there is none; valid until the next is made. 0; -EINVAL,
 * -EEXIST or -E2BIG with why; -ENOMEM. */
int engines_settings_antivirus(struct engines_settings *settings, const char *title, struct engine_settings **ret,
			       struct why *why);
int engines_settings_engine(struct engines_settings *settings, const char *title, enum engine_kind kind,
			    const char *name, struct engine_settings **ret, struct why *why);
/*
 * When all was read: what a section says goes to the engines in it that do not say it themselves, and so does the global section; without a
 * section antivirus there is the one engine. 0; -ENOMEM; -EINVAL with why and the line (0: of no one in particular) of what contradicts itself.
 */
int engines_settings_settle(struct engines_settings *settings, unsigned *ret_line, struct why *why);

/* The csapi engine of that name, NULL: the first one, which need not be there (*ret_engine is NULL then). Borrowed. 0, or -ENOENT with why: nobody has that name. */
int engines_settings_csapi(const struct engines_settings *settings, const char *name,
			   const struct engine_settings **ret_engine, struct why *why);

/* How many characters; bytes that are no UTF-8 count as one each. */
size_t engine_name_length(const char *name);
/* Its context variable; "csapi_status" or "clamav_status" where none is set. Borrowed. */
const char *engine_context_variable(const struct engine_settings *engine);

#endif
