/*
 * repair.h - what is to be removed from a message, and what was: the words between who judges a message and who rewrites it.
 *
 * A plan is made of a report, and travels to the worker as lines of text behind the message; what the worker did comes back the same way, behind the
 * repaired message. Both sides read with caps, and believe nothing. Pure values: no I/O. Called by lib/engine and by lib/scan.
 */
#ifndef CSAPI_VERDICT_REPAIR_H
#define CSAPI_VERDICT_REPAIR_H

#include "base/buffer.h"
#include "verdict/repair_level.h"
#include "verdict/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum repair_reason {
#define REPAIR_REASON(name, word, text) REPAIR_##name,
#include "verdict/repair.def"
#undef REPAIR_REASON
	REPAIR_REASON_COUNT
};

enum repair_means {
#define REPAIR_MEANS(name, word, text) REPAIR_MEANS_##name,
#include "verdict/repair.def"
#undef REPAIR_MEANS
	REPAIR_MEANS_COUNT
};

enum repair_signature {
#define REPAIR_SIGNATURE(name, word, text) REPAIR_SIGNATURE_##name,
#include "verdict/repair.def"
#undef REPAIR_SIGNATURE
	REPAIR_SIGNATURE_COUNT
};

/* Orders of one plan; a message with more of them loses its body. */
#define REPAIR_ORDERS_MAX 4096u
/* Bytes of a plan, or of an outcome, as text. */
#define REPAIR_TEXT_MOST (8u << 20)
/* Longest name, id or cause in it, in bytes. */
#define REPAIR_FIELD_MOST 1023u

/* One part of the message, which is to be removed or holds one that is. Owned texts. */
struct repair_order {
	bool remove; /* false: something in it is to be removed */
	enum repair_reason reason;
	bool has_sha256; /* of its content, by which it is recognised; else by its id, a section number; "0": nobody knows what it is */
	uint8_t sha256[32];
	uint64_t size;
	char *id;   /* as in the report */
	char *name; /* "": it has none */
	char *what; /* name of the virus or of the code; of what is removed first below, where it only holds that */
};

struct repair_plan {
	struct repair_order *orders;
	uint32_t count;
	bool whole; /* something is to be removed of which is not known where it lies: only the body as a whole will do */
};

/* What to remove: infected parts always. */
struct repair_policy {
	bool remove[REPAIR_REASON_COUNT];
};

/*
 * What has to be removed of the message that the report is about, with what holds it. A part in which a smaller one is to be removed is not removed
 * itself: the scan that follows tells whether that was enough. An empty plan: there is nothing to remove. 0 or -ENOMEM.
 */
int repair_plan_make(const struct report *report, const struct repair_policy *policy, struct repair_plan *ret_plan);
void repair_plan_free(struct repair_plan *plan);
/* As text, appended. 0, -ENOMEM or -EFBIG. */
int repair_plan_encode(const struct repair_plan *plan, struct buffer *buffer);
/* 0 with a plan that the caller frees; -EBADMSG; -ENOMEM. */
int repair_plan_decode(const uint8_t *text, size_t size, struct repair_plan *ret_plan);

/* What became of a message. */
struct repair_outcome {
	struct repair_done {
		uint32_t order; /* of the plan */
		enum repair_means means;
	} * done;
	uint32_t done_count, done_room;
	struct repair_trouble {
		uint32_t order;
		enum scan_code code;
		char text[160];
	} * troubles; /* why more was removed than what was to be */
	uint32_t trouble_count, trouble_room;
	bool broken[REPAIR_SIGNATURE_COUNT]; /* signatures that are no longer right */
};

void repair_outcome_free(struct repair_outcome *outcome);
/* 0 or -ENOMEM. */
int repair_outcome_done(struct repair_outcome *outcome, uint32_t order, enum repair_means means);
int repair_outcome_trouble(struct repair_outcome *outcome, uint32_t order, enum scan_code code, const char *text);
int repair_outcome_encode(const struct repair_outcome *outcome, struct buffer *buffer);
/* Of a plan with so many orders. As repair_plan_decode. */
int repair_outcome_decode(const uint8_t *text, size_t size, uint32_t orders, struct repair_outcome *ret_outcome);

/* How the repair of one message ended. */
enum repair_end {
	REPAIR_UNCHANGED, /* there is nothing to remove: the message is passed on as it came */
	REPAIR_DONE,
	REPAIR_FAILED, /* nothing may be passed on */
	REPAIR_END_COUNT
};

struct repair_removed {
	struct repair_order order; /* owned texts */
	enum repair_means means;
	unsigned round; /* from 1; the id is of the message that this round began with */
};

/* What whoever asked for a repair is told. */
struct repair_result {
	enum repair_end end;
	enum scan_code code; /* while REPAIR_FAILED */
	char text[256];      /* likewise, for people; and where it failed on the way */
	unsigned rounds;     /* messages written and scanned again */
	bool judged;         /* the last of them was: */
	enum ec_av_status status;
	enum scan_code rescan_code;
	struct repair_removed *removed;
	uint32_t removed_count, removed_room;
	struct repair_trouble *troubles; /* their orders are of no more use */
	char **trouble_ids;
	uint32_t trouble_count, trouble_room;
	bool broken[REPAIR_SIGNATURE_COUNT];
	bool measured; /* size and digest of the repaired message are known */
	uint64_t size;
	uint8_t sha256[32];
};

void repair_result_free(struct repair_result *result);
/* Adds what one round did. 0 or -ENOMEM. */
int repair_result_add(struct repair_result *result, const struct repair_plan *plan,
		      const struct repair_outcome *outcome, unsigned round);
/* How many viruses were removed. */
uint32_t repair_result_cured(const struct repair_result *result);
/* Nothing is passed on, for this reason. */
void repair_result_fail(struct repair_result *result, enum scan_code code, const char *text);
const char *repair_end_word(enum repair_end end);

/* The reason for which a code is removed, REPAIR_REASON_COUNT: it is no reason. */
enum repair_reason repair_reason_of(enum scan_code code);
/* The code for what was removed for this reason; of a virus there is none. */
enum scan_code repair_deleted_code(enum repair_reason reason);

const char *repair_reason_word(enum repair_reason reason);
const char *repair_reason_text(enum repair_reason reason);
const char *repair_level_word(enum repair_level level); /* NULL: none */
const char *repair_means_word(enum repair_means means);
const char *repair_signature_word(enum repair_signature signature);
const char *repair_signature_text(enum repair_signature signature);
/* -EINVAL: it is none. */
int repair_reason_find(const char *word, size_t length, enum repair_reason *ret);
int repair_level_find(const char *word, enum repair_level *ret);

#endif
