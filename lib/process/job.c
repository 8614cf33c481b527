/*
 * job.c - one message in one process; see job.h. Refuses to start without its resource limits.
 */
#include "process/job.h"

#include "base/fd.h"
#include "format/event_json.h"
#include "format/request_json.h"
#include "process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024u * 1024u)
/*
 * Memory a job may map beyond the engine's: dictionaries and tables of the libraries (xz -9 takes 65 MiB, a 7-Zip at its
 * highest common setting 192 MiB, a hostile RAR header asks for 985 MiB), the parts extracted, and the message itself,
 * which the libraries copy up to twice.
 */
#define MEMORY_BASE     ((uint64_t)640 * MIB)
#define MEMORY_MESSAGES 3
/* A temporary file is never larger than what is extracted or the message, with room for headers. */
#define FILE_SLACK ((uint64_t)64 * MIB)
/* libclamav keeps some descriptors open for each layer, and layers are bounded by max_extract_depth. */
#define DESCRIPTORS 512

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

static int set_limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = value;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

#if !defined(__SANITIZE_ADDRESS__)
/* Bytes mapped now: the engine, shared with the zygote, counts against RLIMIT_AS too. */
static int mapped(uint64_t *ret_bytes)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return -errno;
	int fields = fscanf(file, "%llu", &pages);
	(void)fclose(file);
	*ret_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return fields == 1 ? 0 : -EIO;
}

#endif

static int limit_memory(uint64_t allowance)
{
#if defined(__SANITIZE_ADDRESS__)
	/* AddressSanitizer maps terabytes of shadow. */
	(void)allowance;
	return 0;
#else
	uint64_t now = 0;
	int error = mapped(&now);
	return error ? error : set_limit(RLIMIT_AS, now + allowance);
#endif
}

/* Libraries that print their last words must not print them on the user's terminal. */
static int silence(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return 0; /* its findings must be seen */
#else
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	int error = dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ? -errno : 0;
	fd_close(&null);
	return error;
#endif
}

/* For the time before the request is known: nothing hostile has come yet. */
static int take_first_limits(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	/* A write beyond RLIMIT_FSIZE must fail, not kill. */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	int error = set_limit(RLIMIT_CORE, 0);
	return error ? error : set_limit(RLIMIT_NOFILE, DESCRIPTORS);
}

static int take_limits(const struct job *job)
{
	struct stat status;
	uint64_t size = 0;
	if (fstat(job->message, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
		size = (uint64_t)status.st_size;
	if (size > LIMITS_MESSAGE_MOST)
		size = 0; /* it is refused before it is read */
	uint64_t extracted = limits_effective(&job->limits, LIMIT_max_cumulative_extract_size);
	int error = set_limit(RLIMIT_FSIZE, extracted + size + FILE_SLACK);
	return error ? error : limit_memory(MEMORY_BASE + extracted + MEMORY_MESSAGES * size);
}

/* Waits for the request and its descriptor. */
static int receive(struct talker *talker, struct job *ret_job)
{
	struct frame frame;
	const char *payload;
	enum scan_code code;
	int error;
	while ((error = channel_next(&talker->channel, &frame, &payload)) == -EAGAIN) {
		ssize_t got = channel_receive(&talker->channel);
		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
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
	return error ? error : ret_job->message < 0 ? -EPROTO : 0;
}

noreturn void job_run(int take_socket, const char *directory, job_scan scan, void *context)
{
	static struct talker talker;
	static struct job job;
	struct observer observer = {on_part, on_route, on_code, on_virus, on_stage, on_usage, on_refuse, &talker};
	channel_init(&talker.channel, take_socket, CHANNEL_SMALL);
	buffer_init(&talker.out, OUT_MOST + FRAME_HEADER_SIZE + CHANNEL_SMALL);
	job.directory = directory;
	int error = silence();
	error = error ? error : take_first_limits();
	error = error ? error : receive(&talker, &job);
	error = error ? error : take_limits(&job);
	if (error) {
		(void)say(&talker, event_json_code(0, DEC_RESULT_INIT_DECOMPOSER_FAILED, strerror(-error)));
		(void)flush(&talker);
		_exit(EXIT_FAILURE);
	}
	speaking = &talker;
	error = on_stage(&talker, STAGE_READ, 0);
	error = error ? error : scan(context, &job, &observer);
	error = error ? error : on_stage(&talker, STAGE_DONE, 0);
	_exit(error ? EXIT_FAILURE : EXIT_SUCCESS);
}
