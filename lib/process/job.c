/*
 * job.c - messages in one process; see job.h. Refuses to look at one without its sandbox and its resource limits.
 */
#include "process/job.h"

#include "base/fd.h"
#include "format/event_json.h"
#include "format/request_json.h"
#include "process/channel.h"
#include "process/sandbox.h"
#include "process/sandbox/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is said in one go; flushed before anything that may kill us. */
#define OUT_MOST ((size_t)32 * 1024)

struct talker {
	struct channel channel;
	struct buffer out;
	uint32_t id;
	enum scan_stage stage;
	uint32_t part; /* at hand */
};

/* One per process: the allocator has no context to give. */
static struct talker *speaking;

static int flush(struct talker *talker)
{
	size_t done = 0;
	while (done < talker->out.size) {
		ssize_t sent = fd_send(talker->channel.fd, talker->out.data + done, talker->out.size - done, -1);
		if (sent < 0)
			return (int)sent;
		done += (size_t)sent;
	}
	talker->out.size = 0;
	return 0;
}

/* Takes over the text; NULL stands for no memory. */
static int say(struct talker *talker, char *take_text)
{
	if (!take_text)
		return -ENOMEM;
	size_t length = strlen(take_text);
	int error = frame_append(&talker->out, FRAME_EVENT, talker->id, take_text, length);
	free(take_text);
	if (!error && talker->out.size > OUT_MOST)
		error = flush(talker);
	return error;
}

static int on_part(void *context, const struct part *part)
{
	return say(context, event_json_part(part));
}

static int on_route(void *context, uint32_t part, enum part_route route)
{
	return say(context, event_json_route(part, route));
}

static int on_code(void *context, uint32_t part, enum scan_code code, const char *text)
{
	return say(context, event_json_code(part, code, text));
}

static int on_virus(void *context, uint32_t part, const char *name, bool official)
{
	return say(context, event_json_virus(part, name, official));
}

static int on_evasion(void *context, uint32_t part, enum evasion evasion, const char *text)
{
	return say(context, event_json_evasion(part, evasion, text));
}

static int on_stage(void *context, enum scan_stage stage, uint32_t part)
{
	struct talker *talker = context;
	talker->stage = stage;
	talker->part = part;
	int error = say(talker, event_json_stage(stage, part));
	return error ? error : flush(talker);
}

static int on_usage(void *context, const struct usage *usage)
{
	return say(context, event_json_usage(usage));
}

static int on_refuse(void *context, enum ec_av_status status, const char *info)
{
	return say(context, event_json_refuse(status, info));
}

void job_out_of_memory(void)
{
	if (!speaking)
		return;
	/* The frame is put together by hand: everything else allocates. */
	char text[160], frame[FRAME_HEADER_SIZE + sizeof text];
	int length = snprintf(text, sizeof text,
			      "{\"event\":\"code\",\"part\":%u,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\",\"text\":null}",
			      speaking->part);
	struct buffer fixed = {.data = (uint8_t *)frame, .room = sizeof frame, .cap = sizeof frame};
	if (frame_append(&fixed, FRAME_EVENT, speaking->id, text, (size_t)length) == 0 && flush(speaking) == 0)
		(void)fd_send(speaking->channel.fd, frame, fixed.size, -1);
}

/* Libraries that print their last words must not print them on the user's terminal. Takes over the descriptor. */
static int silence(int take_null)
{
#if defined(__SANITIZE_ADDRESS__)
	int error = 0; /* its findings must be seen */
#else
	int error = dup2(take_null, STDOUT_FILENO) < 0 || dup2(take_null, STDERR_FILENO) < 0 ? -errno : 0;
#endif
	fd_close(&take_null);
	return error;
}

/* Gives the socket the number that the filter knows. It takes the place of the zygote's. */
static int move_socket(int take_socket)
{
	if (take_socket == SANDBOX_CHANNEL)
		return 0;
	int error = dup3(take_socket, SANDBOX_CHANNEL, O_CLOEXEC) < 0 ? -errno : 0;
	if (!error)
		fd_close(&take_socket);
	return error;
}

/* Waits for a request and its descriptor: 1, 0 (there will be none), or -errno. */
static int receive(struct talker *talker, struct job *ret_job)
{
	struct frame frame;
	const char *payload;
	enum scan_code code;
	int error;
	while ((error = channel_next(&talker->channel, &frame, &payload)) == -EAGAIN) {
		ssize_t got = channel_receive(&talker->channel);
		if (got <= 0)
			return (int)got;
	}
	if (error)
		return error;
	if (frame.type != FRAME_SCAN)
		return -EPROTO;
	error = request_json_decode(payload, frame.length, &ret_job->request, &code, NULL);
	talker->id = frame.id;
	channel_drop(&talker->channel, &frame);
	ret_job->limits = ret_job->request.limits;
	ret_job->message = channel_take_pass(&talker->channel);
	return error ? error : ret_job->message < 0 ? -EPROTO : 1;
}

static int limit(const struct job *job)
{
	struct stat status;
	bool known = fstat(job->message, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
	return resource_message(&job->limits, known ? (uint64_t)status.st_size : 0);
}

/* One message. 0, or -errno: nobody listens any more. */
static int serve(struct talker *talker, const struct job *job, job_scan scan, void *context)
{
	const struct observer observer = {on_part,  on_route, on_code,   on_virus, on_evasion,
					  on_stage, on_usage, on_refuse, talker};
	speaking = talker;
	int error = on_stage(talker, STAGE_READ, 0);
	error = error ? error : scan(context, job, &observer);
	error = error ? error : on_stage(talker, STAGE_DONE, 0);
	speaking = NULL;
	return error;
}

/* The one message that was to be scanned gets to know why it is not. */
noreturn static void give_up(struct talker *talker, int error)
{
	(void)say(talker, event_json_code(0, DEC_RESULT_INIT_DECOMPOSER_FAILED, strerror(-error)));
	(void)flush(talker);
	_exit(EXIT_FAILURE);
}

noreturn void job_run(int take_socket, int take_null, const char *directory, job_scan scan, void *context)
{
	static struct talker talker;
	static struct job job;
	static char path[PATH_MAX];
	int entered = silence(take_null), got, error = move_socket(take_socket);
	if (error)
		_exit(EXIT_FAILURE); /* there is nobody to tell */
	channel_init(&talker.channel, SANDBOX_CHANNEL, CHANNEL_SMALL);
	buffer_init(&talker.out, OUT_MOST + FRAME_HEADER_SIZE + CHANNEL_SMALL);
	entered = entered ? entered : sandbox_enter(directory, path, sizeof path);
	job.directory = path;
	while ((got = receive(&talker, &job)) > 0) {
		error = entered ? entered : limit(&job);
		if (error)
			give_up(&talker, error);
		if (serve(&talker, &job, scan, context))
			_exit(EXIT_FAILURE);
	}
	_exit(got ? EXIT_FAILURE : EXIT_SUCCESS);
}
