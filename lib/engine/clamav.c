/*
 * clamav.c - a clamd, or several, as an engine: a block clamav "NAME" {}; see backend.h.
 *
 * Its word becomes a report of one part, so that whoever reads verdicts need not know who scanned. Where the message is to be taken apart
 * first, a job goes through stages: SMTP data become mail, a walk looks for tricks, parts are written out, and what is to be scanned goes to clamd piece by
 * piece; then the walk's report, with clamd's words about its parts, is the answer. Refuses to call clean what was not taken apart whole.
 */
#include "engine/backend.h"

#include "base/clock.h"
#include "base/fd.h"
#include "clamd/clamd.h"
#include "engine/unpack.h"
#include "verdict/age.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX CLAMD_CONCURRENCY_MAX
/* An id towards clamd is that of a job, and the number of the piece. */
#define PIECE_BITS 20u
_Static_assert(REPORT_PARTS_MAX + 1 < 1u << PIECE_BITS, "a piece for the whole and for each part");

enum stage {
	STAGE_UNSTUFF, /* SMTP data: the mail in it is wanted */
	STAGE_WALK,    /* looked at for tricks */
	STAGE_PARTS,   /* parts are written out */
	STAGE_PIECES,  /* clamd is at them */
	STAGE_OVER,
};

/* What clamd gets in one go. */
struct piece {
	uint32_t part;
	uint64_t begin, end; /* in the file of the job */
};

struct job {
	bool used;
	uint32_t id;
	struct request request;
	enum stage stage;
	bool asked;  /* the unpacker is at it */
	int message; /* owned */
	int parts;   /* owned; the file with the parts; -1: there is none */
	struct report report;
	struct piece *pieces; /* owned */
	uint32_t piece_count, next_piece, outstanding;
	struct clamd_answer answer; /* the first virus, else the first trouble, else the last one */
	bool answered;
	unsigned attempts;
	int64_t begun;
};

struct clamav {
	struct clamd *clamd; /* NULL: why says why not */
	struct why why;
	struct client_options options; /* of the unpacker */
	struct unpack *unpack;         /* NULL: not needed yet */
	unsigned job_count, job_top;   /* top: places behind it were never used; looking at them would cost memory */
	struct job jobs[JOBS_MAX];
};

static int64_t timeout_ms(const struct backend *backend)
{
	const struct limits *asked = &backend->options->client.limits;
	const struct limits *limits = asked->set[LIMIT_timeout] ? asked : &backend->engine->limits;
	return (int64_t)limits_effective(limits, LIMIT_timeout) * 1000;
}

static int open_pool(struct backend *backend)
{
	struct clamav *clamav = calloc(1, sizeof *clamav);
	if (!clamav)
		return -ENOMEM;
	const struct clamd_options options = {.addresses = backend->engine->daemon,
					      .timeout_ms = timeout_ms(backend),
					      .max_concurrency = backend->options->client.max_concurrency};
	int error = clamd_open(&options, &clamav->clamd, &clamav->why);
	if (error)
		clamav->clamd = NULL;
	if (error == -ENOMEM) {
		free(clamav);
		return error;
	}
	/* The scanner that runs takes messages apart as well; a private one needs no engine for it. */
	clamav->options = backend->options->client;
	clamav->options.usual = backend->engine->limits;
	clamav->options.no_engine = true;
	clamav->options.definitions = NULL;
	clamav->options.max_concurrency = 0;
	clamav->options.max_age = 0;
	backend->state = clamav;
	return 0;
}

static unsigned outstanding(const struct backend *backend)
{
	const struct clamav *clamav = backend->state;
	return clamav->job_count;
}

static unsigned room(const struct backend *backend)
{
	const struct clamav *clamav = backend->state;
	unsigned most = clamav->clamd ? clamd_room(clamav->clamd) + clamd_outstanding(clamav->clamd) : JOBS_MAX;
	most = most < JOBS_MAX ? most : JOBS_MAX;
	return clamav->job_count < most ? most - clamav->job_count : 0;
}

/* --- a job -------------------------------------------------------------------------------------------------------- */

