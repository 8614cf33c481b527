/*
 * scan.c - the scans of libcsapi: one message through the engines, one result; see csapi.h.
 *
 * What engines a handle has opened stays open for the messages that follow, so a private scanner loads its definitions once. After a
 * deadline that passed they are closed: a late answer must not be taken for the next message's.
 */
#include "csapi/handle.h"

#include "base/clock.h"
#include "base/fd.h"
#include "process/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SILENCE_MS 300000 /* an input without a byte for so long is given up, as csapi-scan does */

/* One scan on its way. */
struct scan {
	struct csapi *csapi;
	struct setup *setup;
	struct selection selection;
	int64_t deadline; /* on the clock of clock_now(); 0: none */
	struct why why;
};

static struct csapi_result *no_memory(struct csapi *csapi)
{
	(void)why_set(&csapi->error, 0, "no memory is left");
	return NULL;
}

/* The selection of this scan. False: no memory. */
static bool begin(struct csapi *csapi, struct scan *ret_scan)
{
	csapi->error.text[0] = '\0';
	*ret_scan = (struct scan){.csapi = csapi, .setup = handle_setup(csapi)};
	if (!ret_scan->setup)
		return false;
	if (csapi->deadline_seconds)
		ret_scan->deadline = clock_now() + csapi->deadline_seconds * 1000;
	if (!ret_scan->setup->failed)
		selection_make(&ret_scan->setup->config.engines, &csapi->wish, &ret_scan->selection);
	return true;
}

/* --- verdicts --------------------------------------------------------------------------------------------------- */

static struct csapi_result *conclude(const struct scan *scan, int error, struct verdict *take_verdict)
{
	struct csapi_result *result = error ? NULL : result_new(scan->setup, take_verdict);
	return result ? result : no_memory(scan->csapi);
}

/* About a message that no engine gets. */
static struct csapi_result *settle(const struct scan *scan, enum scan_code code, const struct why *why)
{
	struct report report;
	struct verdict verdict;
	int error = client_report(code, why->text[0] ? why->text : NULL, &report);
	if (error)
		return no_memory(scan->csapi);
	error = verdict_init(&verdict, &scan->selection);
	if (error)
		report_free(&report);
	else
		verdict_take_report(&verdict, &report);
	return conclude(scan, error, &verdict);
}

static struct csapi_result *refuse(const struct scan *scan)
{
	struct verdict verdict;
	int error = verdict_init(&verdict, &scan->selection);
	error = error ? error : verdict_refuse(&verdict, &scan->selection);
	return conclude(scan, error, &verdict);
}

/* What is wrong before the message is looked at; NULL: nothing. */
static struct csapi_result *refusal(const struct scan *scan)
{
	if (scan->setup->failed)
		return settle(scan, scan->setup->failed, &scan->setup->why);
	return scan->selection.refused != EC_AV_CLEAN ? refuse(scan) : NULL;
}

/* --- engines ---------------------------------------------------------------------------------------------------- */

static int open_engines(struct csapi *csapi)
{
	struct engines_options options = {.selection = &csapi->setup->all,
					  .definitions = config_definitions(&csapi->setup->config)};
	options.client.way = csapi->socket ? CLIENT_RESIDENT : CLIENT_AUTO;
	options.client.socket = csapi->socket;
	options.client.alone = true;
	limits_defaults(&options.client.limits);
	if (csapi->engines && csapi->owner != getpid())
		handle_close(csapi);
	csapi->owner = getpid();
	return csapi->engines ? 0 : engines_open(&options, &csapi->engines);
}

static struct csapi_result *too_late(const struct scan *scan)
{
	bool ready = engines_ready(scan->csapi->engines);
	struct why why;
	(void)why_set(&why, 0, "no %s within the deadline of %lld s", ready ? "verdict came" : "scanner was ready",
		      (long long)scan->csapi->deadline_seconds);
	handle_close(scan->csapi);
	return settle(scan, ready ? GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT : GEN_RESULT_SCANNER_NOT_INITIALIZED, &why);
}

