/*
 * name_list.c - names that end in NUL; see name_list.h. Called by input.c.
 */
#include "name_list.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct name_list {
	FILE *file;
	unsigned long count;
	char name[PATH_MAX];
};

int name_list_open(const char *path, struct name_list **ret_list, struct why *why)
{
	struct name_list *list = calloc(1, sizeof *list);
	if (!list)
		return why_set(why, -ENOMEM, "there is no memory left to read the list of names");
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	list->file = fd < 0 ? NULL : fdopen(fd, "r");
	if (list->file) {
		*ret_list = list;
		return 0;
	}
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	free(list);
	return why_errno(why, -error, "cannot open the list of names");
}

int name_list_next(struct name_list *list, const char **ret_name, struct why *why)
{
	size_t used = 0;
	bool cut = false;
	int byte;
	errno = 0;
	while ((byte = getc(list->file)) != EOF && byte != '\0') {
		if (used + 1 < sizeof list->name)
			list->name[used++] = (char)byte;
		else
			cut = true;
	}
	if (byte == EOF && ferror(list->file))
		return why_errno(why, errno ? -errno : -EIO, "cannot read the list of names");
	if (byte == EOF && used == 0)
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
	(void)fclose(list->file);
	free(list);
}
