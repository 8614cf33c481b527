/*
 * filter.c - the system calls of a worker; see filter.h.
 *
 * The lists are what libclamav, libarchive, GMime, glibc and our own code were seen to call on every fixture and on every format of
 * definitions, and no more.
 */
#include "process/sandbox/filter.h"

#include "base/fd.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSTRUCTIONS_MOST 1024

/* Stand in the program where each worker puts its own: its process id. No address or flag looks like it. */
#define OWN_PID 0x5E1F91Du

struct rule {
	const char *name;
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp conditions[2];
};

/* clang-format off: a table */
#define ALLOW(name)                                                                                                    \
	{                                                                                                              \
		name, SCMP_ACT_ALLOW, 0,                                                                               \
		{                                                                                                      \
			{                                                                                              \
				0                                                                                      \
			}                                                                                              \
		}                                                                                                      \
	}
/* Allowed where argument `number`, under `mask`, is `value`. */
#define ALLOW_IF(name, number, mask, value)                                                                            \
	{                                                                                                              \
		name, SCMP_ACT_ALLOW, 1,                                                                               \
		{                                                                                                      \
			{                                                                                              \
				number, SCMP_CMP_MASKED_EQ, mask, value                                                \
			}                                                                                              \
		}                                                                                                      \
	}
/* Not done, and answered as if it had failed, or, with 0, as if it had been done. */
#define ANSWER(name, error)                                                                                            \
	{                                                                                                              \
		name, SCMP_ACT_ERRNO(error), 0,                                                                        \
		{                                                                                                      \
			{                                                                                              \
				0                                                                                      \
			}                                                                                              \
		}                                                                                                      \
	}
#define NUMBER UINT32_MAX /* the kernel looks at no more of an int */

static const struct rule rules[] = {
	/* memory: none that can hold code, and no file in it */
	ALLOW("brk"),
	ALLOW("munmap"),
	ALLOW("mremap"),
	ALLOW("madvise"),
	{"mmap",
	 SCMP_ACT_ALLOW,
	 2,
	 {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
	  {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS | MAP_SHARED | MAP_PRIVATE, MAP_ANONYMOUS | MAP_PRIVATE}}},
	ALLOW_IF("mprotect", 2, PROT_EXEC, 0),
	/* files: which of them is Landlock's to say; those on newer architectures have only the second name of a pair */
	ALLOW("openat"),
	ALLOW("open"),
	ALLOW("read"),
	ALLOW("readv"),
	ALLOW("pread64"),
	ALLOW("write"),
	ALLOW("writev"),
	ALLOW("pwrite64"),
	ALLOW("lseek"),
	ALLOW("close"),
	ALLOW("fstat"),
	ALLOW("newfstatat"),
	ALLOW("stat"),
	ALLOW("lstat"),
	ALLOW("statx"),
	ALLOW("getdents64"),
	ALLOW("ftruncate"),
	ALLOW("unlink"),
	ALLOW("unlinkat"),
	ALLOW("mkdir"),
	ALLOW("mkdirat"),
	ALLOW("rmdir"),
	ALLOW("getcwd"),
	ALLOW_IF("fcntl", 1, NUMBER, 1 /* F_GETFD */),
	ALLOW_IF("fcntl", 1, NUMBER, 3 /* F_GETFL */),
	/* libclamav sets the mode of each directory that it made; the supervisor removes them whatever their mode */
	ANSWER("chmod", 0),
	ANSWER("fchmod", 0),
	ANSWER("fchmodat", 0),
	/* asked of descriptors and of the machine by stdio, GLib and Rust, which go on without an answer */
	ANSWER("ioctl", ENOTTY),
	ANSWER("getpeername", ENOTSOCK),
	ANSWER("readlink", ENOENT),
	ANSWER("readlinkat", ENOENT),
	ANSWER("sysinfo", EPERM),
	ANSWER("uname", EPERM),
	ANSWER("sched_getaffinity", EPERM),
	ANSWER("sigaltstack", EPERM),
	/* a message may come over a pipe */
	ALLOW("poll"),
	ALLOW("ppoll"),
	/* itself */
	ALLOW("futex"),
	ALLOW("clock_gettime"),
	ALLOW("gettimeofday"),
	ALLOW("getrandom"),
	ALLOW("getpid"),
	ALLOW("gettid"),
	ALLOW("getuid"), /* the archive library, where it writes an ISO image */
	ALLOW("getgid"),
	ALLOW("exit"),
	ALLOW("exit_group"),
	ALLOW("restart_syscall"),
	ALLOW("rt_sigaction"),
	ALLOW("rt_sigprocmask"),
	ALLOW("rt_sigreturn"),
	ALLOW("sched_yield"),
	ALLOW_IF("prlimit64", 0, NUMBER, 0),
	ALLOW_IF("tgkill", 0, NUMBER, OWN_PID),
};