/* The first stage that it needs, from `from` on. */
static enum stage next_stage(const struct job *job, enum stage from)
{
	const struct request *request = &job->request;
	if (from <= STAGE_UNSTUFF && request->wire && !*request->part)
		return STAGE_UNSTUFF;
	if (from <= STAGE_WALK && request->paranoid && !*request->part)
		return STAGE_WALK;
	if (from <= STAGE_PARTS && (*request->part || request->part_by_part))
		return STAGE_PARTS;
	return STAGE_PIECES;
}

static int add_piece(struct job *job, uint32_t part, uint64_t begin, uint64_t end)
{
	struct piece *pieces = reallocarray(job->pieces, job->piece_count + 1, sizeof *pieces);
	if (!pieces)
		return -ENOMEM;
	job->pieces = pieces;
	pieces[job->piece_count++] = (struct piece){part, begin, end};
	return 0;
}

static void job_free(struct clamav *clamav, struct job *job)
{
	fd_close(&job->message);
	fd_close(&job->parts);
	free(job->pieces);
	report_free(&job->report);
	clamd_answer_free(&job->answer);
	*job = (struct job){.used = false};
	clamav->job_count--;
}

static int submit(struct backend *backend, uint32_t id, const struct request *request, int fd)
{
	struct clamav *clamav = backend->state;
	struct job *job = clamav->jobs;
	assert(clamav->job_count < JOBS_MAX);
	while (job->used)
		job++;
	unsigned place = (unsigned)(job - clamav->jobs) + 1;
	clamav->job_top = place > clamav->job_top ? place : clamav->job_top;
	*job = (struct job){.used = true, .id = id, .parts = -1, .begun = clock_now()};
	report_init(&job->report);
	backend_request(backend->engine, request, &job->request);
	job->message = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	job->stage = next_stage(job, STAGE_UNSTUFF);
	clamav->job_count++;
	/* Without a part of it asked for, or SMTP data around it, clamd sees the whole as well. */
	return job->stage == STAGE_PIECES ? add_piece(job, 0, 0, UINT64_MAX) : 0;
}

/* --- its word as a report --------------------------------------------------------------------------------------- */

