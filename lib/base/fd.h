/*
 * fd.h - descriptors: whole reads and writes, and passing one over a unix socket.
 *
 * Every descriptor made here is CLOEXEC and has one owner. Nothing here retries for ever: EINTR is retried,
 * EAGAIN is returned.
 */
#ifndef CSAPI_BASE_FD_H
#define CSAPI_BASE_FD_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Closes a descriptor and sets it to -1; -1 is allowed. */
void fd_close(int *fd);
/*
 * Takes a new descriptor out of the places of the standard ones, which may be free in the program that we are in: what it prints must not
 * end up in a socket of ours. The descriptor from then on, CLOEXEC; -1 with errno (also when `fd` was -1).
 */
int fd_raise(int fd);
/* Reads to the end into `buffer`. 0, -errno of read(2), -ENOMEM, or -EFBIG when the buffer's cap is reached. */
int fd_read_all(int fd, struct buffer *buffer);
/* Writes everything, 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t size);
/*
 * One sendmsg(2) with at most one descriptor (`pass` -1: none), MSG_NOSIGNAL. Bytes sent, or -errno.
 * The descriptor stays the caller's.
 */
ssize_t fd_send(int socket, const void *data, size_t size, int pass);
/*
 * One recvmsg(2), MSG_CMSG_CLOEXEC. Bytes received (0: the other side closed), or -errno. A descriptor that came
 * along is the caller's in *ret_pass, else -1 there; with ret_pass NULL one that comes is closed. More than one,
 * or one that was dropped on the way (MSG_CTRUNC), gives -EPROTO and leaves none open.
 */
ssize_t fd_receive(int socket, void *data, size_t size, int *ret_pass);
/* Has everybody who held the other end of this socket or pipe closed it? */
bool fd_abandoned(int fd);
/* O_NONBLOCK on; 0 or -errno. */
int fd_nonblocking(int fd);

#endif
