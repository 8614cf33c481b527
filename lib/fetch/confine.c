/*
 * confine.c - limits and Landlock; see confine.h.
 *
 * Landlock has no say in reading here: names are resolved by files and libraries of the system, of which there is no list.
 */
#include "fetch/confine.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same number on every architecture. */
#if !defined(SYS_landlock_create_ruleset)
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

/* From the kernel's interface (Documentation/userspace-api/landlock.rst): everything of ABI 1 but reading files and directories. */
#define FS_EXECUTE  (UINT64_C(1) << 0)
#define FS_WRITE    (UINT64_C(1) << 1)
#define FS_READ     (UINT64_C(3) << 2)
#define FS_FIRST    ((UINT64_C(1) << 13) - 1)
#define FS_REFER    (UINT64_C(1) << 13) /* ABI 2: renames from one directory to another, which we need */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */
#define FS_SPECIAL  ((UINT64_C(1) << 6) | (UINT64_C(15) << 9)) /* devices, sockets, FIFOs, links */

struct ruleset {
	uint64_t fs;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static int set_limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

/* Gives up what else root had, where we were started as somebody else by it. Asks for no change where there is none to make: a service may not. */
static int settle_user(void)
{
	uid_t user, users[2];
	gid_t group, groups[2];
	if (getresuid(&users[0], &user, &users[1]) < 0 || getresgid(&groups[0], &group, &groups[1]) < 0)
		return -errno;
	bool same = users[0] == user && users[1] == user && groups[0] == group && groups[1] == group;
	if (!same && (setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0))
		return -errno;
	return 0;
}

int confine_start(int socket, struct why *why)
{
	(void)umask(022);
	/* Before the rest: a change of the user takes the death signal back. */
	int unsettled = settle_user();
	if (unsettled)
		return why_errno(why, unsettled, "cannot become another user for good");
	int error = set_limit(RLIMIT_CORE, 0);
	if (!error && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		       signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR))
		error = -errno;
	/* It may have ended before it could take us along, and even before our first line. */
	if (!error && fd_abandoned(socket))
		error = -ECHILD;
	return error ? why_errno(why, error, "cannot set limits") : 0;
}

static int allow(int ruleset, const char *path, uint64_t rights)
{
	int parent = open(path, O_PATH | O_CLOEXEC);
	if (parent < 0)
		return -errno;
	struct path_beneath rule = {.allowed = rights, .parent = parent};
	int error = syscall(SYS_landlock_add_rule, ruleset, 1, &rule, 0) < 0 ? -errno : 0;
	fd_close(&parent);
	return error;
}

/* 0, also where the kernel has none, or none by which a file can be renamed into another directory. */
static int landlock(const struct fetch_job *job)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	if (abi < 2)
		return 0;
	struct ruleset handled = {(FS_FIRST & ~FS_READ) | FS_REFER | (abi >= 3 ? FS_TRUNCATE : 0)};
	uint64_t allowed = handled.fs & ~FS_EXECUTE & ~FS_SPECIAL;
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	if (ruleset < 0)
		return -errno;
	int error = allow(ruleset, job->directory, allowed);
	error = error ? error : allow(ruleset, job->temporary, allowed);
	error = error ? error : allow(ruleset, "/dev/null", FS_WRITE | (handled.fs & FS_TRUNCATE));
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = -errno;
	fd_close(&ruleset);
	return error;
}

int confine_job(const struct fetch_job *job, struct why *why)
{
	int error = set_limit(RLIMIT_FSIZE, job->max_size + CONFINE_FILE_SLACK);
#if !defined(__SANITIZE_ADDRESS__) /* which maps terabytes of shadow */
	if (!error)
		error = set_limit(RLIMIT_AS, CONFINE_MEMORY);
#endif
	if (error)
		return why_errno(why, error, "cannot set limits");
	error = landlock(job);
	return error ? why_errno(why, error, "cannot confine writing to %s and %s", job->directory, job->temporary) : 0;
}
