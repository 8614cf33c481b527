/*
 * report.h - all that became known about one message, and how it settles into one status and one code.
 *
 * A report is filled by events, in the order in which the worker meets them: parts, codes, viruses, stages, usage. The
 * worker sends the same events over the wire, so that a report cut short by the worker's death still holds all
 * that was known before. Pure value: no I/O. Called by the worker, the supervisor and the client.
 */
#ifndef CSAPI_VERDICT_REPORT_H
#define CSAPI_VERDICT_REPORT_H

#include "verdict/evasion.h"
#include "verdict/limits.h"
#include "verdict/part_id.h"
#include "verdict/request.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stdint.h>

/* What a part is in the tree. */
enum part_kind {
#define PART_KIND(name, word, text) PART_##name,
#include "verdict/part.def"
#undef PART_KIND
	PART_KIND_COUNT
};

/* By which route the bytes of a part were seen. */
enum part_route {
#define PART_ROUTE(name, word, text) ROUTE_##name,
#include "verdict/part.def"
#undef PART_ROUTE
	PART_ROUTE_COUNT
};

/* Where the password came from that opened the encrypted archive that a part lies in. */
enum part_password {
	PASSWORD_NONE, /* none was needed */
#define PART_PASSWORD(name, word, text) PASSWORD_##name,
#include "verdict/part.def"
#undef PART_PASSWORD
	PART_PASSWORD_COUNT
};

/* What the worker is at. */
enum scan_stage {
#define SCAN_STAGE(name, word, text) STAGE_##name,
#include "verdict/part.def"
#undef SCAN_STAGE
	SCAN_STAGE_COUNT
};

/* Most parts a report lists; parts beyond it are scanned and counted in parts_omitted, and have no row. */
#define REPORT_PARTS_MAX 20000u
/* Most codes and most viruses a report lists; further ones still settle, and are counted. */
#define REPORT_FINDINGS_MAX 10000u
/* Likewise for evasions, which settle nothing. */
#define REPORT_EVASIONS_MAX 1000u
/*
 * Bytes that the parts, codes, viruses and evasions of one report may take in a document, every character in its longest form: 5000
 * names of 1 KiB must not make it longer than a frame (64 MiB) and so hide what was found. What goes beyond is omitted.
 */
#define REPORT_PARTS_ROOM    (40u << 20)
#define REPORT_CODES_ROOM    (10u << 20)
#define REPORT_VIRUSES_ROOM  (8u << 20)
#define REPORT_EVASIONS_ROOM (2u << 20)
/* Longest stored text (name, type, virus, detail), in bytes without the NUL. */
#define REPORT_TEXT_MAX 1023

/* What is told with AVS_RESULT_SCANNER_NOT_INITIALIZED where nobody asked for a scan (`measure`, `extract`). */
#define REPORT_WALKED_TEXT "taken apart without a scan"

#define REPORT_NO_PART UINT32_MAX

struct part {
	uint32_t number; /* 0 is the input itself; a parent's number is lower than its children's */
	uint32_t parent; /* REPORT_NO_PART for number 0 */
	enum part_kind kind;
	enum part_route route;
	char *id;            /* unique in the report; "0" for the input itself */
	char *name;          /* file name as given, clean UTF-8; NULL: none */
	char *mime_type;     /* as declared by the message, lower case; NULL: not a MIME part */
	char *detected_type; /* what the bytes are; NULL: not looked at */
	uint64_t size;       /* bytes really seen */
	enum part_password password;
	bool written; /* they were written to the file of the message, from: */
	uint64_t offset;
	bool has_sha256;
	uint8_t sha256[32];
	/* settled: */
	enum ec_av_status status;
	enum scan_code code;
};

struct code_found {
	enum scan_code code;
	uint32_t part;
	char *text; /* what exactly, for people; NULL: the row's text says it all */
};

struct virus_found {
	char *name; /* without ".UNOFFICIAL" */
	uint32_t part;
	bool official; /* from a signed set */
};

/* Something in a part is built to slip past scanners. */
struct evasion_found {
	enum evasion evasion;
	uint32_t part;
	char *text; /* what exactly, for people, or the row's text; never NULL */
};

struct usage {
	uint64_t depth;      /* deepest container opened */
	uint64_t files;      /* parts met */
	uint64_t largest;    /* bytes of the largest part extracted */
	uint64_t cumulative; /* bytes of all parts extracted */
	uint64_t extract_ms; /* longest time for one archive */
	uint64_t scan_ms;    /* from the start of the worker's task to its end */
};

