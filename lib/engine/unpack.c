/*
 * unpack.c - messages taken apart elsewhere; see unpack.h. Refuses to read from a file that somebody may still write to.
 */
#include "engine/unpack.h"

#include "base/fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_STEP (1u << 20) /* bytes */
#define SEALS     (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct unpack {
	struct client *client;
	struct {
		uint32_t id;
		bool used;
		int fd; /* owned; the copy */
	} under_way[CLIENT_CONCURRENCY_MAX];
};

int unpack_open(const struct client_options *options, struct unpack **ret_unpack)
{
	struct unpack *unpack = calloc(1, sizeof *unpack);
	if (!unpack)
		return -ENOMEM;
	int error = client_open(options, &unpack->client);
	if (error) {
		free(unpack);
		return error;
	}
	*ret_unpack = unpack;
	return 0;
}

bool unpack_room(const struct unpack *unpack)
{
	return client_room(unpack->client) > 0;
}

/* From the file's beginning. 0 with its size, or -errno. */
static int copy_file(int from, int to, uint64_t *ret_size)
{
	off_t at = 0;
	uint8_t *step = malloc(COPY_STEP);
	int error = step ? 0 : -ENOMEM;
	while (!error) {
		ssize_t got = pread(from, step, COPY_STEP, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			error = got ? -errno : 0;
			break;
		}
		error = fd_write_all(to, step, (size_t)got);
		at += got;
	}
	free(step);
	*ret_size = (uint64_t)at;
	return error;
}

int unpack_submit(struct unpack *unpack, uint32_t id, const struct request *request, int fd)
{
	struct request own = *request;
	unsigned place = 0;
	while (unpack->under_way[place].used)
		place++;
	assert(place < CLIENT_CONCURRENCY_MAX);
	int copy = memfd_create("csapi-parts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = copy < 0 ? -errno : copy_file(fd, copy, &own.message_size);
	error = error ? error : client_submit(unpack->client, place, &own, copy);
	if (error) {
		fd_close(&copy);
		return error;
	}
	unpack->under_way[place].id = id;
	unpack->under_way[place].used = true;
	unpack->under_way[place].fd = copy;
	return 0;
}

int unpack_next(struct unpack *unpack, struct unpacked *ret_unpacked)
{
	uint32_t place;
	int error = client_next(unpack->client, 0, &place, &ret_unpacked->report);
	if (error)
		return error;
	ret_unpacked->id = unpack->under_way[place].id;
	ret_unpacked->fd = unpack->under_way[place].fd;
	unpack->under_way[place].used = false;
	/* A worker that was taken over may go on writing: what is read from here on stays what it is. */
	if (fcntl(ret_unpacked->fd, F_ADD_SEALS, SEALS) == 0)
		return 0;
	fd_close(&ret_unpacked->fd);
	report_free(&ret_unpacked->report);
	return client_report(GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the parts of the message cannot be sealed",
			     &ret_unpacked->report);
}

int unpack_poll(const struct unpack *unpack, int64_t *ret_deadline)
{
	return client_poll(unpack->client, ret_deadline);
}

void unpack_close(struct unpack *unpack)
{
	if (!unpack)
		return;
	client_close(unpack->client);
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (unpack->under_way[i].used)
			fd_close(&unpack->under_way[i].fd);
	free(unpack);
}
