/*
 * zygote.c - loads once, forks for each message; see zygote.h.
 */
#include "process/zygote.h"

#include "base/fd.h"
#include "format/facts_json.h"
#include "process/control.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A fork whose child belongs to our parent. glibc's wrapper cannot say so; with one thread and no locks held the bare
 * call is enough (nothing here relies on the cached thread id: glibc asks the kernel when it raises a signal).
 */
static pid_t fork_for_parent(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

static int say_ready(int control, const struct zygote *zygote)
{
	static struct control packet;
	struct facts facts = {0};
	enum scan_code code = SCAN_CODE_NONE;
	struct why why = {""};
	if (zygote->load(zygote->context, &facts, &code, &why) == 0)
		code = SCAN_CODE_NONE;
	char *text = facts_json_encode(&facts, code, why.text);
	facts_free(&facts);
	if (!text)
		return -ENOMEM;
	packet.kind = CONTROL_READY;
	(void)snprintf(packet.text, sizeof packet.text, "%s", text);
	free(text);
	return control_send(control, &packet, -1);
}

/* Answers one packet; in the child it does not return. */
static int serve_fork(int control, const struct zygote *zygote, struct control *packet, int socket)
{
	pid_t pid = fork_for_parent();
	if (pid == 0) {
		fd_close(&control);
		job_run(socket, packet->text, zygote->scan, zygote->context);
	}
	packet->result = pid < 0 ? -errno : pid;
	packet->kind = CONTROL_FORKED;
	packet->text[0] = '\0';
	return control_send(control, packet, -1);
}

int zygote_serve(int control, const struct zygote *zygote)
{
	static struct control packet;
	int error = say_ready(control, zygote);
	while (!error) {
		int socket = -1;
		int got = control_receive(control, &packet, &socket);
		if (got <= 0)
			return got;
		if (packet.kind == CONTROL_FORK && socket >= 0)
			error = serve_fork(control, zygote, &packet, socket);
		fd_close(&socket);
	}
	return error;
}
