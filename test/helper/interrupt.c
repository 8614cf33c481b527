/*
 * interrupt.c - runs a command, and interrupts it at one of the system calls that it or anything it starts makes.
 *
 * usage: interrupt [OPTION]... COMMAND [ARGUMENT]...
 *
 *   --calls=CLASS,...  which calls count: names (rename, link, unlink, mkdir and the like), data (writes, truncations, modes, times and flushes
 *                      of regular files, and files made), opens (descriptors of all kinds), reads (of regular files), starts (fork, execve,
 *                      exit); default names,data
 *   --at=N             what happens, happens at the N-th of them, before it is done; 0 (default): never, they are counted only
 *   --in=NAME          only calls of programs of that name count
 *   --signal=NAME      KILL, TERM, INT or HUP goes to --victim: all (default), first (the command alone), caller, or the name of a program
 *   --error=NAME       the call fails with ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENOMEM, EACCES or EPERM; with --lasting all that follow do so too
 *   --grace=MS         how long others may live on after the command's end; default 2000
 *   --report=FILE      gets a JSON object: count, acted, call (the one it happened at), ms (from what happened, or the start, to the command's
 *                      end), left (names of the processes that were left, and were killed)
 *
 * Exit status: the command's, or 128 and the number of the signal; 125: it could not be run so, 77: this machine does not allow it. By ptrace(2), with
 * a filter that stops only those calls. Used by test/torture.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_SKIP   77
#define EXIT_FAILED 125
#define PROCESSES   256

enum class { NAMES = 1, DATA = 2, OPENS = 4, READS = 8, STARTS = 16 };

/* Where the name that it is about stands, or the file descriptor, or the flags of an open. */
enum shape { PLAIN, PATH_0, PATH_1, FILE_0, OPEN_0, OPEN_1 };

#define CALL(call) #call, SYS_##call
static const struct row {
	const char *name;
	long number;
	unsigned classes;
	enum shape shape;
} rows[] = {
#if defined(SYS_rename) /* later architectures have only what ends in "at" */
	{CALL(rename), NAMES, PATH_0},        {CALL(link), NAMES, PATH_0},        {CALL(symlink), NAMES, PATH_1},
	{CALL(unlink), NAMES, PATH_0},        {CALL(rmdir), NAMES, PATH_0},       {CALL(mkdir), NAMES, PATH_0},
	{CALL(chmod), DATA, PATH_0},          {CALL(open), DATA | OPENS, OPEN_0}, {CALL(pipe), OPENS, PLAIN},
	{CALL(fork), STARTS, PLAIN},          {CALL(vfork), STARTS, PLAIN},
#endif
#if defined(SYS_renameat)
	{CALL(renameat), NAMES, PATH_1},
#endif
	{CALL(renameat2), NAMES, PATH_1},     {CALL(linkat), NAMES, PATH_1},      {CALL(symlinkat), NAMES, PATH_0},
	{CALL(unlinkat), NAMES, PATH_1},      {CALL(mkdirat), NAMES, PATH_1},     {CALL(openat), DATA | OPENS, OPEN_1},
	{CALL(write), DATA, FILE_0},          {CALL(writev), DATA, FILE_0},       {CALL(pwrite64), DATA, FILE_0},
	{CALL(copy_file_range), DATA, PLAIN}, {CALL(ftruncate), DATA, FILE_0},    {CALL(fchmod), DATA, PLAIN},
	{CALL(fchmodat), DATA, PATH_1},       {CALL(fchownat), DATA, PATH_1},     {CALL(utimensat), DATA, PLAIN},
	{CALL(fsync), DATA, PLAIN},           {CALL(fdatasync), DATA, PLAIN},     {CALL(read), READS, FILE_0},
	{CALL(pread64), READS, FILE_0},       {CALL(socket), OPENS, PLAIN},       {CALL(socketpair), OPENS, PLAIN},
	{CALL(pipe2), OPENS, PLAIN},          {CALL(dup), OPENS, PLAIN},          {CALL(clone), STARTS, PLAIN},
	{CALL(clone3), STARTS, PLAIN},        {CALL(execve), STARTS, PATH_0},     {CALL(exit_group), STARTS, PLAIN},
};
#define ROWS (sizeof rows / sizeof *rows)

static const struct {
	const char *name;
	int number;
} words[] = {
	{"names", NAMES},   {"data", DATA},    {"opens", OPENS}, {"reads", READS},   {"starts", STARTS},
	{"KILL", SIGKILL},  {"TERM", SIGTERM}, {"INT", SIGINT},  {"HUP", SIGHUP},    {"ENOSPC", ENOSPC},
	{"EDQUOT", EDQUOT}, {"EIO", EIO},      {"EROFS", EROFS}, {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM},
	{"EACCES", EACCES}, {"EPERM", EPERM},
};

/* What the kernel tells of a call that the filter stopped; the C library has it by different names. */
struct call_info {
	uint8_t kind, none[3];
	uint32_t architecture;
	uint64_t instruction, stack, number, arguments[6];
	uint32_t filter;
};