/* What loading needs beside. */
static const struct rule load_rules[] = {
	ALLOW("dup"), /* a database is read through two descriptors */
	ALLOW_IF("fcntl", 1, NUMBER, 1030 /* F_DUPFD_CLOEXEC */),
	ALLOW("access"), /* does its other form lie beside it? */
	ALLOW("faccessat"),
	ALLOW("faccessat2"), /* which newer ones of libc use for both */
};
/* clang-format on */

static struct sock_filter program[INSTRUCTIONS_MOST];
static unsigned short program_count;

static int add_rules(scmp_filter_ctx context, const struct rule *some, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count && !error; i++) {
		int number = seccomp_syscall_resolve_name(some[i].name);
		/* Not on this architecture, or newer than the library: it stays forbidden. */
		if (number < 0)
			continue;
		error = seccomp_rule_add_array(context, some[i].action, number, some[i].count, some[i].conditions);
	}
	return error;
}

static int add_channel(scmp_filter_ctx context, int channel)
{
	const struct scmp_arg_cmp talk = {0, SCMP_CMP_MASKED_EQ, NUMBER, (scmp_datum_t)channel};
	int error = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1, &talk);
	return error ? error : seccomp_rule_add_array(context, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, &talk);
}

/* The library writes programs to descriptors only. */
static int export(scmp_filter_ctx context, struct why *why)
{
	int fd = memfd_create("csapi-filter", MFD_CLOEXEC);
	if (fd < 0)
		return why_errno(why, -errno, "memfd_create");
	int error = seccomp_export_bpf(context, fd);
	ssize_t size = error ? 0 : pread(fd, program, sizeof program, 0);
	struct stat status;
	if (!error && (size < 0 || fstat(fd, &status) < 0))
		error = -errno;
	else if (!error && (size == 0 || size != status.st_size || (size_t)size % sizeof *program))
		error = -E2BIG;
	fd_close(&fd);
	program_count = (unsigned short)((size_t)size / sizeof *program);
	return error ? why_errno(why, error, "cannot export the filter") : 0;
}

/* A kernel that knows the calls, and a machine that lets them by. */
static int available(struct why *why)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		return why_errno(why, -errno, "this kernel has none");
	return 0;
}

int filter_make(enum filter_use use, int channel, struct why *why)
{
	assert(!program_count);
	int error = available(why);
	if (error)
		return error;
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!context)
		return why_set(why, -ENOMEM, "libseccomp gives no filter");
	error = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	error = error ? error : seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	error = error ? error : add_rules(context, rules, sizeof rules / sizeof *rules);
	if (!error && use == FILTER_LOAD)
		error = add_rules(context, load_rules, sizeof load_rules / sizeof *load_rules);
	else if (!error)
		error = add_channel(context, channel);
	error = error ? why_errno(why, error, "libseccomp refuses a rule") : export(context, why);
	seccomp_release(context);
	return error;
}

int filter_enter(void)
{
	/* A copy: a child that only tries the sandbox shares the memory of its parent. */
	struct sock_filter own[INSTRUCTIONS_MOST];
	unsigned places = 0;
	for (unsigned i = 0; i < program_count; i++) {
		own[i] = program[i];
		if (BPF_CLASS(own[i].code) != BPF_JMP || own[i].k != OWN_PID)
			continue;
		own[i].k = (uint32_t)getpid();
		places++;
	}
	struct sock_fprog filter = {.len = program_count, .filter = own};
	if (!places)
		return -EINVAL;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0 ? -errno : 0;
}
