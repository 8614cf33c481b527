/*
 * part_id.c - ids of parts: of the right form where they are asked for, and each used once where they are made.
 */
#include "verdict/part_id.h"
#include "tap.h"
#include "verdict/request.h"

#include <errno.h>
#include <stdlib.h>

static void test_form(void)
{
	static const char *const good[] = {"0",      "1",         "1.2",           "12.34.56", "2/invoice.zip",
					   "2/a/b",  "1.2/..",    "1/a b\xC3\xA9", "1//x",     "1/\x01",
					   "stray1", "2.stray12", "2.stray1/a"};
	static const char *const bad[] = {
		"",    ".",    "1.",     ".1",    "1..2",    "a",       "1a",       "/1",
		"1/",  "-1",   " 1",     "1 /x",  "1.2.",    "+1",      "1.2/\xFF", "1/\xED\xA0\x80",
		"./1", "1./x", "1..2x/", "stray", "stray.1", "1.stray", "1stray1",  "straystray1"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		okf(request_part_valid(good[i]), "an id: %zu", i);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		okf(!request_part_valid(bad[i]), "no id: %zu", i);
	char text[REQUEST_PART_MAX + 2];
	memset(text, 'x', sizeof text);
	memcpy(text, "1/", 2);
	text[REQUEST_PART_MAX] = '\0';
	ok(request_part_valid(text), "just as long as it may be");
	text[REQUEST_PART_MAX] = 'x';
	text[REQUEST_PART_MAX + 1] = '\0';
	ok(!request_part_valid(text), "one byte longer");
}

static void makes(struct part_ids *ids, const char *id, const char *wanted)
{
	char *unique = part_ids_unique(ids, id);
	same(unique, wanted, wanted);
	free(unique);
}

static void test_unique(void)
{
	struct part_ids ids = {0};
	makes(&ids, "2/a.zip", "2/a.zip");
	makes(&ids, "2/a.zip", "2/a.zip#2");
	makes(&ids, "2/a.zip#3", "2/a.zip#3");
	makes(&ids, "2/a.zip", "2/a.zip#4");
	makes(&ids, "2/a.zip#3", "2/a.zip#3#2");
	makes(&ids, "2/A.zip", "2/A.zip");
	makes(&ids, "", "");
	makes(&ids, "", "#2");
	ok(part_ids_take(&ids, "2/a.zip") == -EEXIST && part_ids_take(&ids, "3") == 0 &&
		   part_ids_take(&ids, "3") == -EEXIST,
	   "an id is taken once");
	part_ids_free(&ids);
	ok(part_ids_take(&ids, "3") == 0, "after the end of a report all are free again");
	part_ids_free(&ids);
	part_ids_free(&ids);
}

/* Long names that differ only at their end, and characters of three bytes at the cut. */
static void test_cut(void)
{
	struct part_ids ids = {0};
	char text[3 * REQUEST_PART_MAX + 1];
	for (size_t i = 0; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 4);
	bool good = true;
	for (uint32_t n = 0; n < 2000 && good; n++) {
		char *unique = part_ids_unique(&ids, text);
		good = unique && strlen(unique) <= REQUEST_PART_MAX && strlen(unique) > REQUEST_PART_MAX - 16;
		/* Cut at a character's end, or it would be no UTF-8. */
		good = good && (n == 0 || strstr(unique, "#")) && strncmp(unique, text, strcspn(unique, "#")) == 0 &&
		       strcspn(unique, "#") % 3 == 0;
		free(unique);
	}
	ok(good, "2000 parts with one long name");
	part_ids_free(&ids);
}

/* Somebody who imitates our own suffixes does not get us into a long search or a double id. */
static void test_imitation(void)
{
	struct part_ids ids = {0};
	char name[32];
	bool good = true;
	for (uint32_t n = 0; n < 3000; n++) {
		(void)snprintf(name, sizeof name, "a#%u", 6000 - n);
		char *imitation = part_ids_unique(&ids, name), *plain = part_ids_unique(&ids, "a");
		good = good && imitation && plain && strcmp(imitation, plain) != 0;
		free(imitation);
		free(plain);
	}
	ok(good, "names that look like numbered ids");
	part_ids_free(&ids);
}

int main(void)
{
	test_form();
	test_unique();
	test_cut();
	test_imitation();
	return tap_end();
}
