/*
 * update.c - the words of updating: what outcomes make together, and what a set of files is.
 */
#include "verdict/update.h"

#include "tap.h"

#include <errno.h>

static void test_outcomes(void)
{
	unsigned bad = 0, words = 0;
	for (int i = 0; i < UPDATE_OUTCOME_COUNT; i++) {
		enum update_outcome one = (enum update_outcome)i, found;
		words += update_outcome_find(update_outcome_word(one), &found) == 0 && found == one;
		bad += update_outcome_of(UPDATE_NOT_DUE, one) != one;
		for (int k = 0; k < UPDATE_OUTCOME_COUNT; k++) {
			enum update_outcome other = (enum update_outcome)k;
			bad += update_outcome_exit(update_outcome_of(one, other)) !=
			       update_outcome_exit(update_outcome_of(other, one));
		}
	}
	ok(words == UPDATE_OUTCOME_COUNT, "every outcome is found by its word");
	ok(bad == 0, "the order of two outcomes does not matter, and not_due yields to all");
	ok(update_outcome_of(UPDATE_UPDATED, UPDATE_CURRENT) == UPDATE_UPDATED, "updated beside current is updated");
	ok(update_outcome_of(UPDATE_UPDATED, UPDATE_REJECTED) == UPDATE_PARTIAL, "updated beside trouble is partial");
	ok(update_outcome_of(UPDATE_CURRENT, UPDATE_UNREACHABLE) == UPDATE_UNREACHABLE,
	   "current beside trouble is the trouble");
	ok(update_outcome_of(UPDATE_RATE_LIMITED, UPDATE_NO_SPACE) == UPDATE_NO_SPACE, "of two troubles the worse one");
}

static void put(struct definition_set *set, const char *name, uint32_t version, int64_t built, uint64_t signatures)
{
	struct definition_file file = {.version = version, .built = built, .signatures = signatures};
	(void)snprintf(file.name, sizeof file.name, "%s", name);
	(void)definition_set_put(set, &file);
}

static void test_sets(void)
{
	struct definition_set set = {NULL, 0};
	char version[32];
	put(&set, "new.ndb", 0, 1790000000, 3);
	ok(definition_set_built(&set) == 1790000000, "without a signed file the newest time counts");
	put(&set, "daily.cvd", 26999, 1600000000, 100);
	put(&set, "main.cvd", 62, 1500000000, 1000);
	put(&set, "old.fp", 0, 1800000000, 50);
	ok(definition_set_built(&set) == 1600000000, "with one, the newest build of those alone");
	definition_set_version(&set, version, sizeof version);
	same(version, "20200913.26999", "the version is that day and the version of daily");
	ok(definition_set_signatures(&set) == 1103, "exceptions are no signatures");
	put(&set, "daily.cld", 27000, 1600100000, 101);
	ok(definition_set_database(&set, "daily")->version == 27000, "of two forms of a database the newer one counts");
	ok(!definition_set_database(&set, "dai"), "a part of a name is none");
	put(&set, "daily.cld", 27001, 1600200000, 102);
	ok(set.count == 5 && definition_set_database(&set, "daily")->version == 27001,
	   "a file of the same name is replaced");
	definition_set_free(&set);
	definition_set_version(&set, version, sizeof version);
	same(version, "19700101.000", "an empty set has no day");
}

static void test_names(void)
{
	static const char *const good[] = {"daily.cvd", "a.ndb", "A-b_c.1.LDB", "rules.yara"};
	static const char *const bad[] = {"",      ".cvd", ".hidden.ndb", "a/b.ndb", "a b.ndb",
					  "a.exe", "ndb",  "a\n.ndb",     "..ndb"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		okf(definition_name_good(good[i]), "%s is a good name", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		okf(!definition_name_good(bad[i]), "number %zu is not", i);
	ok(definition_name_signed("x.cld") && !definition_name_signed("x.ndb"), "signed formats are known");
	ok(definition_name_of("daily.cld", "daily") && !definition_name_of("dailynews.cvd", "daily") &&
		   !definition_name_of("daily.ndb", "daily"),
	   "a database is known by its whole name");
	ok(definition_name_exception("x.ign2") && definition_name_exception("x.FP") &&
		   !definition_name_exception("x.hdb"),
	   "and those that take detection away");
}

int main(void)
{
	test_outcomes();
	test_sets();
	test_names();
	return tap_end();
}
