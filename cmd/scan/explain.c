/*
 * explain.c - rows of the tables for people; see explain.h.
 */
#include "explain.h"

#include "base/distance.h"
#include "notice.h"
#include "verdict/evasion.h"
#include "verdict/scan_code.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Is `word` the name, or what follows `mark` in it? "policy_invalid" is three codes, and all three are meant. */
static bool means(const char *word, const char *name, const char *mark)
{
	const char *tail = strstr(name, mark);
	return strcasecmp(word, name) == 0 || (tail && strcasecmp(word, tail + strlen(mark)) == 0);
}

static const char *origin(enum scan_code_origin origin)
{
	switch (origin) {
	case SCAN_CODE_PRODUCED:
		return "produced";
	case SCAN_CODE_UPDATE:
		return "produced by csapi-update";
	case SCAN_CODE_REPAIR:
		return "produced with --disinfect";
	default:
		return "not produced";
	}
}

static void print_code(const struct scan_code_row *row)
{
	if (row->status == EC_AV_CLEAN)
		(void)printf("%s\n  %s\n  status: none; it is information and decides nothing\n", row->name, row->text);
	else
		(void)printf("%s\n  %s\n  status: %s, exit status %d\n", row->name, row->text,
			     ec_av_status_name(row->status), ec_av_status_exit(row->status));
	(void)printf("  %s: %s\n", origin(row->origin), row->note);
}

static void print_status(enum ec_av_status status)
{
	(void)printf("%s\n  %s\n  exit status %d\n", ec_av_status_name(status), ec_av_status_text(status),
		     ec_av_status_exit(status));
}

static void print_evasion(const struct evasion_row *row)
{
	(void)printf("%s%s\n  %s\n  status: none; EC_AV_INFECTED with --paranoid\n  produced: %s\n", EVASION_VIRUS,
		     row->word, row->text, row->note);
}

static void print_all(void)
{
	for (int status = 0; status < EC_AV_STATUS_COUNT; status++)
		print_status((enum ec_av_status)status);
	for (int code = 1; code <= SCAN_CODE_COUNT; code++)
		print_code(scan_code_row((enum scan_code)code));
	for (int i = 1; i <= EVASION_COUNT; i++)
		print_evasion(evasion_row((enum evasion)i));
}

static unsigned print_matching(const char *word)
{
	unsigned found = 0;
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++) {
		if (means(word, ec_av_status_name((enum ec_av_status)i), "EC_AV_")) {
			print_status((enum ec_av_status)i);
			found++;
		}
	}
	for (int i = 1; i <= SCAN_CODE_COUNT; i++) {
		const struct scan_code_row *row = scan_code_row((enum scan_code)i);
		if (means(word, row->name, "RESULT_")) {
			print_code(row);
			found++;
		}
	}
	for (int i = 1; i <= EVASION_COUNT; i++) {
		char name[64];
		(void)snprintf(name, sizeof name, EVASION_VIRUS "%s", evasion_word((enum evasion)i));
		if (means(word, name, EVASION_VIRUS)) {
			print_evasion(evasion_row((enum evasion)i));
			found++;
		}
	}
	return found;
}

/* The name that `word` is nearest to, whole or behind its prefix; NULL: none is near. */
static const char *nearest(const char *word)
{
	const char *best = NULL;
	int least = DISTANCE_MAX;
	for (int i = 1; i <= SCAN_CODE_COUNT; i++) {
		const char *name = scan_code_name((enum scan_code)i);
		int whole = distance_of(word, name);
		int tail = distance_of(word, strstr(name, "RESULT_") + strlen("RESULT_"));
		int distance = whole < 0 || (tail >= 0 && tail < whole) ? tail : whole;
		if (distance >= 0 && distance < least) {
			least = distance;
			best = name;
		}
	}
	return best;
}

int explain(const char *word)
{
	if (strcasecmp(word, "all") == 0) {
		print_all();
	} else if (!print_matching(word)) {
		const char *near = nearest(word);
		if (near)
			notice("there is no code %s; did you mean %s?", word, near);
		else
			notice("there is no code %s; --explain=all lists them", word);
		return 2;
	}
	if (fflush(stdout) == 0)
		return 0;
	notice("cannot write to standard output: %s", strerror(errno));
	return 2;
}
