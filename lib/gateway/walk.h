/*
 * walk.h - the files that a path names: itself, or those below it, opened with the rights that we have.
 *
 * Only regular files: a FIFO or a device would hold whoever opens it. Links named by the client are followed, those met below a directory are left out.
 * Called by session.c, in a process that has the rights of its client.
 */
#ifndef CSAPI_GATEWAY_WALK_H
#define CSAPI_GATEWAY_WALK_H

#include "base/why.h"

#include <stdbool.h>

struct walk;

/* `path` is absolute. 0, or -errno with why. */
int walk_open(const char *path, struct walk **ret_walk, struct why *why);
/* Does the path name a directory? */
bool walk_is_directory(const struct walk *walk);
/* 1 with the next file, opened (the caller closes it), or -1 in its place with why; 0 at the end; -ENOMEM. The name is borrowed until the next call. */
int walk_next(struct walk *walk, const char **ret_name, int *ret_fd, struct why *why);
/* NULL is allowed. */
void walk_close(struct walk *walk);

#endif
