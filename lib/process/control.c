/*
 * control.c - packets between supervisor and zygote; see control.h.
 */
#include "process/control.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>

int control_send(int socket, const struct control *control, int pass)
{
	size_t size = offsetof(struct control, text) + strnlen(control->text, CONTROL_TEXT_MAX - 1) + 1;
	ssize_t sent = fd_send(socket, control, size, pass);
	return sent < 0 ? (int)sent : 0;
}

int control_receive(int socket, struct control *ret_control, int *ret_pass)
{
	ssize_t got = fd_receive(socket, ret_control, sizeof *ret_control, ret_pass);
	if (got <= 0)
		return (int)got;
	if ((size_t)got <= offsetof(struct control, text) || ((char *)ret_control)[got - 1] != '\0') {
		if (ret_pass)
			fd_close(ret_pass);
		return -EBADMSG;
	}
	return 1;
}