/* Who looked, and with what. Owned texts, NULL where unknown. */
struct facts {
	char *engine_version;     /* "ClamAV 1.4.6" */
	char *decomposer_version; /* "libarchive 3.6.2, GMime 3.2.13" */
	char *definitions_source; /* the directory */
	char *definitions_version; /* YYYYMMDD.NNN: day of the newest build or file, and the official daily version or 0 */
	int64_t definitions_built; /* see definition_built_add, seconds since 1970; 0: unknown */
	uint64_t definitions_signatures;
	bool definitions_shipped; /* the small set that comes with csapi, not a real one */
};

struct report {
	/* settled: */
	enum ec_av_status status;
	enum scan_code code;
	char *info;         /* virus name, or text and part; "" when clean */
	const char *engine; /* static; NULL unless a virus was found */

	struct part *parts;
	uint32_t part_count, part_room, parts_omitted;
	uint32_t omitted_unseen; /* of the parts omitted, those that no route was told of yet */
	size_t parts_cost;       /* bytes of REPORT_PARTS_ROOM taken; likewise below */
	struct code_found *codes;
	uint32_t code_count, code_room, codes_omitted;
	size_t codes_cost;
	enum scan_code worst; /* of all that are more than information, omitted ones too */
	struct virus_found *viruses;
	uint32_t virus_count, virus_room, viruses_omitted;
	size_t viruses_cost;
	struct evasion_found *evasions;
	uint32_t evasion_count, evasion_room, evasions_omitted;
	size_t evasions_cost;

	struct limits limits; /* in force */
	struct usage usage;
	struct facts facts;
	enum scan_stage stage; /* the last one entered */
	uint32_t stage_part;
	bool complete;       /* the worker said that it was done */
	bool wire;           /* dots were undone */
	bool cached;         /* said before, about the same bytes */
	int64_t started;     /* wall clock, seconds; 0: never */
	uint64_t total_ms;   /* from the request's arrival to the verdict */
	unsigned attempts;   /* workers that were given the message */
	struct part_ids ids; /* of the parts; private to report.c */
};

void report_init(struct report *ret_report);
void report_free(struct report *report);

/*
 * Events. Strings are copied, and cut at REPORT_TEXT_MAX. All return 0, -ENOMEM, or -EINVAL for what an honest worker
 * never sends: a number that is not the next one, an unknown parent, a duplicate id, a value out of its enumeration.
 */
int report_part(struct report *report, const struct part *part);
int report_route(struct report *report, uint32_t part, enum part_route route);
int report_code(struct report *report, uint32_t part, enum scan_code code, const char *text);
int report_virus(struct report *report, uint32_t part, const char *name, bool official);
/* Information: the verdict of a paranoid scan comes from the viruses that go with it. Each once for a part. */
int report_evasion(struct report *report, uint32_t part, enum evasion evasion, const char *text);
int report_stage(struct report *report, enum scan_stage stage, uint32_t part);
int report_usage(struct report *report, const struct usage *usage);

/* Takes over the texts of `facts` by copy. */
int report_facts(struct report *report, const struct facts *facts);
void facts_free(struct facts *facts);
int facts_copy(struct facts *to, const struct facts *from);

/*
 * Settles the report and every part: a virus wins; else the worst code that is not information gives code and status;
 * else it is clean, provided that the report is complete and has a part 0 and every part was seen by some route. An
 * incomplete report without a code settles as DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, an unseen part as
 * DEC_RESULT_FILE_EXTRACT_FAILED, one that was only walked as AVS_RESULT_SCANNER_NOT_INITIALIZED. A status given by report_refuse
 * stays. 0 or -ENOMEM (it is EC_AV_ERROR then).
 */
int report_settle(struct report *report);

/* For a request that ends without a scan: one of the statuses no code leads to (EC_AV_PART_IS_CONTAINER, ...). */
int report_refuse(struct report *report, enum ec_av_status status, const char *info);

const char *part_kind_word(enum part_kind kind);
const char *part_route_word(enum part_route route);
const char *part_route_text(enum part_route route);
/* For all but PASSWORD_NONE. */
const char *part_password_word(enum part_password password);
const char *part_password_text(enum part_password password);
const char *scan_stage_word(enum scan_stage stage);
int part_kind_find(const char *word, enum part_kind *ret);
int part_route_find(const char *word, enum part_route *ret);
int part_password_find(const char *word, enum part_password *ret);
int scan_stage_find(const char *word, enum scan_stage *ret);

#endif
