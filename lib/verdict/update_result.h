/*
 * update_result.h - what one run of an update came to: a plain value. Filled by lib/update, written by lib/format, shown by cmd/update/.
 */
#ifndef CSAPI_VERDICT_UPDATE_RESULT_H
#define CSAPI_VERDICT_UPDATE_RESULT_H

#include "verdict/update.h"

#include <stdbool.h>
#include <stdint.h>

enum update_task {
	UPDATE_RUN,
	UPDATE_CHECK,    /* is there something newer? */
	UPDATE_DRY_RUN,  /* and what would be done about it? */
	UPDATE_ROLLBACK, /* back to the set before */
	UPDATE_TASK_COUNT
};

/* What one database or feed came to. Texts are owned. */
struct update_part {
	char name[DEFINITION_NAME_MAX];
	bool feed;
	enum update_outcome outcome;
	enum scan_code code;            /* LIC_..., else SCAN_CODE_NONE */
	uint32_t before, after, remote; /* versions, 0: none or unknown */
	uint64_t bytes;                 /* over the network */
	bool incremental;
	uint32_t http;
	int64_t retry_at;
	char *source; /* where it came from, as people may see it; may be NULL */
	char *text;   /* one line; may be NULL */
};

struct update_result {
	enum update_task task;
	enum update_outcome outcome;
	enum scan_code code; /* of the parts, the worst; SCAN_CODE_NONE */
	char text[512];      /* one clear line */
	bool damaged;        /* the set in use was, and the line says so */
	char directory[512];
	char before[32], after[32]; /* YYYYMMDD.NNN of the set in use; "" none */
	char before_id[64], after_id[64];
	struct update_part *parts;
	uint32_t part_count;
	struct definition_set set;         /* in use now */
	uint64_t space_needed, space_free; /* bytes; 0: not computed */
	int64_t started, finished;
	int64_t next; /* when it makes sense to try again; 0: as configured */
	uint64_t pruned;
	struct {
		bool asked, running, done; /* told to reload; one runs; it uses the new set */
		bool unheard;              /* it runs, and could not be told */
		char version[32];          /* what it uses now; "" unknown */
		char text[256];
	} scanner;
};

void update_result_free(struct update_result *result);
/* "run", "check", "dry_run", "rollback". */
const char *update_task_word(enum update_task task);

#endif
