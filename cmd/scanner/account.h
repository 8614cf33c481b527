/*
 * account.h - the user that workers run as, when root starts the scanner. Called by serve.c.
 */
#ifndef CSAPI_CMD_SCANNER_ACCOUNT_H
#define CSAPI_CMD_SCANNER_ACCOUNT_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/types.h>

struct account {
	bool drop; /* false: workers stay who they are, for we are not root */
	uid_t user;
	gid_t group;
	char name[64];
};

/*
 * `name` NULL: csapi if there is such a user, else nobody. As another user than root only the own name is taken. 0, or -EINVAL (unknown, or root
 * itself), -EPERM, or another -errno, with why.
 */
int account_find(const char *name, struct account *ret_account, struct why *why);

#endif
