/*
 * sscanf.c - the program's own sscanf(3) reads what the C library's reads.
 */
#include "tap.h"

#include <dlfcn.h>
#include <stdlib.h>

typedef int (*scan)(const char *text, const char *format, ...);

static scan of_program, of_library;

static const char *const texts[] = {
	"0",   "7&8",  "00012|3", "999999999", "1234567890", "4294967295", "4294967296", "99999999999999999999999",
	"",    " 5",   "\t6",     "+3",        "-1",         "x1",         "1x",         "0x10",
	"1,2", "1 ,2", "12,",     "3-9",       "3:9",        "12.5"};
static const char *const formats[] = {"%u", " %u", "%u ", "%u,%u", "%u-%u", "%u:%u", "%2u", "%d,%u", "%%%u", "u", ""};

static bool agree(const char *text, const char *format)
{
	unsigned got[2] = {4711, 4712}, wanted[2] = {4711, 4712};
	int got_count = of_program(text, format, &got[0], &got[1]);
	int wanted_count = of_library(text, format, &wanted[0], &wanted[1]);
	return got_count == wanted_count && got[0] == wanted[0] && got[1] == wanted[1];
}

/* As the engine finds it, and as the library has it. ISO C has no cast for this; POSIX promises that the bits fit. */
static scan find(void *where, const char *name)
{
	void *found = dlsym(where, name);
	scan function;
	memcpy(&function, &found, sizeof function);
	return function;
}

static void test_name(const char *name)
{
	of_program = find(RTLD_DEFAULT, name);
	of_library = find(RTLD_NEXT, name);
	okf(of_program && of_library && of_program != of_library, "%s: the program has its own", name);
	for (size_t i = 0; of_program && of_library && i < sizeof formats / sizeof formats[0]; i++) {
		bool good = true;
		for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++)
			if (!agree(texts[j], formats[i])) {
				good = false;
				printf("# \"%s\" by \"%s\"\n", texts[j], formats[i]);
			}
		okf(good, "%s: \"%s\"", name, formats[i]);
	}
	char word[8] = "";
	unsigned number = 0;
	okf(of_program("17 cats", "%u %7s", &number, word) == 2 && number == 17 && strcmp(word, "cats") == 0,
	    "%s: other conversions", name);
}

int main(void)
{
	test_name("sscanf");
	test_name("__isoc99_sscanf");
	return tap_end();
}
