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
	size_t section = strspn(id, "0123456789.");
	if (section == 0 || strlen(id) > REQUEST_PART_MAX || !utf8_valid(id))
		return false;
	/* Digits with single dots between them. */
	for (size_t i = 0; i < section; i++) {
		bool edge = i == 0 || i + 1 == section;
		if (id[i] == '.' && (edge || id[i - 1] == '.'))
			return false;
	}
	return id[section] == '\0' || (id[section] == '/' && id[section + 1] != '\0');
}