/* What was wished. */
static unsigned classes = NAMES | DATA;
static unsigned long at;
static const char *in, *victim = "all", *report_path;
static int signal_number, error_number;
static bool lasting;
static long grace = 2000;

/* What came of it. */
static unsigned long count;
static bool acted;
static char what[512] = "";
static int64_t since;
static pid_t first, processes[PROCESSES];

static noreturn void give_up(const char *text, int status)
{
	(void)fprintf(stderr, "interrupt: %s: %s\n", text, strerror(errno));
	_exit(status);
}

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- processes -------------------------------------------------------------------------------------------------- */

static void add(pid_t pid)
{
	for (size_t i = 0; i < PROCESSES; i++) {
		if (processes[i] == pid)
			return;
		if (!processes[i]) {
			processes[i] = pid;
			return;
		}
	}
	give_up("too many processes", EXIT_FAILED);
}

static void drop(pid_t pid)
{
	size_t last = 0, place = PROCESSES;
	for (size_t i = 0; i < PROCESSES && processes[i]; i++) {
		last = i;
		place = processes[i] == pid ? i : place;
	}
	if (place == PROCESSES)
		return;
	processes[place] = processes[last];
	processes[last] = 0;
}

static void read_name(pid_t pid, char *ret_name, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file || !fgets(ret_name, (int)size, file))
		(void)snprintf(ret_name, size, "?");
	ret_name[strcspn(ret_name, "\n")] = '\0';
	if (file)
		(void)fclose(file);
}

/* ---- what happens ------------------------------------------------------------------------------------------------ */

static void send_signal(pid_t caller)
{
	for (size_t i = 0; i < PROCESSES && processes[i]; i++) {
		char name[64];
		read_name(processes[i], name, sizeof name);
		if (strcmp(victim, "all") == 0 || (strcmp(victim, "first") == 0 && processes[i] == first) ||
		    (strcmp(victim, "caller") == 0 && processes[i] == caller) || strcmp(victim, name) == 0) {
			(void)kill(processes[i], signal_number);
			acted = true;
		}
	}
}

/* The call is not done, and gives the error. */
static void fail_call(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;
	struct iovec part = {&registers, sizeof registers};
	if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &part) < 0)
		return;
	registers.orig_rax = (unsigned long long)-1;
	registers.rax = (unsigned long long)-error_number;
	acted = ptrace(PTRACE_SETREGSET, pid, 1, &part) == 0 || acted;
#elif defined(__aarch64__)
	struct user_regs_struct registers;
	int number = -1;
	struct iovec part = {&registers, sizeof registers}, call = {&number, sizeof number};
	if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &part) < 0)
		return;
	registers.regs[0] = (unsigned long long)-error_number;
	acted = (ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &call) == 0 &&
		 ptrace(PTRACE_SETREGSET, pid, 1, &part) == 0) ||
		acted;
#else
	errno = ENOSYS;
	give_up("no call can be made to fail on this architecture", EXIT_SKIP);
	(void)pid;
#endif
}

static void happen(pid_t caller)
{
	if (!acted)
		since = now_ms();
	if (signal_number)
		send_signal(caller);
	if (error_number)
		fail_call(caller);
}

/* ---- which call it is --------------------------------------------------------------------------------------------- */

static bool regular(pid_t pid, uint64_t fd)
{
	char path[64];
	struct stat status;
	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, (int)fd);
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Does it fall under what was wished? An open is among the data where it makes a file. */
static bool counts(pid_t pid, const struct row *row, const struct call_info *info)
{
	const uint64_t *arguments = info->arguments;
	char name[64];
	if (row->shape == FILE_0 && !regular(pid, arguments[0]))
		return false;
	if ((row->shape == OPEN_0 || row->shape == OPEN_1) && !(classes & OPENS)) {
		uint64_t flags = arguments[row->shape == OPEN_0 ? 1 : 2];
		if (!(flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE)
			return false;
	}
	read_name(pid, name, sizeof name);
	/* We are not what is interrupted. */
	return in ? strcmp(name, in) == 0 : strcmp(name, program_invocation_short_name) != 0;
}

static void note(pid_t pid, const struct row *row, const struct call_info *info)
{
	static const int places[] = {[PATH_0] = 0, [PATH_1] = 1, [OPEN_0] = 0, [OPEN_1] = 1};
	char name[64], path[256] = "";
	read_name(pid, name, sizeof name);
	if (row->shape != PLAIN && row->shape != FILE_0) {
		struct iovec here = {path, sizeof path - 1},
			     there = {(void *)(uintptr_t)info->arguments[places[row->shape]], sizeof path - 1};
		/* It may end before that many bytes, at the end of a page. */
		if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0) {
			here.iov_len = there.iov_len = 4096 - ((uintptr_t)there.iov_base & 4095);
			if (here.iov_len > sizeof path - 1 || process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
				path[0] = '\0';
		}
	}
	(void)snprintf(what, sizeof what, "%s %s %s", name, row->name, path);
}

static void meet(pid_t pid)
{
	struct call_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || info.kind != PTRACE_SYSCALL_INFO_SECCOMP)
		return;
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].number != (long)info.number || !counts(pid, &rows[i], &info))
			continue;
		count++;
		if (!at || (count != at && !(count > at && lasting)))
			continue;
		if (count == at)
			note(pid, &rows[i], &info);
		happen(pid);
	}
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

