/*
 * limits_tree.h - the parts of a message, drawn as a tree. Inside lib/format only.
 */
#ifndef CSAPI_FORMAT_LIMITS_TREE_H
#define CSAPI_FORMAT_LIMITS_TREE_H

#include "format/limits_text.h"
#include "format/text.h"

/* Adds a line for each part: id, type, size, depth, and the codes about it; then what belongs to no part that is listed. */
void limits_tree_add(struct text *text, const struct report *report, const struct limits_text_options *options);

#endif