/* "ClamAV 1.4.6/27000/Thu Nov 26 09:30:00 2026": engine, version of the daily database, and when that was built. Without the last two there is none. */
static int read_version(const char *text, struct facts *ret_facts)
{
	struct tm day = {0};
	const char *slash = strchr(text, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	char version[64];
	*ret_facts = (struct facts){0};
	ret_facts->engine_version = strndup(text, slash ? (size_t)(slash - text) : strlen(text));
	if (!ret_facts->engine_version)
		return -ENOMEM;
	const char *end = second ? strptime(second + 1, "%a %b %d %H:%M:%S %Y", &day) : NULL;
	unsigned long daily = slash ? strtoul(slash + 1, NULL, 10) : 0;
	if (!end || *end || !daily)
		return 0;
	/* In the zone of that machine, which may be another one: a day more or less is no matter for an age in days. */
	ret_facts->definitions_built = (int64_t)timegm(&day);
	size_t used = strftime(version, sizeof version, "%Y%m%d", &day);
	(void)snprintf(version + used, sizeof version - used, ".%lu", daily);
	ret_facts->definitions_version = strdup(version);
	return ret_facts->definitions_version ? 0 : -ENOMEM;
}

/* Did clamd look at the bytes? */
static bool was_seen(const struct clamd_answer *answer)
{
	return answer->status != EC_AV_ERROR && answer->status != EC_AV_NOT_SUITABLE_FOR_STREAMING;
}

/* A refusal has no scan code, and the part that it is about is not clean for that. */
static int note_unseen(struct report *report, uint32_t part, const struct clamd_answer *answer)
{
	if (answer->status != EC_AV_NOT_SUITABLE_FOR_STREAMING)
		return 0;
	return report_code(report, part, DEC_RESULT_FILE_EXTRACT_FAILED, answer->info);
}

/* The one part that it speaks of, and what it says. 0 or -ENOMEM. */
static int fill_report(const struct clamd_answer *answer, struct report *report)
{
	struct part input = {.parent = REPORT_NO_PART,
			     .id = (char[]){"0"},
			     .kind = PART_INPUT,
			     .route = !was_seen(answer) ? ROUTE_UNSEEN
				      : answer->size    ? ROUTE_WHOLE
							: ROUTE_EMPTY,
			     .size = answer->size};
	struct facts facts = {0};
	int error = report_part(report, &input);
	if (!error && answer->version)
		error = read_version(answer->version, &facts);
	error = error ? error : report_facts(report, &facts);
	facts_free(&facts);
	if (!error && answer->status == EC_AV_INFECTED)
		error = report_virus(report, 0, answer->info, answer->official);
	else if (!error && answer->scan_code != SCAN_CODE_NONE)
		error = report_code(report, 0, answer->scan_code, answer->info);
	report->complete = answer->status == EC_AV_CLEAN || answer->status == EC_AV_INFECTED;
	error = error ? error : note_unseen(report, 0, answer);
	if (!error && answer->status == EC_AV_NOT_SUITABLE_FOR_STREAMING)
		error = report_refuse(report, answer->status, answer->info);
	return error;
}

static int to_report(const struct backend *backend, const struct clamd_answer *answer, struct report *ret_report)
{
	report_init(ret_report);
	ret_report->started = clock_wall();
	ret_report->attempts = answer->attempts;
	ret_report->total_ms = answer->ms;
	ret_report->limits.value[LIMIT_timeout] = (uint64_t)timeout_ms(backend) / 1000;
	int error = fill_report(answer, ret_report);
	error = error ? error : report_settle(ret_report);
	/* Its own trouble is told in its own words. */
	if (!error && answer->status == EC_AV_ERROR) {
		free(ret_report->info);
		ret_report->info = strdup(answer->info);
		error = ret_report->info ? 0 : -ENOMEM;
	}
	if (!error && backend_max_age(backend))
		error = age_demand(ret_report, backend_max_age(backend), clock_wall());
	if (error)
		report_free(ret_report);
	return error;
}

/* --- taking apart ------------------------------------------------------------------------------------------------- */

/* The report ends with trouble of ours. 0 or -ENOMEM. */
static int end_with(struct job *job, enum scan_code code, const char *text)
{
	report_free(&job->report);
	job->stage = STAGE_OVER;
	return client_report(code, text, &job->report);
}

/* Gives the message to the unpacker for the stage that it is in. 0 or -ENOMEM. */
static int ask_unpack(struct clamav *clamav, struct job *job)
{
	struct request request = job->request;
	int error = clamav->unpack ? 0 : unpack_open(&clamav->options, &clamav->unpack);
	if (error || !unpack_room(clamav->unpack))
		return error;
	request.part_by_part = false;
	request.measure = job->stage == STAGE_WALK;
	request.extract = !request.measure;
	request.paranoid &= request.measure;
	if (job->stage == STAGE_UNSTUFF)
		(void)strcpy(request.part, "0");
	else
		request.wire &= *request.part != '\0'; /* it was undone */
	error = unpack_submit(clamav->unpack, (uint32_t)(job - clamav->jobs), &request, job->message);
	job->asked = !error;
	if (error && error != -ENOMEM)
		return end_with(job, GEN_RESULT_OUT_OF_MEMORY, "the message cannot be copied to be taken apart");
	return error;
}

/* What every report of a message says that was only taken apart. */
static bool is_walks_word(const struct code_found *found)
{
	return found->code == AVS_RESULT_SCANNER_NOT_INITIALIZED && found->text &&
	       strcmp(found->text, REPORT_WALKED_TEXT) == 0;
}

/* Was it taken apart, and not judged by somebody who does not know how to? */
static bool was_walked(const struct report *report)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (is_walks_word(&report->codes[i]))
			return true;
	return false;
}

