/*
 * privilege.c - users and capabilities; see privilege.h. Refuses to believe a change of user that can be undone.
 */
#include "process/sandbox/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int privilege_drop(uid_t user, gid_t group, bool *ret_half, struct why *why)
{
	*ret_half = false;
	if (user == 0 || group == 0)
		return why_set(why, -EINVAL, "user or group is root's");
	if (setgroups(0, NULL) < 0)
		return why_errno(why, -errno, "setgroups");
	*ret_half = true;
	if (setresgid(group, group, group) < 0)
		return why_errno(why, -errno, "setresgid");
	if (setresuid(user, user, user) < 0)
		return why_errno(why, -errno, "setresuid");
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return why_set(why, -EPERM, "root came back");
	return 0;
}

static int forget_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	/* What may come back with an exec: only who has the right to drop it can, and who has not gains nothing by it. */
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int privilege_forget(struct why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return why_errno(why, -errno, "PR_SET_NO_NEW_PRIVS");
	int error = forget_capabilities();
	if (error)
		return why_errno(why, error, "capset");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return why_errno(why, -errno, "PR_SET_DUMPABLE");
	return 0;
}
