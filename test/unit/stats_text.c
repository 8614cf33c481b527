/*
 * stats_text.c - the counts of a scanner as lines for people: what stands first, and what is left out.
 */
#include "format/stats_text.h"

#include "tap.h"

#include <stdlib.h>

/* Does a line begin with the label and end with the value? */
static bool says(const char *text, const char *label, const char *value)
{
	char start[128];
	(void)snprintf(start, sizeof start, "\n  %s ", label);
	const char *line = strstr(text, start);
	if (!line)
		return false;
	const char *end = strchr(line + 1, '\n');
	size_t length = strlen(value);
	return end && (size_t)(end - line) > length && strncmp(end - length, value, length) == 0 &&
	       end[-(int)length - 1] == ' ';
}

static void test_order(void)
{
	static const char *const order[] = {"Engine csapi\n",
					    "  messages checked ",
					    "  MIME parts checked ",
					    "  viruses detected ",
					    "  viruses cured ",
					    "  average time per message ",
					    "  average time per part ",
					    "Messages\n",
					    "Workers\n",
					    "Service\n",
					    "Messages by status\n",
					    "Messages by deciding code\n",
					    "Messages by time of the scan\n"};
	const struct stats stats = {.messages_checked = 4,
				    .parts_checked = 9,
				    .viruses_found = 3,
				    .message_us = 10001,
				    .queue_us = 4004,
				    .timeouts = 7,
				    .busy = 2,
				    .statuses[EC_AV_INFECTED] = 4,
				    .code_ok = 1,
				    .codes[AVS_RESULT_VIRUS_FOUND - 1] = 3,
				    .durations[1] = 3,
				    .durations[STATS_BUCKET_COUNT - 1] = 1};
	char *text = stats_text_encode(&stats), *at = text;
	bool good = text != NULL;
	for (size_t i = 0; good && i < sizeof order / sizeof *order; i++) {
		at = strstr(at, order[i]);
		good = at != NULL;
		if (!good)
			printf("# not there, or not in its place: %s\n", order[i]);
	}
	ok(good && strncmp(text, order[0], strlen(order[0])) == 0, "the engine's own figures come first");
	ok(says(text, "messages checked", "4") && says(text, "MIME parts checked", "9") &&
		   says(text, "viruses detected", "3") && says(text, "viruses cured", "0"),
	   "counts");
	ok(says(text, "average time per message", "2.500 ms") && says(text, "average time per part", "1.111 ms") &&
		   says(text, "average time in the queue", "1.001 ms"),
	   "means in milliseconds with three decimals");
	ok(says(text, "timeouts", "7") && says(text, "busy", "2") && says(text, "EC_AV_INFECTED", "4") &&
		   says(text, "OK", "1") && says(text, "AVS_RESULT_VIRUS_FOUND", "3") &&
		   says(text, "up to 2 ms", "3") && says(text, "longer than 10000 ms", "1"),
	   "what occurred");
	ok(!strstr(text, "EC_AV_CLEAN") && !strstr(text, "DEC_RESULT_") && !strstr(text, "up to 1 ms"),
	   "what did not is left out");
	free(text);
}

static void test_nothing(void)
{
	const struct stats stats = {0};
	char *text = stats_text_encode(&stats);
	ok(text && says(text, "average time per message", "0.000 ms") && !strstr(text, "Messages by"),
	   "a scanner that has done nothing yet");
	for (int i = 0; text && i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		if (*row->label && !says(text, row->label, "0"))
			okf(false, "the row %s", row->key);
	}
	free(text);
}

int main(void)
{
	test_order();
	test_nothing();
	return tap_end();
}
