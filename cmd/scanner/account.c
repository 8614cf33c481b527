/*
 * account.c - looks up the user that workers run as; see account.h. Refuses root.
 */
#include "account.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_MOST 16384 /* bytes of one user's entry; sysconf proposes 1024 */

/* 0, -ENOENT, or another -errno. */
static int look_up(const char *name, struct account *ret_account)
{
	struct passwd entry, *found = NULL;
	char *room = malloc(ENTRY_MOST);
	if (!room)
		return -ENOMEM;
	int error = getpwnam_r(name, &entry, room, ENTRY_MOST, &found);
	if (found) {
		*ret_account = (struct account){.drop = true, .user = entry.pw_uid, .group = entry.pw_gid};
		(void)snprintf(ret_account->name, sizeof ret_account->name, "%s", name);
	}
	free(room);
	/* Which errno stands for "no such user" depends on where users are kept. */
	return found ? 0 : error == ENOMEM || error == ERANGE || error == EMFILE || error == ENFILE ? -error : -ENOENT;
}

/* As an ordinary user there is nothing to choose. */
static int check_own(const char *name, struct account *ret_account, struct why *why)
{
	struct account account;
	if (name && (look_up(name, &account) || account.user != geteuid()))
		return why_set(why, -EPERM,
			       "--user=%.32s takes root: workers run as the user who starts the scanner; leave it out",
			       name);
	*ret_account = (struct account){.drop = false};
	return 0;
}

int account_find(const char *name, struct account *ret_account, struct why *why)
{
	if (geteuid() != 0)
		return check_own(name, ret_account, why);
	int error = look_up(name ? name : "csapi", ret_account);
	if (error == -ENOENT && !name)
		error = look_up("nobody", ret_account);
	if (error == -ENOENT)
		return why_set(why, -EINVAL,
			       "there is no user %.32s; make one that owns nothing, or name another with --user",
			       name ? name : "csapi or nobody");
	if (error)
		return why_errno(why, error, "cannot look up the user for workers");
	if (ret_account->user == 0 || ret_account->group == 0)
		return why_set(why, -EINVAL, "--user=%.32s has the rights of root; name a user that owns nothing",
			       name);
	return 0;
}
