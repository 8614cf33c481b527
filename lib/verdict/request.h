/*
 * request.h - what a client asks of the scanner for one message.
 *
 * A pure value with fixed arrays: no ownership. Made by cmd/, carried by format/request_json, read by the
 * supervisor and by the worker.
 */
#ifndef CSAPI_VERDICT_REQUEST_H
#define CSAPI_VERDICT_REQUEST_H

#include "verdict/limits.h"
#include "verdict/password_list.h"
#include "verdict/repair_level.h"

#include <stdbool.h>

/* Longest id of a part, in bytes without the NUL; longer ids are cut and numbered when they are made. */
#define REQUEST_PART_MAX 1023
/* What the number of a part begins with that lies outside the structure of its message: "stray1". */
#define PART_STRAY "stray"
/* How many parts a request can name to be left alone (see `avoid`). */
#define REQUEST_AVOID_MAX 4

struct request {
	struct limits limits;            /* only the `set` ones count, and they only tighten */
	char part[REQUEST_PART_MAX + 1]; /* id of the one part to scan; "" = the whole message */
	bool wire;                       /* the input is SMTP data: dots are doubled */
	bool first_threat;               /* stop opening a container once a virus was found in it */
	bool paranoid;                   /* mail built to slip past scanners is infected */
	bool part_by_part; /* the engine gets each MIME part by itself, also one that it reached in the whole */
	struct password_list passwords; /* to try on encrypted archives, beside the words of the message */
	bool measure;                   /* take it apart without the engine: for csapi-limits; never clean */
	/*
	 * Write the MIME parts without parts of their own, or the one part asked for, behind the message into its file, which must be writable; never clean.
	 * message_size: bytes of the message in it.
	 */
	bool extract;
	uint64_t message_size;
	/*
	 * Write the message without what the plan of orders_size bytes names, which stands behind it in its file, behind both; never clean. NONE: no repair.
	 */
	enum repair_level repair;
	uint64_t orders_size;
	uint32_t
		cured; /* viruses that were removed from it by repairs before: for the statistics, should it be without one now */
	/*
	 * Set by the supervisor when a worker died: the parts it was at, which the next one must not open or scan.
	 * avoid_whole says the same for the engine's pass over the message as a whole.
	 */
	bool avoid_whole;
	unsigned avoid_count;
	char avoid[REQUEST_AVOID_MAX][REQUEST_PART_MAX + 1];
};

void request_init(struct request *ret_request);
/*
 * Is this the id of a part in form? Not empty, at most REQUEST_PART_MAX bytes of valid UTF-8, and the first
 * segment (up to '/') made of numbers with dots between them, as in "1.2", "0" or "2.stray1".
 */
bool request_part_valid(const char *id);

#endif
