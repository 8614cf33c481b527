/*
 * disinfect.c - one message on its way from infected to repaired; see disinfect.h.
 *
 * A round repairs what is at hand and scans what came of it. What is found then is the next round's to remove; when rounds do not help, more is removed with
 * it: parts with the archives that they are, then the body. Refuses to give out what was not scanned, or was scanned and is worse than the policy allows.
 */
#include "engine/disinfect.h"

#include "base/fd.h"
#include "process/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_STEP (1u << 20) /* bytes */
#define SEALS     (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* Rounds at each level before more is removed: a virus may show only when another one is gone. */
#define ROUNDS_PARTS       4u
#define ROUNDS_WHOLE_PARTS 2u

struct disinfect {
	struct repair_policy policy;
	struct request request; /* of the scans */
	struct request repair;  /* of the repair at hand */
	enum disinfect_state {
		DISINFECT_LOCATES, /* the base is scanned part by part: an engine did not say where it found something */
		DISINFECT_REPAIRS,
		DISINFECT_SCANS,
		DISINFECT_ENDED,
	} state;
	struct request locate;         /* while DISINFECT_LOCATES */
	int message;                   /* borrowed: as it came */
	int base;                      /* owned: what is repaired; -1: the message */
	int asked;                     /* owned: what a worker repairs, or what is scanned again; -1: none */
	struct repair_plan plan;       /* for the base */
	struct repair_outcome outcome; /* of the repair whose result is scanned */
	enum repair_level level;
	unsigned tries;                   /* repairs at this level */
	bool before[SCAN_CODE_COUNT + 1]; /* codes of the first verdict */
	struct repair_result result;
	enum scan_code failed; /* why a repair came to nothing, that tells most; SCAN_CODE_NONE: none did */
	char failed_text[256]; /* likewise */
	uint64_t size;         /* of what is scanned again */
	uint8_t sha256[32];
};

/* --- files ------------------------------------------------------------------------------------------------------ */

static int copy_range(int from, uint64_t offset, uint64_t size, int to)
{
	uint8_t *step = malloc(COPY_STEP);
	int error = step ? 0 : -ENOMEM;
	while (!error && size) {
		ssize_t got = pread(from, step, size < COPY_STEP ? (size_t)size : COPY_STEP, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			error = got ? -errno : -EIO;
			break;
		}
		error = fd_write_all(to, step, (size_t)got);
		offset += (uint64_t)got;
		size -= (uint64_t)got;
	}
	free(step);
	return error;
}

static int file_size(int fd, uint64_t *ret_size)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return -errno;
	*ret_size = (uint64_t)status.st_size;
	return 0;
}

static int base_of(const struct disinfect *disinfect)
{
	return disinfect->base >= 0 ? disinfect->base : disinfect->message;
}

/* The base and the plan behind it, in a file that a worker may write to. 0 or -errno. */
static int lay_out(struct disinfect *disinfect)
{
	struct buffer text;
	uint64_t size = 0;
	buffer_init(&text, REPAIR_TEXT_MOST);
	int error = repair_plan_encode(&disinfect->plan, &text);
	error = error ? error : file_size(base_of(disinfect), &size);
	fd_close(&disinfect->asked);
	if (!error) {
		disinfect->asked = fd_raise(memfd_create("csapi-repair", MFD_CLOEXEC | MFD_ALLOW_SEALING));
		error = disinfect->asked < 0 ? -errno : 0;
	}
	error = error ? error : copy_range(base_of(disinfect), 0, size, disinfect->asked);
	error = error ? error : fd_write_all(disinfect->asked, text.data, text.size);
	disinfect->repair = disinfect->request;
	disinfect->repair.repair = disinfect->level;
	disinfect->repair.message_size = error ? 0 : size;
	disinfect->repair.orders_size = text.size;
	buffer_free(&text);
	return error;
}

/* The part of a report of a repair, as a range of the file; false: it is none. */
static bool has_range(const struct report *report, uint32_t number, uint64_t size, uint64_t most)
{
	if (number >= report->part_count)
		return false;
	const struct part *part = &report->parts[number];
	return part->written && part->offset <= size && part->size <= size - part->offset && part->size <= most;
}

/* What the worker did, which stands behind the repaired message. 0, -EBADMSG, -ENOMEM. */
static int read_outcome(struct disinfect *disinfect, const struct part *part)
{
	uint8_t *text = malloc((size_t)part->size + 1);
	if (!text)
		return -ENOMEM;
	size_t at = 0;
	while (at < part->size) {
		ssize_t got = pread(disinfect->asked, text + at, (size_t)part->size - at, (off_t)(part->offset + at));
		if (got == 0 || (got < 0 && errno != EINTR))
			break;
		at += got > 0 ? (size_t)got : 0;
	}
	int error = at == part->size ? repair_outcome_decode(text, at, disinfect->plan.count, &disinfect->outcome)
				     : -EBADMSG;
	free(text);
	return error;
}

