/*
 * tap.h - the Test Anything Protocol for one small program: what is printed is read by prove.
 *
 * Included once by each test. The plan comes last, so a test that dies before its end fails as a whole.
 */
#ifndef CSAPI_TEST_UNIT_TAP_H
#define CSAPI_TEST_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_count;
static unsigned tap_failures;

static inline void ok(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tap_count, what);
	tap_failures += !good;
}

/* The same with a name that is put together. */
static inline void okf(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void okf(bool good, const char *format, ...)
{
	char what[256];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	ok(good, what);
}

/* Two texts are the same, NULL included; both are shown when they are not. */
static inline void same(const char *got, const char *wanted, const char *what)
{
	bool good = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;
	ok(good, what);
	if (!good)
		printf("#    got: %s\n# wanted: %s\n", got ? got : "(null)", wanted ? wanted : "(null)");
}

static inline void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_count, what, why);
}

/* The plan, and the exit status of the test. */
static inline int tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failures != 0;
}

#endif
