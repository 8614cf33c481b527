/*
 * trial.c - the message that a new generation of definitions must scan before it is used: a mail with the EICAR test file.
 *
 * The test string is put together here, so that no scanner takes this program for it. Called by slot.
 */
#include "process/supervisor/service.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRIAL_SECONDS 60

int trial_open(struct request *ret_request, int *ret_fd)
{
	char text[1024];
	int length = snprintf(text, sizeof text,
			      "From: csapi@localhost\r\nTo: csapi@localhost\r\nSubject: trial\r\nMIME-Version: 1.0\r\n"
			      "Content-Type: multipart/mixed; boundary=\"t\"\r\n\r\n"
			      "--t\r\nContent-Type: text/plain\r\n\r\nA trial of new definitions.\r\n"
			      "--t\r\nContent-Type: application/octet-stream\r\n"
			      "Content-Disposition: attachment; filename=\"eicar.com\"\r\n\r\n"
			      "%s%s%s\r\n--t--\r\n",
			      "X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTI", "VIRUS-TEST-FILE!$H+H*");
	int fd = memfd_create("csapi-trial", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int error = fd_write_all(fd, text, (size_t)length);
	if (!error && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		error = -errno;
	if (error) {
		fd_close(&fd);
		return error;
	}
	request_init(ret_request);
	limits_defaults(&ret_request->limits);
	ret_request->limits.value[LIMIT_timeout] = TRIAL_SECONDS;
	*ret_fd = fd;
	return 0;
}
