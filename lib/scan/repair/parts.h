/*
 * parts.h - the parts of a message, without what is to be removed from them.
 *
 * Called by mail.c and editor.c.
 */
#ifndef CSAPI_SCAN_REPAIR_PARTS_H
#define CSAPI_SCAN_REPAIR_PARTS_H

#include "scan/repair/edit.h"
#include "scan/repair/entity.h"
#include "scan/repair/patch.h"

/* Bytes of the number of a part, with its NUL. */
#define PARTS_SECTION_MOST 256u

/*
 * Adds to the patches what has to change in the parts of a multipart; `section` is what their numbers begin with, NULL: they have none. 0 or a negative
 * errno; -EFBIG: there is no room.
 */
int parts_edit(struct editor *editor, const struct lines *lines, const struct entity *entity, const char *section,
	       struct patches *patches);
/* Likewise in an entity, whatever it is, whose own number `section` is. */
int parts_edit_one(struct editor *editor, const struct lines *lines, const struct entity *entity, const char *section,
		   struct patches *patches);
/* Likewise, with the parts in which something stands that no part is, by this editor's reading: they go as they are. */
int parts_edit_hidden(struct editor *editor, const struct lines *lines, const struct entity *entity,
		      struct patches *patches);
/* Tells which signatures the part is about, for all that is removed from now on. */
void parts_note_signature(struct editor *editor, const struct entity *entity);

#endif
