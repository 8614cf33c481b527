/*
 * scan_code.h - the scan codes and statuses of a verdict, as pure values.
 *
 * The codes are the 66 of the CSAPI module of the Momentum mail server, the statuses its eight EC_AV_ names.
 * Everything that is known of a code stands in its row of scan_code.def. Called from everywhere above.
 */
#ifndef CSAPI_VERDICT_SCAN_CODE_H
#define CSAPI_VERDICT_SCAN_CODE_H

#include <stddef.h>

/* The eight statuses, in the order of ec_av_status.def; the exit status belongs to the row. */
enum ec_av_status {
#define EC_AV_STATUS(name, exit_status, text) name,
#include "verdict/ec_av_status.def"
#undef EC_AV_STATUS
	EC_AV_STATUS_COUNT
};

enum scan_code {
	SCAN_CODE_NONE = 0,
#define SCAN_CODE(name, status, origin, text, note) name,
#include "verdict/scan_code.def"
#undef SCAN_CODE
	SCAN_CODE_END
};

#define SCAN_CODE_COUNT (SCAN_CODE_END - 1)

enum scan_code_origin {
	SCAN_CODE_PRODUCED, /* a test shows how it comes about */
	SCAN_CODE_UPDATE,   /* csapi-update produces it, and no scan does */
	SCAN_CODE_REPAIR,   /* belongs to the rewriting of messages */
	SCAN_CODE_NEVER,    /* no state of this engine corresponds to it */
};

struct scan_code_row {
	const char *name;
	enum ec_av_status status; /* EC_AV_CLEAN: information, never decides */
	enum scan_code_origin origin;
	const char *text; /* one sentence for people */
	const char *note; /* when it occurs, or why it never does */
};

/* The row of a code from 1 to SCAN_CODE_COUNT; static storage. Any other number is a programmer's mistake. */
const struct scan_code_row *scan_code_row(enum scan_code code);

/* The code with that name, in any case of letters; SCAN_CODE_NONE if there is none. */
enum scan_code scan_code_find(const char *name);

/* The name of a code; NULL for SCAN_CODE_NONE. */
const char *scan_code_name(enum scan_code code);

/* The more severe of two codes: the one whose row stands first. SCAN_CODE_NONE gives way to any other. */
enum scan_code scan_code_worse(enum scan_code a, enum scan_code b);

/* Information only: such a code is listed, and decides nothing. */
int scan_code_is_information(enum scan_code code);

const char *ec_av_status_name(enum ec_av_status status);
const char *ec_av_status_text(enum ec_av_status status);
/* 0 and the status, or -ENOENT. */
int ec_av_status_find(const char *name, enum ec_av_status *ret_status);
/* The exit status of csapi-scan for one message: 0 clean, 1 infected, 2 error, 3 unscannable. */
int ec_av_status_exit(enum ec_av_status status);
/* The exit status for several messages: infected before error before unscannable before clean. */
int ec_av_exit_worse(int a, int b);

#endif
