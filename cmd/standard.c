/*
 * standard.c - see standard.h.
 */
#include "standard.h"

#include <fcntl.h>
#include <unistd.h>

bool standard_keep(void)
{
	static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDWR};
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) != fd)
			return false;
	return true;
}