/* One message, which is in a descriptor for pread(2). */
static struct csapi_result *judge(const struct scan *scan, const struct request *request, int fd)
{
	struct csapi *csapi = scan->csapi;
	struct verdict verdict;
	uint32_t id = csapi->next++, of;
	int error = open_engines(csapi);
	if (error)
		return no_memory(csapi);
	engines_deadline(csapi->engines, scan->deadline);
	error = engines_submit_selected(csapi->engines, id, &scan->selection, request, fd);
	int wait = scan->deadline ? clock_poll_timeout(scan->deadline) : -1;
	error = error ? error : engines_next(csapi->engines, wait, &of, &verdict);
	if (error == -EAGAIN)
		return too_late(scan);
	/* What was under way when memory ran out is nobody's. */
	if (error)
		handle_close(csapi);
	return conclude(scan, error, &verdict);
}

/* --- messages --------------------------------------------------------------------------------------------------- */

/* What was made of the input goes on its way, or the code about it. Takes the descriptor over. */
static struct csapi_result *go_on(const struct scan *scan, enum scan_code code, int take_fd)
{
	struct request request;
	request_init(&request);
	struct csapi_result *result = code ? settle(scan, code, &scan->why) : judge(scan, &request, take_fd);
	fd_close(&take_fd);
	return result;
}

/* Was only the content looked at, or not even found? There may be more in the bytes that were given. */
static bool is_half(const struct csapi_result *result)
{
	return result->verdict.status == EC_AV_CLEAN ||
	       (result->verdict.status == EC_AV_ERROR && result->verdict.report->code == DEC_RESULT_FILE_ACCESS_FAILED);
}

/* The content of the part, which tells whether it is a container; then all its bytes, its header fields too. */
static struct csapi_result *judge_part(const struct scan *scan, int fd)
{
	struct request request;
	request_init(&request);
	(void)strcpy(request.part, PART_WRAPPED_ID);
	struct csapi_result *result = judge(scan, &request, fd);
	if (!result || !is_half(result))
		return result;
	csapi_result_free(result);
	request.part[0] = '\0';
	return judge(scan, &request, fd);
}

/* Begins a scan. True: *ret_result is all there is to say (NULL: no memory), and the message is not wanted. */
static bool ended(struct csapi *csapi, struct scan *ret_scan, struct csapi_result **ret_result)
{
	if (!begin(csapi, ret_scan)) {
		*ret_result = no_memory(csapi);
		return true;
	}
	*ret_result = refusal(ret_scan);
	return *ret_result || csapi->error.text[0];
}

CSAPI_PUBLIC struct csapi_result *csapi_scan(struct csapi *csapi, const void *data, size_t size)
{
	struct scan scan;
	struct csapi_result *result;
	if (ended(csapi, &scan, &result))
		return result;
	int fd = -1;
	enum scan_code code = spool_bytes(data, size, &fd, &scan.why);
	return go_on(&scan, code, fd);
}

CSAPI_PUBLIC struct csapi_result *csapi_scan_part(struct csapi *csapi, const void *data, size_t size)
{
	struct scan scan;
	struct csapi_result *result;
	if (ended(csapi, &scan, &result))
		return result;
	int fd = -1;
	enum scan_code code = part_wrap(data, size, &fd, &scan.why);
	result = code ? settle(&scan, code, &scan.why) : judge_part(&scan, fd);
	fd_close(&fd);
	return result;
}

static struct csapi_result *scan_input(struct scan *scan, int fd)
{
	struct spool_options options = {.silence_ms = SILENCE_MS,
					.deadline = scan->deadline,
					.deadline_seconds = scan->csapi->deadline_seconds};
	int copy = -1;
	enum scan_code code = spool(fd, &options, &copy, &scan->why);
	return go_on(scan, code, copy);
}

CSAPI_PUBLIC struct csapi_result *csapi_scan_fd(struct csapi *csapi, int fd)
{
	struct scan scan;
	struct csapi_result *result;
	return ended(csapi, &scan, &result) ? result : scan_input(&scan, fd);
}

CSAPI_PUBLIC struct csapi_result *csapi_scan_path(struct csapi *csapi, const char *path)
{
	struct scan scan;
	struct csapi_result *result;
	if (ended(csapi, &scan, &result))
		return result;
	/* A FIFO that nobody writes must not hold us here; spool waits with a limit. */
	int fd = fd_raise(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	if (fd < 0) {
		(void)why_errno(&scan.why, -errno, "cannot open");
		return settle(&scan, DEC_RESULT_CONTAINER_ACCESS_FAILED, &scan.why);
	}
	result = scan_input(&scan, fd);
	fd_close(&fd);
	return result;
}