/* Calls that are wished for stop, all others go on. */
static void set_filter(void)
{
	struct sock_filter code[2 + 2 * ROWS];
	unsigned short length = 0;
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].classes & classes))
			continue;
		code[length++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rows[i].number, 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = length, .filter = code};
	if ((geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		give_up("no filter is to be had", EXIT_SKIP);
}

static void start(char **argv)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE;
	int go[2];
	char byte = 0;
	if (pipe2(go, O_CLOEXEC) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || (first = fork()) < 0)
		give_up("cannot start", EXIT_FAILED);
	if (first == 0) {
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(EXIT_SKIP);
		set_filter();
		(void)execvp(argv[0], argv);
		give_up(argv[0], EXIT_FAILED);
	}
	if (ptrace(PTRACE_SEIZE, first, NULL, (void *)options) < 0)
		give_up("ptrace(2)", EXIT_SKIP);
	add(first);
	if (write(go[1], &byte, 1) != 1)
		give_up("cannot start", EXIT_FAILED);
	(void)close(go[0]);
	(void)close(go[1]);
}

/* A process stopped: why, and on it goes. */
static void stopped(pid_t pid, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);
	add(pid);
	if (event == PTRACE_EVENT_SECCOMP)
		meet(pid);
	if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
		(void)ptrace(PTRACE_LISTEN, pid, NULL, NULL);
		return;
	}
	(void)ptrace(PTRACE_CONT, pid, NULL, (void *)(uintptr_t)(event ? 0 : number));
}

/* The command's status once it has ended; those it left have ended then, or are named and killed. */
static int follow(char *ret_left, size_t size, int64_t *ret_ms)
{
	int status = 0, result = -1;
	int64_t end = INT64_MAX;
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL | (result < 0 ? 0 : WNOHANG));
		if (pid < 0 && errno == ECHILD)
			return result;
		if (pid <= 0) {
			if (now_ms() > end)
				break;
			(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		} else if (WIFSTOPPED(status)) {
			stopped(pid, status);
		} else {
			drop(pid);
			if (pid != first)
				continue;
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			*ret_ms = now_ms() - since;
			end = now_ms() + grace;
		}
	}
	for (size_t i = 0; i < PROCESSES && processes[i]; i++) {
		size_t length = strlen(ret_left);
		char name[64];
		read_name(processes[i], name, sizeof name);
		(void)snprintf(ret_left + length, size - length, "%s\"%s\"", length ? ", " : "", name);
		(void)kill(processes[i], SIGKILL);
	}
	return result;
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

static int number_of(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].name) == length && strncmp(words[i].name, word, length) == 0)
			return words[i].number;
	errno = EINVAL;
	give_up(word, EXIT_FAILED);
}

static unsigned read_classes(const char *list)
{
	unsigned all = 0;
	while (*list) {
		size_t length = strcspn(list, ",");
		all |= (unsigned)number_of(list, length);
		list += length + (list[length] == ',');
	}
	return all;
}

static const char *value_of(const char *option, const char *name)
{
	size_t length = strlen(name);
	return strncmp(option, name, length) == 0 && option[length] == '=' ? option + length + 1 : NULL;
}

static void read_option(const char *option)
{
	const char *value;
	if ((value = value_of(option, "--calls")))
		classes = read_classes(value);
	else if ((value = value_of(option, "--at")))
		at = strtoul(value, NULL, 10);
	else if ((value = value_of(option, "--grace")))
		grace = strtol(value, NULL, 10);
	else if ((value = value_of(option, "--in")))
		in = value;
	else if ((value = value_of(option, "--signal")))
		signal_number = number_of(value, strlen(value));
	else if ((value = value_of(option, "--victim")))
		victim = value;
	else if ((value = value_of(option, "--error")))
		error_number = number_of(value, strlen(value));
	else if ((value = value_of(option, "--report")))
		report_path = value;
	else if (strcmp(option, "--lasting") == 0)
		lasting = true;
	else {
		errno = EINVAL;
		give_up(option, EXIT_FAILED);
	}
}

int main(int argc, char **argv)
{
	char left[1024] = "";
	int64_t ms = 0;
	int i = 1;
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++)
		read_option(argv[i]);
	errno = EINVAL;
	if (i == argc)
		give_up("no command", EXIT_FAILED);
	since = now_ms();
	start(argv + i);
	int status = follow(left, sizeof left, &ms);
	FILE *report = report_path ? fopen(report_path, "we") : NULL;
	for (char *c = what; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
	if (report_path &&
	    (!report ||
	     fprintf(report, "{\"count\": %lu, \"acted\": %s, \"call\": \"%s\", \"ms\": %lld, \"left\": [%s]}\n", count,
		     acted ? "true" : "false", what, (long long)ms, left) < 0 ||
	     fclose(report) != 0))
		give_up(report_path, EXIT_FAILED);
	return status;
}
