/*
 * order.h - what a plan wants removed: which order stands for some content, and what came of it.
 *
 * Called by the other files of the editor.
 */
#ifndef CSAPI_SCAN_REPAIR_ORDER_H
#define CSAPI_SCAN_REPAIR_ORDER_H

#include "scan/repair/edit.h"
#include "scan/repair/note.h"

#include <stdint.h>

#define ORDER_NONE UINT32_MAX

/* The order for this content, or ORDER_NONE; one that removes goes before one that holds. 0, -ENOMEM or -EIO. */
int order_find(const struct editor *editor, const uint8_t *data, size_t size, uint32_t *ret_order);
/* The order for a part without content, by its section; or ORDER_NONE. */
uint32_t order_find_section(const struct editor *editor, const char *section);
/* It is gone, with its twins and with all that lies in it; the signatures around it are broken. 0 or -ENOMEM. */
int order_resolve(struct editor *editor, uint32_t number, enum repair_means means);
/* Is all gone that the plan wants removed? */
bool order_all_resolved(const struct editor *editor);
/* Tells why what is around it goes along; `error` as from a buffer or a rewrite. 0 or -ENOMEM. */
int order_trouble(struct editor *editor, uint32_t order, int error, const char *text);
/* The note that stands in its place. It borrows of the editor. */
struct note order_note(const struct editor *editor, uint32_t order);

#endif