/* A file of its own for bytes of another one: the mail out of SMTP data. */
static int cut_out(int from, uint64_t begin, uint64_t size, int *ret_fd)
{
	uint8_t step[64 * 1024];
	int fd = memfd_create("csapi-mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = fd < 0 ? -errno : 0;
	while (!error && size) {
		ssize_t got = pread(from, step, size < sizeof step ? (size_t)size : sizeof step, (off_t)begin);
		error = got < 0 ? -errno : got == 0 ? -EIO : fd_write_all(fd, step, (size_t)got);
		if (!error) {
			begin += (uint64_t)got;
			size -= (uint64_t)got;
		}
	}
	if (error)
		fd_close(&fd);
	*ret_fd = fd;
	return error;
}

/* From here on the mail is the message. */
static int take_unstuffed(struct job *job, struct unpacked *unpacked)
{
	const struct part *input = unpacked->report.part_count ? &unpacked->report.parts[0] : NULL;
	int mail = -1;
	if (!input || (!input->written && input->size))
		return end_with(job, DEC_RESULT_TEMPFILE_ACCESS_FAILED,
				"the mail could not be taken out of the SMTP data");
	int error = cut_out(unpacked->fd, input->offset, input->written ? input->size : 0, &mail);
	if (error)
		return end_with(job, GEN_RESULT_OUT_OF_MEMORY, "the mail could not be taken out of the SMTP data");
	fd_close(&job->message);
	job->message = mail;
	job->request.wire = false;
	job->report.wire = true;
	job->stage = next_stage(job, STAGE_WALK);
	return job->stage == STAGE_PIECES ? add_piece(job, 0, 0, UINT64_MAX) : 0;
}

/* What is to be scanned, and the tree around it. */
static int take_parts(struct job *job, struct unpacked *unpacked)
{
	bool wire = job->report.wire;
	job->parts = unpacked->fd;
	unpacked->fd = -1;
	report_free(&job->report);
	job->report = unpacked->report;
	report_init(&unpacked->report);
	job->report.wire |= wire;
	job->stage = STAGE_PIECES;
	int error = *job->request.part ? 0 : add_piece(job, 0, 0, UINT64_MAX);
	for (uint32_t i = 0; !error && i < job->report.part_count; i++) {
		const struct part *part = &job->report.parts[i];
		/* The input itself is there already, as the whole. */
		if (part->written && (i || *job->request.part))
			error = add_piece(job, i, part->offset, part->offset + part->size);
	}
	return error;
}

/* One came back from the unpacker. 0 or -ENOMEM. */
static int take_unpacked(struct clamav *clamav, struct unpacked *unpacked)
{
	struct job *job = &clamav->jobs[unpacked->id];
	int error = 0;
	job->asked = false;
	if (unpacked->report.status >= EC_AV_PART_IS_CONTAINER || !was_walked(&unpacked->report) ||
	    unpacked->report.virus_count) {
		/* It was refused, failed, or has tricks in it: that is the answer. */
		report_free(&job->report);
		job->report = unpacked->report;
		report_init(&unpacked->report);
		job->stage = STAGE_OVER;
	} else if (job->stage == STAGE_UNSTUFF) {
		error = take_unstuffed(job, unpacked);
	} else if (job->stage == STAGE_PARTS) {
		error = take_parts(job, unpacked);
	} else {
		/* What it could not open clamd is to look into: the walk was for tricks. */
		job->stage = next_stage(job, STAGE_PARTS);
		error = job->stage == STAGE_PIECES ? add_piece(job, 0, 0, UINT64_MAX) : 0;
	}
	report_free(&unpacked->report);
	fd_close(&unpacked->fd);
	return error;
}

/* --- pieces --------------------------------------------------------------------------------------------------------- */

static int weight(enum ec_av_status status)
{
	return status == EC_AV_INFECTED ? 3 : status == EC_AV_CLEAN ? 0 : status == EC_AV_UNSCANNABLE ? 1 : 2;
}

static int give_pieces(struct clamav *clamav, struct job *job)
{
	int error = 0;
	while (!error && job->next_piece < job->piece_count && clamd_room(clamav->clamd) &&
	       !(job->answered && job->answer.status == EC_AV_INFECTED)) {
		const struct piece *piece = &job->pieces[job->next_piece];
		uint32_t id = (uint32_t)(job - clamav->jobs) << PIECE_BITS | job->next_piece++;
		bool whole = piece->end == UINT64_MAX;
		job->outstanding++;
		error = clamd_submit(clamav->clamd, id, whole ? job->message : job->parts, piece->begin, piece->end);
	}
	return error;
}

/* What clamd says of a part, in the report of all. Of a message in one piece fill_report says it. */
static int note_piece(struct job *job, uint32_t part, const struct clamd_answer *answer)
{
	struct report *report = &job->report;
	if (part < report->part_count && was_seen(answer))
		report->parts[part].route = part ? ROUTE_FED : ROUTE_WHOLE;
	if (answer->status == EC_AV_INFECTED)
		return report_virus(report, part, answer->info, answer->official);
	if (answer->scan_code != SCAN_CODE_NONE)
		return report_code(report, part, answer->scan_code, answer->info);
	return note_unseen(report, part, answer);
}

static int take_answer(struct clamav *clamav, struct clamd_answer *take)
{
	struct job *job = &clamav->jobs[take->id >> PIECE_BITS];
	const struct piece *piece = &job->pieces[take->id & ((1u << PIECE_BITS) - 1)];
	int error = job->report.part_count ? note_piece(job, piece->part, take) : 0;
	job->outstanding--;
	job->attempts += take->attempts;
	if (!job->answered || weight(take->status) > weight(job->answer.status)) {
		clamd_answer_free(&job->answer);
		job->answer = *take;
		job->answered = true;
	} else {
		clamd_answer_free(take);
	}
	return error;
}

static bool pieces_over(const struct job *job)
{
	bool found = job->answered && job->answer.status == EC_AV_INFECTED;
	return job->stage == STAGE_PIECES && !job->outstanding && (job->next_piece == job->piece_count || found);
}

/* The walk's own last word, which was right until clamd looked. */
static int without_walk(struct report *report)
{
	struct report whole;
	report_init(&whole);
	int error = 0;
	for (uint32_t i = 0; !error && i < report->part_count; i++) {
		struct part part = report->parts[i];
		part.route = part.route == ROUTE_WALKED && part.kind != PART_BODY && part.kind != PART_ATTACHMENT
				     ? ROUTE_PARTS
				     : part.route;
		part.written = false;
		error = report_part(&whole, &part);
	}
	for (uint32_t i = 0; !error && i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (!is_walks_word(found) && found->code != AVS_RESULT_VIRUS_FOUND)
			error = report_code(&whole, found->part, found->code, found->text);
	}
	for (uint32_t i = 0; !error && i < report->virus_count; i++)
		error = report_virus(&whole, report->viruses[i].part, report->viruses[i].name,
				     report->viruses[i].official);
	for (uint32_t i = 0; !error && i < report->evasion_count; i++)
		error = report_evasion(&whole, report->evasions[i].part, report->evasions[i].evasion,
				       report->evasions[i].text);
	whole.evasions_omitted += report->evasions_omitted;
	whole.limits = report->limits;
	whole.usage = report->usage;
	whole.wire = report->wire;
	/* What was left out of the list cannot be told whether it was seen. */
	whole.complete = !report->parts_omitted && !report->codes_omitted;
	report_free(report);
	*report = whole;
	return error;
}

/* --- the answer ----------------------------------------------------------------------------------------------------- */

/* Of a job that went through pieces: its report is settled then. */
static int conclude(const struct backend *backend, struct job *job)
{
	struct report *report = &job->report;
	bool wire = report->wire;
	int error;
	if (!report->part_count) {
		report_free(report);
		job->answer.ms = (uint64_t)(clock_now() - job->begun);
		error = to_report(backend, &job->answer, report);
		report->wire = wire;
		return error;
	}
	error = without_walk(report);
	report->started = clock_wall();
	report->total_ms = (uint64_t)(clock_now() - job->begun);
	report->attempts = job->attempts;
	struct facts facts = {0};
	if (!error && job->answer.version)
		error = read_version(job->answer.version, &facts);
	error = error ? error : report_facts(report, &facts);
	facts_free(&facts);
	error = error ? error : report_settle(report);
	if (!error && job->answered && job->answer.status == EC_AV_NOT_SUITABLE_FOR_STREAMING && !report->virus_count)
		error = report_refuse(report, job->answer.status, job->answer.info);
	if (!error && backend_max_age(backend))
		error = age_demand(report, backend_max_age(backend), clock_wall());
	return error;
}

/* It goes out. */
static int hand_over(const struct backend *backend, struct job *job, struct answer *ret_answer)
{
	struct clamav *clamav = backend->state;
	int error = job->stage == STAGE_PIECES ? conclude(backend, job) : 0;
	ret_answer->report = job->report;
	report_init(&job->report);
	ret_answer->attempts = job->attempts;
	ret_answer->address = job->answer.address;
	job->answer.address = NULL;
	/* What it says stands for nothing where the report says something else: the definitions are too old, or a part could not be read. */
	if (job->answered && ret_answer->report.status == job->answer.status) {
		ret_answer->code = job->answer.code;
		job->answer.code = NULL;
	} else if (ret_answer->report.status == EC_AV_INFECTED && ret_answer->report.info) {
		ret_answer->code = strdup(ret_answer->report.info);
		error = error || ret_answer->code ? error : -ENOMEM;
	}
	job_free(clamav, job);
	return error;
}

/* Every job as far as it goes without waiting. 0 or -ENOMEM. */
static int advance(struct clamav *clamav)
{
	struct clamd_answer answer;
	struct unpacked unpacked;
	int error = 0;
	while (clamav->unpack && !error && (error = unpack_next(clamav->unpack, &unpacked)) == 0)
		error = take_unpacked(clamav, &unpacked);
	error = error == -EAGAIN || error == -ENOENT ? 0 : error;
	while (clamav->clamd && !error && (error = clamd_next(clamav->clamd, 0, &answer)) == 0)
		error = take_answer(clamav, &answer);
	error = error == -EAGAIN || error == -ENOENT ? 0 : error;
	for (unsigned i = 0; !error && i < clamav->job_top; i++) {
		struct job *job = &clamav->jobs[i];
		if (!job->used || job->stage == STAGE_OVER)
			continue;
		if (!clamav->clamd)
			error = end_with(job, GEN_RESULT_SCANNER_NOT_INITIALIZED, clamav->why.text);
		else if (job->stage == STAGE_PIECES)
			error = give_pieces(clamav, job);
		else if (!job->asked)
			error = ask_unpack(clamav, job);
	}
	return error;
}

static size_t poll_for(const struct backend *backend, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline)
{
	const struct clamav *clamav = backend->state;
	int64_t own;
	size_t used = 0;
	*ret_deadline = CLOCK_NEVER;
	if (clamav->clamd)
		used = clamd_poll(clamav->clamd, ret_fds, most, ret_deadline);
	int fd = clamav->unpack ? unpack_poll(clamav->unpack, &own) : -1;
	if (clamav->unpack && own < *ret_deadline)
		*ret_deadline = own;
	if (fd >= 0 && used < most)
		ret_fds[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
	for (unsigned i = 0; i < clamav->job_top; i++)
		if (clamav->jobs[i].used && (clamav->jobs[i].stage == STAGE_OVER || pieces_over(&clamav->jobs[i])))
			*ret_deadline = 0;
	return used;
}

static int next(struct backend *backend, int wait_ms, uint32_t *ret_id, struct answer *ret_answer)
{
	struct pollfd fds[BACKEND_POLL_MAX];
	struct clamav *clamav = backend->state;
	int64_t deadline = wait_ms < 0 ? CLOCK_NEVER : clock_now() + wait_ms;
	if (!clamav->job_count)
		return -ENOENT;
	for (bool last = false;; last = clock_now() >= deadline) {
		int64_t own;
		int error = advance(clamav);
		if (error)
			return error;
		for (unsigned i = 0; i < clamav->job_top; i++) {
			struct job *job = &clamav->jobs[i];
			if (!job->used || (job->stage != STAGE_OVER && !pieces_over(job)))
				continue;
			*ret_id = job->id;
			return hand_over(backend, job, ret_answer);
		}
		if (last)
			return -EAGAIN;
		size_t used = poll_for(backend, fds, sizeof fds / sizeof *fds, &own);
		(void)poll(fds, used, clock_poll_timeout(own < deadline ? own : deadline));
	}
}

static bool ready(const struct backend *backend)
{
	(void)backend;
	return true;
}

static void close_pool(struct backend *backend)
{
	struct clamav *clamav = backend->state;
	for (unsigned i = 0; i < clamav->job_top; i++)
		if (clamav->jobs[i].used)
			job_free(clamav, &clamav->jobs[i]);
	unpack_close(clamav->unpack);
	clamd_close(clamav->clamd);
	free(clamav);
	backend->state = NULL;
}

const struct backend_kind backend_clamav = {open_pool, submit, next, outstanding, room, poll_for, ready, close_pool};
