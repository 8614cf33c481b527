/*
 * cd_sectors.c - sectors of a CD as they lie on it (.bin): the data of a disc without what the drive needs (ECMA-130, 14; mode 2: IEC 10149, XA).
 *
 * Sound has no such sectors, and ends the data. Check sums are not looked at. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#define MODE        15u
#define SUBMODE     18u
#define FORM_2      0x20u
#define DATA_SIZE   2048u
#define FORM_2_SIZE 2324u

void cd_sectors_walk(struct walk *walk)
{
	size_t step = mark_cd_step(walk->data, walk->size), at = 0;
	struct member member;
	bool wanted = true;
	if (!member_begin(walk, &member, "", 0, true))
		return;
	for (; wanted && at < walk->size && walk->size - at >= MARK_CD_SECTOR &&
	       mark_cd_sector(walk->data, walk->size, at);
	     at += step) {
		const uint8_t *sector = walk->data + at;
		bool second = sector[MODE] == 2, long_form = second && sector[SUBMODE] & FORM_2;
		wanted = member_append(walk, &member, sector + (second ? 24 : 16), long_form ? FORM_2_SIZE : DATA_SIZE);
	}
	/* Sound may follow, in as large pieces. */
	if (wanted && walk->size % step)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short in a sector");
	member_end(walk, &member);
}
