/*
 * request.c - what a client asks for; see request.h.
 */
#include "verdict/request.h"

#include "base/utf8.h"

#include <string.h>

void request_init(struct request *ret_request)
{
	*ret_request = (struct request){0};
	limits_defaults(&ret_request->limits);
}

bool request_part_valid(const char *id)
{
	if (strlen(id) > REQUEST_PART_MAX || !utf8_valid(id))
		return false;
	/* Steps with single dots between them: a number, or "stray" and a number. */
	for (const char *step = id;; step++) {
		if (strncmp(step, PART_STRAY, sizeof PART_STRAY - 1) == 0)
			step += sizeof PART_STRAY - 1;
		size_t digits = strspn(step, "0123456789");
		if (!digits)
			return false;
		step += digits;
		if (*step != '.')
			return *step == '\0' || (*step == '/' && step[1] != '\0');
	}
}
