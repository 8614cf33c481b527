/*
 * self_test.c - samples with known verdicts through the real scanner; see self_test.h.
 *
 * The one infected sample is EICAR's test file, which every antivirus program detects by agreement and which harms nobody. It is put
 * together at run time, so that neither this file nor the program is taken for it.
 */
#include "self_test.h"

#include "base/fd.h"
#include "base/utf8.h"
#include "engine/engines.h"
#include "notice.h"
#include "process/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two halves of EICAR's 68 characters. */
static const char eicar_head[] = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD";
static const char eicar_tail[] = "-ANTIVIRUS-TEST-FILE!$H+H*";

#define MAIL_HEAD                                                                                                      \
	"From: self-test@example.org\r\nTo: self-test@example.org\r\nSubject: self-test\r\nMIME-Version: 1.0\r\n"      \
	"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <self-test@example.org>\r\n"

static const struct sample {
	const char *name;
	const char *before, *after; /* around EICAR */
	bool infected;              /* false: `before` alone */
} samples[] = {
	{"a clean message", MAIL_HEAD "Content-Type: text/plain\r\n\r\nNothing to see.\r\n", "", false},
	{"EICAR as a file", "", "", true},
	{"EICAR as an attachment",
	 MAIL_HEAD
	 "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\n\r\nA test file.\r\n--part\r\n"
	 "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=eicar.com\r\n\r\n",
	 "\r\n--part--\r\n", true},
};

static enum scan_code spool_sample(const struct sample *sample, int *ret_fd, struct why *why)
{
	char text[2048];
	int size = snprintf(text, sizeof text, "%s%s%s%s", sample->before, sample->infected ? eicar_head : "",
			    sample->infected ? eicar_tail : "", sample->after);
	return spool_bytes(text, (size_t)size, ret_fd, why);
}

/* One sample through the engine. 0 with the verdict, or -errno. */
static int judge(struct engines *engines, const struct sample *sample, struct verdict *ret_verdict)
{
	int fd;
	struct why why = {0};
	struct request request;
	request_init(&request);
	enum scan_code code = spool_sample(sample, &fd, &why);
	if (code) {
		struct report report;
		int error = client_report(code, why.text, &report);
		error = error ? error : verdict_init(ret_verdict, NULL);
		if (!error)
			verdict_take_report(ret_verdict, &report);
		return error;
	}
	uint32_t id;
	int error = engines_submit(engines, 0, &request, fd);
	fd_close(&fd);
	return error ? error : engines_next(engines, -1, &id, ret_verdict);
}

/* Prints what came of one sample; whether it is what had to come. `engine` "": there is only one. */
static bool check(struct engines *engines, const struct sample *sample, const char *engine, bool quiet)
{
	struct verdict verdict;
	int error = judge(engines, sample, &verdict);
	if (error) {
		notice("self-test of %s: %s", sample->name, strerror(-error));
		return false;
	}
	bool good = verdict.status == (sample->infected ? EC_AV_INFECTED : EC_AV_CLEAN);
	char *info = utf8_visible(verdict.info);
	if (!quiet)
		(void)printf("%s%s%-23s %s%s%s, %s\n", engine, *engine ? ": " : "", sample->name,
			     ec_av_status_name(verdict.status), info && info[0] ? " " : "", info ? info : "",
			     good ? "as expected" : "NOT as expected");
	free(info);
	notice_verdict(sample->name, &verdict);
	verdict_free(&verdict);
	return good;
}

/* Each engine by itself: together the first that finds the virus would hide the others. */
static bool check_engine(const struct settings *settings, const struct engine_settings *engine, bool alone)
{
	const struct selection selection = {
		.engines = {engine}, .states = {ANSWER_GIVEN}, .count = 1, .refused = EC_AV_CLEAN};
	const struct engines_options options = {.selection = &selection,
						.client = settings->client,
						.definitions = config_definitions(&settings->config)};
	struct engines *engines;
	if (engines_open(&options, &engines)) {
		notice("there is no memory left to start the scanner");
		return false;
	}
	char *name = alone ? NULL : utf8_visible(engine->name);
	bool good = true;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		good = check(engines, &samples[i], name ? name : "", settings->quiet) && good;
	free(name);
	engines_close(engines);
	return good;
}

int self_test(const struct settings *settings)
{
	const struct selection *selection = &settings->selection;
	bool good = selection->refused == EC_AV_CLEAN;
	if (!good)
		notice("%s", selection->why.text);
	for (unsigned i = 0; i < selection->count; i++)
		good = check_engine(settings, selection->engines[i], selection->count == 1) && good;
	if (!good)
		notice("the self-test failed; do not rely on verdicts of this installation");
	if (fflush(stdout) == 0)
		return good ? 0 : 2;
	notice("cannot write to standard output: %s", strerror(errno));
	return 2;
}
