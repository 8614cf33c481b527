/*
 * check_json.h - what a worker found when it verified and loaded a directory of definitions, as JSON, and back.
 *
 * Written by `csapi-worker --check`, read by update and csapi-version.
 */
#ifndef CSAPI_FORMAT_CHECK_JSON_H
#define CSAPI_FORMAT_CHECK_JSON_H

#include "verdict/report.h"
#include "verdict/update.h"

#include <stdbool.h>
#include <stddef.h>

struct check {
	struct facts facts; /* of engine and decomposer always; of definitions when they were loaded */
	struct definition_set set;
	bool loaded;         /* all of it was loaded and compiled */
	bool finds_eicar;    /* the EICAR test file is a virus */
	bool harmless_clean; /* a harmless text is none */
	enum scan_code code; /* SCAN_CODE_NONE: all is well, as far as it was asked for */
	char text[512];      /* what is wrong, for people */
};

void check_free(struct check *check);
/* One line; caller frees; NULL: no memory. */
char *check_json_encode(const struct check *check);
/* 0 (check_free it), -EBADMSG, -ENOMEM. */
int check_json_decode(const char *text, size_t size, struct check *ret_check);

#endif
