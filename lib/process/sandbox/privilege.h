/*
 * privilege.h - lets go of root, of capabilities, and of ways to get them back. For good. Called by sandbox.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_PRIVILEGE_H
#define CSAPI_PROCESS_SANDBOX_PRIVILEGE_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Becomes that user and group, with no other groups. 0; -errno with why: nothing has changed, or, with *ret_half, something
 * has and the process must not go on.
 */
int privilege_drop(uid_t user, gid_t group, bool *ret_half, struct why *why);
/* No new privileges, no capability, no core and no tracer from outside; inherited over forks. 0 or -errno with why. */
int privilege_forget(struct why *why);

#endif
