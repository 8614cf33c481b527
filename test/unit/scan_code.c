/*
 * scan_code.c - the table of scan codes and statuses: complete, found by name, and in the order that settles verdicts.
 */
#include "verdict/scan_code.h"
#include "tap.h"

#include <ctype.h>
#include <stdlib.h>

static bool starts(enum scan_code code, const char *prefix)
{
	return strncmp(scan_code_name(code), prefix, strlen(prefix)) == 0;
}

static void test_rows(void)
{
	unsigned avs = 0, dec = 0, gen = 0, lic = 0, whole = 0, unique = 0;
	for (int i = 1; i <= SCAN_CODE_COUNT; i++) {
		enum scan_code code = (enum scan_code)i;
		const struct scan_code_row *row = scan_code_row(code);
		avs += starts(code, "AVS_RESULT_");
		dec += starts(code, "DEC_RESULT_");
		gen += starts(code, "GEN_RESULT_");
		lic += starts(code, "LIC_RESULT_");
		size_t size = strlen(row->text);
		whole += size > 10 && row->text[size - 1] == '.' && strlen(row->note) > 10 &&
			 row->status <= EC_AV_ERROR && row->origin <= SCAN_CODE_NEVER;
		unique += scan_code_find(row->name) == code;
	}
	ok(avs == 7 && dec == 42 && gen == 10 && lic == 7, "7 AVS, 42 DEC, 10 GEN and 7 LIC codes");
	ok(whole == SCAN_CODE_COUNT, "each has a sentence, a note and a status");
	ok(unique == SCAN_CODE_COUNT, "each is found by its name");
	ok(scan_code_row(AVS_RESULT_VIRUS_FOUND)->status == EC_AV_INFECTED, "a virus is what infected means");
	unsigned infected = 0;
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		infected += scan_code_row((enum scan_code)i)->status == EC_AV_INFECTED;
	ok(infected == 1, "and nothing else is");
}

static void test_names(void)
{
	ok(scan_code_find("avs_result_virus_found") == AVS_RESULT_VIRUS_FOUND, "the case of letters does not count");
	static const char *const none[] = {"",
					   "AVS_RESULT_",
					   "VIRUS_FOUND",
					   " AVS_RESULT_VIRUS_FOUND",
					   "AVS_RESULT_VIRUS_FOUND ",
					   "SCAN_CODE_NONE"};
	bool found = false;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		found = found || scan_code_find(none[i]) != SCAN_CODE_NONE;
	ok(!found, "what is no name is not found");
	ok(scan_code_name(SCAN_CODE_NONE) == NULL, "no code has no name");
}

static void test_order(void)
{
	bool avs = true, failures = true;
	for (int i = 1; i <= SCAN_CODE_COUNT; i++) {
		enum scan_code code = (enum scan_code)i;
		if (!starts(code, "AVS_"))
			avs = avs && scan_code_worse(code, AVS_RESULT_INVALID_DEFAULT_FILE_EXTENSION) ==
					     AVS_RESULT_INVALID_DEFAULT_FILE_EXTENSION;
		if (starts(code, "DEC_") && scan_code_row(code)->status == EC_AV_ERROR)
			failures = failures && scan_code_worse(DEC_RESULT_FILE_SIZE_TOO_LARGE, code) == code;
	}
	ok(avs, "any AVS code is worse than any other");
	ok(failures, "a failure of our own is worse than a finding of the decomposer");
	ok(scan_code_worse(SCAN_CODE_NONE, SCAN_CODE_NONE) == SCAN_CODE_NONE, "no code and no code is none");
	ok(scan_code_worse(SCAN_CODE_NONE, DEC_RESULT_OUTER_CONTAINER_IS_MIME) == DEC_RESULT_OUTER_CONTAINER_IS_MIME &&
		   scan_code_worse(DEC_RESULT_OUTER_CONTAINER_IS_MIME, SCAN_CODE_NONE) ==
			   DEC_RESULT_OUTER_CONTAINER_IS_MIME,
	   "no code gives way to any");
	ok(scan_code_is_information(DEC_RESULT_OUTER_CONTAINER_IS_MIME) &&
		   scan_code_is_information(DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN) &&
		   !scan_code_is_information(DEC_RESULT_FILE_EXTRACT_FAILED) &&
		   !scan_code_is_information(SCAN_CODE_NONE),
	   "which codes are information only");
}

static void test_statuses(void)
{
	static const struct {
		const char *name;
		int exit_status;
	} wanted[] = {{"EC_AV_CLEAN", 0},
		      {"EC_AV_INFECTED", 1},
		      {"EC_AV_UNSCANNABLE", 3},
		      {"EC_AV_ERROR", 2},
		      {"EC_AV_PART_IS_CONTAINER", 2},
		      {"EC_AV_NAME_TOO_LONG", 2},
		      {"EC_AV_NO_ENGINE", 2},
		      {"EC_AV_NOT_SUITABLE_FOR_STREAMING", 2}};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		enum ec_av_status status = EC_AV_STATUS_COUNT;
		ok(ec_av_status_find(wanted[i].name, &status) == 0 && status < EC_AV_STATUS_COUNT &&
			   strcmp(ec_av_status_name(status), wanted[i].name) == 0 &&
			   ec_av_status_exit(status) == wanted[i].exit_status && *ec_av_status_text(status),
		   wanted[i].name);
	}
	enum ec_av_status status;
	ok(ec_av_status_find("EC_AV_", &status) && ec_av_status_find("", &status) &&
		   ec_av_status_find("ec_av_clean", &status),
	   "what is no status is not found");
}

/* Infected before error before unscannable before clean, whichever comes first. */
static void test_exit(void)
{
	static const int order[] = {1, 2, 3, 0};
	bool good = true;
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			good = good && ec_av_exit_worse(order[i], order[j]) == order[i < j ? i : j];
	ok(good, "the worse of two exit statuses");
	ok(ec_av_exit_worse(77, 78) == 2, "what is none of them is an error");
}

int main(void)
{
	test_rows();
	test_names();
	test_order();
	test_statuses();
	test_exit();
	return tap_end();
}
