/*
 * room.h - where the parts of a message are written for whoever asked for them: behind the message, in the file that it came in.
 *
 * Called by node and decompose.
 */
#ifndef CSAPI_SCAN_ROOM_H
#define CSAPI_SCAN_ROOM_H

#include <stddef.h>
#include <stdint.h>

struct room {
	int fd;      /* borrowed */
	uint64_t at; /* the next byte to write */
};

/* Cuts the file to the message: what stands behind it is from an earlier try. 0 or -errno: it cannot be written. */
int room_open(int fd, uint64_t message_size, struct room *ret_room);
/* Appends the bytes; where they begin is in *ret_offset. 0 or -errno. */
int room_write(struct room *room, const void *data, size_t size, uint64_t *ret_offset);

#endif
