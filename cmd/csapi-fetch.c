/*
 * csapi-fetch.c - the one program with a network: fetches definitions into a directory.
 *
 * Started by csapi-update with a socket on descriptor 3, over which a job comes in and events go out; of no use to anybody else, and says
 * so. Prints nothing but that.
 */
#include "base/clock.h"
#include "fetch/confine.h"
#include "fetch/fetch.h"
#include "fetch/http.h"
#include "fetch/local_address.h"
#include "format/json_memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The number of the socket; see process/spawn.h. */
#define SOCKET 3
/* The job comes at once. */
#define PATIENCE 10000 /* ms */

static bool is_socket(int fd)
{
	int type;
	socklen_t size = sizeof type;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

static int work(struct why *why)
{
	struct fetch_job job;
	int error = fetch_receive(SOCKET, clock_now() + PATIENCE, &job, why);
	if (error)
		return error;
	error = confine_job(&job, why);
	if (!error && job.local_address && (error = local_address_set(job.local_address)) < 0)
		why_set(why, error, "%s is not an address of a network", job.local_address);
	if (!error && (error = http_start()) < 0)
		why_errno(why, error, "cannot start libcurl");
	if (!error)
		fetch_run(&job, SOCKET);
	fetch_job_free(&job);
	return error;
}

int main(int argc, char **argv)
{
	struct why why;
	(void)argv;
	if (argc != 1 || !is_socket(SOCKET)) {
		(void)fputs("csapi-fetch: started by csapi-update to fetch definitions; of no use by itself\n", stderr);
		return 2;
	}
	json_memory_guard();
	int error = confine_start(SOCKET, &why);
	if (!error)
		error = work(&why);
	if (error)
		fetch_refuse(SOCKET, &why);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
