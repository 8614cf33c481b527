/*
 * landlock.c - Landlock; see landlock.h. Refuses nothing by itself: the kernel does.
 */
#include "process/sandbox/landlock.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same number on every architecture. */
#if !defined(SYS_landlock_create_ruleset)
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define NEWEST 7u /* ABI */

/* From the kernel's interface (Documentation/userspace-api/landlock.rst), with the ABI that brought each. */
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1u

#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_CHAR   (UINT64_C(1) << 6)
#define FS_MAKE_DIR    (UINT64_C(1) << 7)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define FS_MAKE_SOCK   (UINT64_C(1) << 9)
#define FS_MAKE_FIFO   (UINT64_C(1) << 10)
#define FS_MAKE_BLOCK  (UINT64_C(1) << 11)
#define FS_MAKE_SYM    (UINT64_C(1) << 12)
#define FS_REFER       (UINT64_C(1) << 13) /* ABI 2 */
#define FS_TRUNCATE    (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV   (UINT64_C(1) << 15) /* ABI 5 */

#define NET_BIND_TCP    (UINT64_C(1) << 0) /* ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1) /* ABI 4 */

#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL               (UINT64_C(1) << 1) /* ABI 6 */

#define FS_FIRST (FS_MAKE_SYM | (FS_MAKE_SYM - 1)) /* all of ABI 1 */
/* What the libraries do in their directory: files and directories, made, read, written and removed. */
#define FS_ALLOWED                                                                                                     \
	(FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |     \
	 FS_TRUNCATE)
#define FS_READING (FS_READ_FILE | FS_READ_DIR)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int landlock_find(unsigned most, unsigned *ret_abi, struct why *why)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	if (abi < 0 && errno == EOPNOTSUPP)
		return why_set(why, -EOPNOTSUPP, "switched off when the kernel started (lsm=)");
	if (abi < 0 && errno == ENOSYS)
		return why_set(why, -ENOSYS, "this kernel has none");
	if (abi < 0)
		return why_errno(why, -errno, "landlock_create_ruleset");
	*ret_abi = abi < (long)NEWEST ? (unsigned)abi : NEWEST;
	if (most && most < *ret_abi)
		*ret_abi = most;
	return 0;
}

static uint64_t handled(unsigned abi)
{
	uint64_t rights = FS_FIRST;
	rights |= abi >= 2 ? FS_REFER : 0;
	rights |= abi >= 3 ? FS_TRUNCATE : 0;
	return rights | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

/* A kernel takes a structure of the size that its ABI knows, and larger ones only where the rest is 0. */
static int make_ruleset(unsigned abi)
{
	struct ruleset ruleset = {.fs = handled(abi),
				  .net = abi >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0,
				  .scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0};
	return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
}

static int allow(int ruleset, const char *directory, uint64_t rights)
{
	int parent = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0)
		return -errno;
	struct path_beneath rule = {.allowed = rights, .parent = parent};
	int error = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
	fd_close(&parent);
	return error;
}

int landlock_enter(unsigned abi, const char *directory, const char *readable)
{
	int ruleset = make_ruleset(abi);
	if (ruleset < 0)
		return -errno;
	int error = allow(ruleset, directory, FS_ALLOWED & handled(abi));
	if (!error && readable)
		error = allow(ruleset, readable, FS_READING);
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = -errno;
	fd_close(&ruleset);
	return error;
}
