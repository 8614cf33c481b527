/*
 * mail.h - a message without what is to be removed from it.
 *
 * Called by editor.c, and by parts.c and content.c for a message in another.
 */
#ifndef CSAPI_SCAN_REPAIR_MAIL_H
#define CSAPI_SCAN_REPAIR_MAIL_H

#include "scan/repair/edit.h"
#include "scan/repair/entity.h"
#include "scan/repair/patch.h"

#include <stdint.h>

/* Adds to the patches what has to change in the message at these offsets. `section`: its number, "" for the input; NULL: none. As parts_edit. */
int mail_edit(struct editor *editor, const struct lines *lines, size_t start, size_t end, const char *section,
	      struct patches *patches);
/* A note in place of the body. `order` ORDER_NONE: for all of the plan. 0 or a negative errno. */
int mail_replace_body(struct editor *editor, const struct lines *lines, const struct entity *entity, uint32_t order,
		      struct patches *patches);

#endif
