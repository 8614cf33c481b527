/*
 * zygote.c - loads once, forks workers; see zygote.h.
 */
#include "process/zygote.h"

#include "base/fd.h"
#include "format/facts_json.h"
#include "format/isolation_json.h"
#include "process/control.h"
#include "process/hugepage.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A smaller engine is copied faster than it is laid anew. */
#define SETTLE_LEAST ((uint64_t)32 << 20)

/*
 * What a worker may keep of the memory that a scan gave back, and the largest block that comes from there: each scan of a
 * layer takes megabytes for the matcher's tables and frees them, and to have the kernel fetch and clear them anew took
 * a fifth of all time.
 */
#define KEEP       (64 << 20)
#define BLOCK_MOST (32 << 20)

/*
 * A fork whose child belongs to our parent. glibc's wrapper cannot say so; with one thread and no locks held the bare
 * call is enough (nothing here relies on the cached thread id: glibc asks the kernel when it raises a signal).
 */
static pid_t fork_for_parent(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

/* Takes over the text; NULL stands for no memory. */
static int say(int control, enum control_kind kind, char *take_text)
{
	static struct control packet;
	if (!take_text)
		return -ENOMEM;
	packet.kind = kind;
	(void)snprintf(packet.text, sizeof packet.text, "%s", take_text);
	free(take_text);
	return control_send(control, &packet, -1);
}

/* Loads, and builds the sandbox around what was loaded. 0, or -errno with code and why. */
static int prepare(const struct zygote *zygote, struct facts *ret_facts, struct isolation *ret_isolation,
		   enum scan_code *ret_code, struct why *why)
{
	int error = zygote->load(zygote->context, ret_facts, ret_code, why);
	if (error)
		return error;
	if (zygote->resident)
		(void)hugepage_settle(SETTLE_LEAST);
	(void)mallopt(M_TRIM_THRESHOLD, KEEP);
	(void)mallopt(M_MMAP_THRESHOLD, BLOCK_MOST);
	*ret_code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
	error = sandbox_prepare(&zygote->sandbox, ret_isolation, why);
	if (!error && zygote->probe)
		error = sandbox_probe(ret_isolation, why);
	if (!error)
		*ret_code = SCAN_CODE_NONE;
	return error;
}

static int begin(int control, const struct zygote *zygote)
{
	struct facts facts = {0};
	struct isolation isolation = {0};
	enum scan_code code = SCAN_CODE_NONE;
	struct why why = {""};
	int error = prepare(zygote, &facts, &isolation, &code, &why);
	error = error ? 0 : say(control, CONTROL_ISOLATION, isolation_json_encode(&isolation));
	error = error ? error : say(control, CONTROL_READY, facts_json_encode(&facts, code, why.text));
	facts_free(&facts);
	return error;
}

/* Answers one packet; in the child it does not return. */
static int serve_fork(int control, int null, const struct zygote *zygote, struct control *packet, int socket)
{
	pid_t pid = fork_for_parent();
	if (pid == 0) {
		if (control != SANDBOX_CHANNEL)
			fd_close(&control);
		job_run(socket, null, packet->text, zygote->scan, zygote->context);
	}
	packet->result = pid < 0 ? -errno : pid;
	packet->kind = CONTROL_FORKED;
	packet->text[0] = '\0';
	return control_send(control, packet, -1);
}

static int serve(int control, int null, const struct zygote *zygote)
{
	static struct control packet;
	int error = begin(control, zygote);
	while (!error) {
		int socket = -1;
		int got = control_receive(control, &packet, &socket);
		if (got <= 0)
			return got;
		if (packet.kind == CONTROL_FORK && socket >= 0)
			error = serve_fork(control, null, zygote, &packet, socket);
		fd_close(&socket);
	}
	return error;
}

int zygote_serve(int control, const struct zygote *zygote)
{
	/* What a careless caller left open would be a hole in every worker. */
	closefrom(control + 1);
	/* Workers could not open it any more. */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error = null < 0 ? -errno : serve(control, null, zygote);
	fd_close(&null);
	return error;
}
