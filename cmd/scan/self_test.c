/*
 * self_test.c - samples with known verdicts through the real scanner; see self_test.h.
 *
 * The one infected sample is EICAR's test file, which every antivirus program detects by agreement and which harms nobody. It is put
 * together at run time, so that neither this file nor the program is taken for it.
 */
#include "self_test.h"

#include "base/fd.h"
#include "base/utf8.h"
#include "notice.h"
#include "spool.h"

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

/* One sample through the scanner. 0 with its report, or -errno. */
static int judge(struct client *client, const struct sample *sample, struct report *ret_report)
{
	int fd;
	struct why why = {0};
	struct request request;
	request_init(&request);
	enum scan_code code = spool_sample(sample, &fd, &why);
	if (code)
		return client_report(code, why.text, ret_report);
	uint32_t id;
	int error = client_submit(client, 0, &request, fd);
	fd_close(&fd);
	return error ? error : client_next(client, -1, &id, ret_report);
}

static bool as_expected(const struct sample *sample, const struct report *report)
{
	if (sample->infected)
		return report->status == EC_AV_INFECTED && report->code == AVS_RESULT_VIRUS_FOUND;
	return report->status == EC_AV_CLEAN;
}

/* Prints what came of one sample; whether it is what had to come. */
static bool check(struct client *client, const struct sample *sample, bool quiet)
{
	struct report report;
	int error = judge(client, sample, &report);
	if (error) {
		notice("self-test of %s: %s", sample->name, strerror(-error));
		return false;
	}
	bool good = as_expected(sample, &report);
	char *info = utf8_visible(report.info ? report.info : "");
	if (!quiet)
		(void)printf("%-23s %s%s%s, %s\n", sample->name, ec_av_status_name(report.status),
			     info && info[0] ? " " : "", info ? info : "", good ? "as expected" : "NOT as expected");
	free(info);
	notice_report(sample->name, &report);
	report_free(&report);
	return good;
}

int self_test(const struct settings *settings)
{
	struct client *client;
	if (client_open(&settings->client, &client) < 0) {
		notice("there is no memory left to start the scanner");
		return 2;
	}
	bool good = true;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		good = check(client, &samples[i], settings->quiet) && good;
	client_close(client);
	if (!good)
		notice("the self-test failed; do not rely on verdicts of this installation");
	if (fflush(stdout) == 0)
		return good ? 0 : 2;
	notice("cannot write to standard output: %s", strerror(errno));
	return 2;
}
