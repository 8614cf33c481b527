/*
 * activemime.c - ActiveMime, what Word makes of the macros and objects of a page of HTML or MHTML (editdata.mso): a header, and an OLE2 document
 * packed by zlib.
 *
 * The format is not published. Where the stream begins stands in the header; Word and the tools that read such files know two more places.
 * Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

/* The length of what follows it in the header, and where that begins. */
#define LENGTH_AT 0x1Eu
#define HEADER    0x2Eu
/* Of short headers, and of those with a text in them. */
#define USUAL   0x32u
#define UNUSUAL 0x22Au

/* Does a zlib stream (RFC 1950, 2.2) begin there? */
static bool begins(const struct walk *walk, size_t at)
{
	if (at > walk->size || walk->size - at < 2)
		return false;
	unsigned method = walk->data[at], flags = walk->data[at + 1];
	return (method & 15) == 8 && (method << 8 | flags) % 31 == 0;
}

void activemime_walk(struct walk *walk)
{
	size_t named = walk->size >= HEADER ? HEADER + (size_t)mark_le16(walk->data + LENGTH_AT) : USUAL;
	const size_t places[] = {named, USUAL, UNUSUAL};
	struct member member;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!begins(walk, places[i]))
			continue;
		if (!member_begin(walk, &member, "", 0, true))
			return;
		(void)member_append(walk, &member, walk->data + places[i], walk->size - places[i]);
		stream_undo(walk, &member, STREAM_ZLIB);
		member_end(walk, &member);
		return;
	}
	walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "no stream was found in it");
}
