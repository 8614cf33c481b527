/*
 * room.c - parts written behind their message; see room.h.
 */
#include "scan/room.h"

#include <errno.h>
#include <unistd.h>

int room_open(int fd, uint64_t message_size, struct room *ret_room)
{
	*ret_room = (struct room){.fd = fd, .at = message_size};
	return ftruncate(fd, (off_t)message_size) < 0 ? -errno : 0;
}

int room_write(struct room *room, const void *data, size_t size, uint64_t *ret_offset)
{
	const uint8_t *from = data;
	*ret_offset = room->at;
	while (size) {
		ssize_t put = pwrite(room->fd, from, size, (off_t)room->at);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -ENOSPC;
		from += put;
		size -= (size_t)put;
		room->at += (uint64_t)put;
	}
	return 0;
}
