/*
 * readings.h - everything in a message that another reader than GMime could get out of it.
 *
 * A broken or ambiguous message is several messages: each mail program shows its own. Beside the parts that mime found
 * come here those of the most tolerant reader (outline), other decodings of the same bytes (variant), and files that
 * stand encoded in a text (carve); what they yield is read in the same way again. Ordinary mail yields nothing here, for
 * what was found already is not decoded a second time. Called by mime.
 */
#ifndef CSAPI_SCAN_READINGS_H
#define CSAPI_SCAN_READINGS_H

#include "scan/budget.h"
#include "scan/transfer.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A body that was decoded already, and how. */
struct readings_known {
	size_t start, size;
	enum transfer transfer;
	bool text; /* a text, which may quote another message */
	bool odd;  /* its encoding is written so that not everybody knows it */
};

struct reading {
	const uint8_t *data; /* borrowed for the call */
	size_t size;
	const char *name;    /* of the file, as it stands; NULL: none */
	bool decoded;        /* not just a stretch of the message */
	bool declared;       /* by what looks like a header, and stands in no text */
	enum scan_code code; /* the limit that cut it, DEC_RESULT_OUT_OF_MEMORY, or SCAN_CODE_NONE */
};

/* More readings of one message than these are not tried; ours. */
#define READINGS_MOST 5000u

struct readings_visitor {
	/* One of them; the same bytes may come again. Not 0 ends the walk. */
	int (*reading)(void *context, const struct reading *reading);
	/* There are more of them than are tried, or there is no memory. */
	int (*code)(void *context, enum scan_code code, const char *text);
	void *context;
};

/*
 * Reads the bytes of one message; `known` in order. Never fails: trouble is a code. Charges `budget`. What a callback
 * returned to end it, else 0.
 */
int readings_message(const uint8_t *data, size_t size, const struct readings_known *known, size_t count,
		     struct budget *budget, const struct readings_visitor *visitor);

#endif
