/*
 * opening.h - what lies in a container becomes parts below it, each of which is scanned, and opened in turn.
 *
 * Most containers archive.c opens; of those that only the engine does, it gives what has to be looked into here. Called by node.c.
 */
#ifndef CSAPI_SCAN_OPENING_H
#define CSAPI_SCAN_OPENING_H

#include "scan/node.h"

/*
 * The members of an archive, or the content of a stream; its depth is allowed. `again`: it was opened as another format before. 0, or the walk's
 * error.
 */
int opening_archive(struct walk *walk, const struct node *node, enum detect_format format, bool again);
/*
 * What the engine took out of these bytes, which it was given before (a node that is only on the way to the part asked for it is given now).
 * `digest` is theirs. 0, or the walk's error.
 */
int opening_layers(struct walk *walk, const struct node *node, const struct detection *detection,
		   const uint8_t digest[DIGEST_SIZE]);

/*
 * Does that archive lie in a stream of an OLE2 file, and the engine took it out? There its sectors may stand in any order, so that what is read of
 * it in the file as a whole need not be what it is: opening_layers gives it as the engine put it together. Not so an archive behind the file.
 */
bool opening_in_stream(const struct walk *walk, const struct node *node, const struct detection *detection,
		       enum detect_format format, const uint8_t digest[DIGEST_SIZE]);

#endif