/* The repaired message in a file of its own, which nobody can change any more. 0, -EBADMSG, -ENOMEM or -errno. */
static int take_repaired(struct disinfect *disinfect, const struct report *report)
{
	uint64_t size = 0;
	struct why why;
	int copy = -1;
	/* A worker that was taken over may go on writing: what is read from here on stays what it is. */
	if (fcntl(disinfect->asked, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	int error = file_size(disinfect->asked, &size);
	if (error || !has_range(report, 0, size, LIMITS_MESSAGE_MOST) || !has_range(report, 1, size, REPAIR_TEXT_MOST))
		return error ? error : -EBADMSG;
	error = read_outcome(disinfect, &report->parts[1]);
	if (error)
		return error;
	if (!disinfect->outcome.done_count)
		return -EBADMSG;
	if (spool_begin(&copy, &why) != SCAN_CODE_NONE)
		return -ENOMEM;
	error = copy_range(disinfect->asked, report->parts[0].offset, report->parts[0].size, copy);
	if (!error && spool_end(copy, &why) != SCAN_CODE_NONE)
		error = -EIO;
	if (error) {
		fd_close(&copy);
		return error;
	}
	fd_close(&disinfect->asked);
	disinfect->asked = copy;
	disinfect->size = report->parts[0].size;
	memcpy(disinfect->sha256, report->parts[0].sha256, sizeof disinfect->sha256);
	return 0;
}

/* --- rounds ----------------------------------------------------------------------------------------------------- */

static void end(struct disinfect *disinfect, enum repair_end how)
{
	disinfect->state = DISINFECT_ENDED;
	disinfect->result.end = how;
}

void disinfect_fail(struct disinfect *disinfect, enum scan_code code, const char *text)
{
	disinfect->state = DISINFECT_ENDED;
	repair_result_fail(&disinfect->result, code, text);
}

/* One more repair of the base. */
static void try_again(struct disinfect *disinfect)
{
	unsigned most = disinfect->level == REPAIR_LEVEL_PARTS ? ROUNDS_PARTS : ROUNDS_WHOLE_PARTS;
	if (disinfect->plan.whole && disinfect->level < REPAIR_LEVEL_BODY) {
		disinfect->level = REPAIR_LEVEL_BODY;
		disinfect->tries = 0;
	} else if (disinfect->level < REPAIR_LEVEL_BODY && disinfect->tries >= most) {
		disinfect->level++;
		disinfect->tries = 0;
	}
	disinfect->tries++;
	int error = lay_out(disinfect);
	if (error)
		disinfect_fail(disinfect,
			       error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : DEC_RESULT_TEMPFILE_ACCESS_FAILED,
			       strerror(-error));
	else
		disinfect->state = DISINFECT_REPAIRS;
}

/* What was tried did not help: more is removed; false: there is no more to remove. */
static bool remove_more(struct disinfect *disinfect)
{
	if (disinfect->level + 1 == REPAIR_LEVEL_COUNT)
		return false;
	disinfect->level++;
	disinfect->tries = 0;
	try_again(disinfect);
	return true;
}

/* Did an engine find it that looks at the message as a whole, and could look at each part? */
static bool can_locate(const struct disinfect *disinfect, const struct verdict *verdict)
{
	if (!disinfect->plan.whole || disinfect->request.part_by_part)
		return false;
	for (unsigned i = 0; i < verdict->answer_count; i++)
		if (verdict->report == &verdict->answers[i].report)
			return verdict->answers[i].engine->kind == ENGINE_CLAMAV;
	return false;
}

/* The plan for the base is made, of what this verdict says: goes on with it. */
static void follow_plan(struct disinfect *disinfect, const struct verdict *verdict)
{
	if (!can_locate(disinfect, verdict)) {
		try_again(disinfect);
		return;
	}
	disinfect->locate = disinfect->request;
	disinfect->locate.part_by_part = true;
	disinfect->locate.cured = 0;
	disinfect->state = DISINFECT_LOCATES;
}

/* What the scan part by part says goes before what was known, if it is more. */
static int take_location(struct disinfect *disinfect, const struct verdict *verdict)
{
	struct repair_plan plan;
	int error = repair_plan_make(verdict->report, &disinfect->policy, &plan);
	if (error)
		return error;
	if (plan.count && !plan.whole) {
		repair_plan_free(&disinfect->plan);
		disinfect->plan = plan;
	} else {
		repair_plan_free(&plan);
	}
	try_again(disinfect);
	return 0;
}

/* The code that a report of a repair failed with. */
static enum scan_code failure(const struct report *report, const char **ret_text)
{
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (scan_code_is_information(found->code))
			continue;
		*ret_text = found->text ? found->text : scan_code_row(found->code)->text;
		return found->code;
	}
	*ret_text = report->info && *report->info ? report->info : "no repaired message came";
	return DEC_RESULT_UPDATE_CONTAINER_FAILED;
}

/* That nothing could be changed says less than why it could not be before, as when a worker died over it. */
static void remember(struct disinfect *disinfect, enum scan_code code, const char *text)
{
	if (disinfect->failed && code == DEC_RESULT_INVALID_FILE_MODIFICATION)
		return;
	disinfect->failed = code;
	(void)snprintf(disinfect->failed_text, sizeof disinfect->failed_text, "%s", text);
}

static int take_repair(struct disinfect *disinfect, const struct report *report)
{
	const char *text;
	enum scan_code code = failure(report, &text);
	bool came = report->complete && code == AVS_RESULT_SCANNER_NOT_INITIALIZED && report->part_count == 2;
	repair_outcome_free(&disinfect->outcome);
	int error = came ? take_repaired(disinfect, report) : 0;
	if (error == -ENOMEM)
		return error;
	if (came && !error) {
		disinfect->state = DISINFECT_SCANS;
		disinfect->request.cured = repair_result_cured(&disinfect->result);
		for (uint32_t i = 0; i < disinfect->outcome.done_count; i++)
			disinfect->request.cured +=
				disinfect->plan.orders[disinfect->outcome.done[i].order].reason == REPAIR_INFECTED;
		if (disinfect->request.cured > REPORT_FINDINGS_MAX)
			disinfect->request.cured = REPORT_FINDINGS_MAX;
		return 0;
	}
	if (came) {
		code = DEC_RESULT_UPDATE_CONTAINER_FAILED;
		text = "the worker's answer is not one";
	}
	(void)snprintf(disinfect->result.text, sizeof disinfect->result.text, "%s", text);
	remember(disinfect, code, text);
	if (!remove_more(disinfect))
		disinfect_fail(disinfect, disinfect->failed, disinfect->failed_text);
	return 0;
}

/* Is what came of it as the policy wants it? What is left that nobody can look into was there before, and is left on purpose. */
static bool accepts(const struct disinfect *disinfect, const struct verdict *verdict)
{
	const struct report *report = verdict->report;
	if (verdict->status == EC_AV_CLEAN)
		return true;
	if (verdict->status != EC_AV_UNSCANNABLE || report->codes_omitted)
		return false;
	for (uint32_t i = 0; i < report->code_count; i++)
		if (!scan_code_is_information(report->codes[i].code) && !disinfect->before[report->codes[i].code])
			return false;
	return true;
}

/* What was scanned is what counts from now on. */
static int keep_round(struct disinfect *disinfect)
{
	int error =
		repair_result_add(&disinfect->result, &disinfect->plan, &disinfect->outcome, disinfect->result.rounds);
	fd_close(&disinfect->base);
	disinfect->base = disinfect->asked;
	disinfect->asked = -1;
	return error;
}

static void judge(struct disinfect *disinfect, const struct verdict *verdict)
{
	struct repair_result *result = &disinfect->result;
	result->rounds++;
	result->judged = true;
	result->status = verdict->status;
	result->rescan_code = verdict->report->code;
}

static int take_scan(struct disinfect *disinfect, const struct verdict *verdict)
{
	struct repair_plan plan = {.orders = NULL};
	struct repair_result *result = &disinfect->result;
	bool judges = verdict->status == EC_AV_CLEAN || verdict->status == EC_AV_INFECTED ||
		      verdict->status == EC_AV_UNSCANNABLE;
	judge(disinfect, verdict);
	if (!judges) {
		enum scan_code code = verdict->report->code;
		disinfect_fail(disinfect, code ? code : DEC_RESULT_UPDATE_CONTAINER_FAILED,
			       *verdict->info ? verdict->info : "the repaired message could not be scanned");
		return 0;
	}
	int error = verdict->status == EC_AV_CLEAN ? 0 : repair_plan_make(verdict->report, &disinfect->policy, &plan);
	if (error)
		return error;
	if (!plan.count && accepts(disinfect, verdict)) {
		error = keep_round(disinfect);
		result->measured = true;
		result->size = disinfect->size;
		memcpy(result->sha256, disinfect->sha256, sizeof result->sha256);
		result->text[0] = '\0';
		end(disinfect, REPAIR_DONE);
		return error;
	}
	(void)snprintf(result->text, sizeof result->text, "scanned again: %s", verdict->info);
	if (!plan.count || disinfect->level >= REPAIR_LEVEL_BODY) {
		/* It came out worse than it was, or there is no part left: once more from what it was made of. */
		repair_plan_free(&plan);
		if (!remove_more(disinfect))
			disinfect_fail(disinfect, DEC_RESULT_INVALID_FILE_MODIFICATION,
				       "it is still not clean without its body and all that its header can do without");
		return 0;
	}
	error = keep_round(disinfect);
	repair_plan_free(&disinfect->plan);
	disinfect->plan = plan;
	if (!error)
		follow_plan(disinfect, verdict);
	return error;
}

/* --- the caller's side ------------------------------------------------------------------------------------------ */

int disinfect_begin(const struct repair_policy *policy, const struct request *request, const struct verdict *verdict,
		    int message, struct disinfect **ret_disinfect)
{
	struct disinfect *disinfect = calloc(1, sizeof *disinfect);
	if (!disinfect)
		return -ENOMEM;
	*disinfect = (struct disinfect){.policy = *policy,
					.request = *request,
					.state = DISINFECT_ENDED,
					.message = message,
					.base = -1,
					.asked = -1,
					.level = REPAIR_LEVEL_PARTS};
	const struct report *report = verdict->report;
	for (uint32_t i = 0; i < report->code_count; i++)
		disinfect->before[report->codes[i].code] = true;
	int error = 0;
	bool judged = verdict->status == EC_AV_INFECTED || verdict->status == EC_AV_UNSCANNABLE;
	if (judged)
		error = repair_plan_make(report, policy, &disinfect->plan);
	if (error) {
		free(disinfect);
		return error;
	}
	if (verdict_exit(verdict) == 2 || message < 0)
		disinfect_fail(disinfect, report->code ? report->code : DEC_RESULT_UPDATE_CONTAINER_FAILED,
			       *verdict->info ? verdict->info : "there is no verdict to go by");
	else if (disinfect->plan.count)
		follow_plan(disinfect, verdict);
	*ret_disinfect = disinfect;
	return 0;
}

bool disinfect_asks(const struct disinfect *disinfect, struct disinfect_ask *ret_ask)
{
	if (disinfect->state == DISINFECT_ENDED)
		return false;
	*ret_ask = (struct disinfect_ask){.fd = disinfect->asked, .request = &disinfect->request};
	if (disinfect->state == DISINFECT_LOCATES) {
		ret_ask->fd = base_of(disinfect);
		ret_ask->request = &disinfect->locate;
	} else if (disinfect->state == DISINFECT_REPAIRS) {
		ret_ask->request = &disinfect->repair;
		ret_ask->repairs = true;
	}
	return true;
}

int disinfect_answer(struct disinfect *disinfect, const struct verdict *answer)
{
	switch (disinfect->state) {
	case DISINFECT_LOCATES:
		return take_location(disinfect, answer);
	case DISINFECT_REPAIRS:
		return take_repair(disinfect, answer->report);
	default:
		return take_scan(disinfect, answer);
	}
}

struct repair_result *disinfect_result(struct disinfect *disinfect)
{
	return &disinfect->result;
}

int disinfect_message(const struct disinfect *disinfect)
{
	return disinfect->result.end == REPAIR_FAILED ? -1 : base_of(disinfect);
}

static uint32_t part_of(const struct report *report, const char *id)
{
	uint32_t number = 0;
	while (number < report->part_count && strcmp(report->parts[number].id, id) != 0)
		number++;
	return number < report->part_count ? number : 0;
}

int disinfect_tell(const struct disinfect *disinfect, struct verdict *verdict)
{
	const struct repair_result *result = &disinfect->result;
	struct report *report = NULL;
	int error = 0;
	for (unsigned i = 0; i < verdict->answer_count; i++)
		if (verdict->report == &verdict->answers[i].report && !verdict->answers[i].code)
			report = &verdict->answers[i].report;
	if (!report || result->end != REPAIR_DONE)
		return 0;
	bool added = false;
	for (uint32_t i = 0; i < result->removed_count && !error; i++) {
		enum scan_code code = repair_deleted_code(result->removed[i].order.reason);
		if (!code || result->removed[i].round != 1)
			continue;
		error = report_code(report, part_of(report, result->removed[i].order.id), code, NULL);
		added = true;
	}
	if (!error && added)
		error = report_settle(report);
	return error || !added ? error : verdict_settle(verdict);
}

void disinfect_free(struct disinfect *disinfect)
{
	if (!disinfect)
		return;
	fd_close(&disinfect->base);
	fd_close(&disinfect->asked);
	repair_plan_free(&disinfect->plan);
	repair_outcome_free(&disinfect->outcome);
	repair_result_free(&disinfect->result);
	free(disinfect);
}
