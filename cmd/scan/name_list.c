/*
 * name_list.c - names that end in NUL; see name_list.h. Called by input.c.
 */
#include "name_list.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP 65536 /* bytes a read */

struct name_list {
	int fd;
	unsigned long count;
	size_t at, end; /* of what was read and not yet taken */
	char step[STEP];
	char name[PATH_MAX];
};

int name_list_open(const char *path, struct name_list **ret_list, struct why *why)
{
	struct name_list *list = calloc(1, sizeof *list);
	if (!list)
		return why_set(why, -ENOMEM, "there is no memory left to read the list of names");
	list->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (list->fd >= 0) {
		*ret_list = list;
		return 0;
	}
	int error = errno;
	free(list);
	return why_errno(why, -error, "cannot open the list of names");
}

bool name_list_ready(const struct name_list *list)
{
	struct pollfd state = {.fd = list->fd, .events = POLLIN};
	return memchr(list->step + list->at, '\0', list->end - list->at) || poll(&state, 1, 0) > 0;
}

/* The next byte; -1 at the end, -1 - errno when reading failed. */
static int next_byte(struct name_list *list)
{
	while (list->at == list->end) {
		ssize_t got = read(list->fd, list->step, sizeof list->step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -1 : -1 - errno;
		list->at = 0;
		list->end = (size_t)got;
	}
	return (unsigned char)list->step[list->at++];
}

int name_list_next(struct name_list *list, const char **ret_name, struct why *why)
{
	size_t used = 0;
	bool cut = false;
	int byte;
	while ((byte = next_byte(list)) > 0) {
		if (used + 1 < sizeof list->name)
			list->name[used++] = (char)byte;
		else
			cut = true;
	}
	if (byte < -1)
		return why_errno(why, byte + 1, "cannot read the list of names");
	if (byte == -1 && used == 0)
		return 0;
	list->name[used] = '\0';
	list->count++;
	*ret_name = list->name;
	if (cut)
		(void)why_set(why, 0, "the name is longer than any path (%d bytes)", PATH_MAX - 1);
	return 1;
}

unsigned long name_list_count(const struct name_list *list)
{
	return list->count;
}

void name_list_close(struct name_list *list)
{
	if (!list)
		return;
	fd_close(&list->fd);
	free(list);
}
