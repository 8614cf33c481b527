/*
 * account.c - the owner of the directory of definitions; see account.h. Refuses one whom the system does not know.
 */
#include "account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void update_account_leave(bool entered)
{
	if (entered && (setresuid(0, 0, 0) < 0 || setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0))
		abort(); /* neither root nor the owner */
}

int update_account_enter(const char *directory, bool *ret_entered, struct why *why)
{
	struct stat status;
	*ret_entered = false;
	/* What is not there yet is made, and is root's. */
	if (geteuid() != 0 || stat(directory, &status) < 0 || status.st_uid == 0)
		return 0;
	const struct passwd *owner = getpwuid(status.st_uid);
	if (!owner)
		return why_set(
			why, -EINVAL,
			"%s belongs to user %ju, whom the system does not know; give it to one who is to update it",
			directory, (uintmax_t)status.st_uid);
	/* execve(2) makes the saved ids those in effect. */
	if (initgroups(owner->pw_name, owner->pw_gid) < 0 || setresgid(owner->pw_gid, owner->pw_gid, 0) < 0 ||
	    setresuid(owner->pw_uid, owner->pw_uid, 0) < 0) {
		int error = -errno;
		update_account_leave(true);
		return why_errno(why, error, "cannot update %s as its owner %s", directory, owner->pw_name);
	}
	*ret_entered = true;
	return 0;
}
