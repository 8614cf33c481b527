/*
 * scan_code.c - the rows of scan_code.def and ec_av_status.def as values; see scan_code.h.
 */
#include "verdict/scan_code.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PRODUCED SCAN_CODE_PRODUCED
#define UPDATE   SCAN_CODE_UPDATE
#define REPAIR   SCAN_CODE_REPAIR
#define NEVER    SCAN_CODE_NEVER
static const struct scan_code_row rows[] = {
#define SCAN_CODE(name, status, origin, text, note) {#name, status, origin, text, note},
#include "verdict/scan_code.def"
#undef SCAN_CODE
};
#undef PRODUCED
#undef UPDATE
#undef REPAIR
#undef NEVER

/* The CSAPI module documents 66 codes; a row lost or invented does not compile. */
_Static_assert(sizeof rows / sizeof *rows == 66 && SCAN_CODE_COUNT == 66, "66 scan codes");

static const struct {
	const char *name;
	int exit_status;
	const char *text;
} statuses[] = {
#define EC_AV_STATUS(name, exit_status, text) {#name, exit_status, text},
#include "verdict/ec_av_status.def"
#undef EC_AV_STATUS
};
_Static_assert(EC_AV_STATUS_COUNT == 8, "eight statuses");

const struct scan_code_row *scan_code_row(enum scan_code code)
{
	assert(code > SCAN_CODE_NONE && code < SCAN_CODE_END);
	return &rows[code - 1];
}

enum scan_code scan_code_find(const char *name)
{
	for (int i = 0; i < SCAN_CODE_COUNT; i++)
		if (strcasecmp(rows[i].name, name) == 0)
			return (enum scan_code)(i + 1);
	return SCAN_CODE_NONE;
}

const char *scan_code_name(enum scan_code code)
{
	return code == SCAN_CODE_NONE ? NULL : scan_code_row(code)->name;
}

enum scan_code scan_code_worse(enum scan_code a, enum scan_code b)
{
	if (a == SCAN_CODE_NONE || b == SCAN_CODE_NONE)
		return a == SCAN_CODE_NONE ? b : a;
	return a < b ? a : b; /* the enumeration follows the rows: most severe first */
}

int scan_code_is_information(enum scan_code code)
{
	return code != SCAN_CODE_NONE && scan_code_row(code)->status == EC_AV_CLEAN;
}

const char *ec_av_status_name(enum ec_av_status status)
{
	assert(status < EC_AV_STATUS_COUNT);
	return statuses[status].name;
}

const char *ec_av_status_text(enum ec_av_status status)
{
	assert(status < EC_AV_STATUS_COUNT);
	return statuses[status].text;
}

int ec_av_status_find(const char *name, enum ec_av_status *ret_status)
{
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++) {
		if (strcmp(statuses[i].name, name) == 0) {
			*ret_status = (enum ec_av_status)i;
			return 0;
		}
	}
	return -ENOENT;
}

int ec_av_status_exit(enum ec_av_status status)
{
	assert(status < EC_AV_STATUS_COUNT);
	return statuses[status].exit_status;
}

int ec_av_exit_worse(int a, int b)
{
	static const int order[] = {1, 2, 3, 4, 0}; /* infected, error, unscannable, not scanned by wish, clean */
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return 2;
}
