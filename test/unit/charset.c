/*
 * charset.c - tests of scan/charset through the iconv_open of scan/fault, in children that can open nothing any more.
 */
#include "scan/charset.h"
#include "scan/fault.h"
#include "test/unit/tap.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NONE ((iconv_t)-1)

static bool opens(const char *to, const char *from)
{
	iconv_t converter = iconv_open(to, from);
	if (converter != NONE)
		(void)iconv_close(converter);
	return converter != NONE;
}

/* No descriptor is left: what the C library would have to read from a file is not to be had, as in the sandbox. */
static bool close_files(void)
{
	struct rlimit limit = {0, 0};
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool taken(enum scan_code wanted, const char *about)
{
	const char *text;
	enum scan_code code = fault_taken(&text);
	return code == wanted && strstr(text, about);
}

static bool loaded_ones(void)
{
	fault_watch("/none");
	return close_files() && opens("UTF-8", "iso-8859-2") && opens("UTF-16BE", "CP1252") &&
	       opens("CP932", "UTF-8") && opens("UTF-8//TRANSLIT", "EUC-JP") && opens("UTF-16", "KOI8-R") &&
	       taken(SCAN_CODE_NONE, "");
}

static bool left_out(const char *to, const char *from, const char *about)
{
	fault_watch("/none");
	return close_files() && !opens(to, from) && errno == EINVAL &&
	       taken(DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, about) && taken(SCAN_CODE_NONE, "");
}

static bool left_out_from(void)
{
	return left_out("UTF-8", "ibm1047", "ibm1047") && left_out("UTF-16BE", "CP1047", "CP1047");
}

static bool left_out_to(void)
{
	return left_out("IBM1047//IGNORE", "UTF-8", "IBM1047");
}

static bool unknown(void)
{
	fault_watch("/none");
	return close_files() && !opens("UTF-8", "no-such-set") && !opens("no-such-set", "ibm1047") &&
	       !opens("UTF-8", "ibm104") && taken(SCAN_CODE_NONE, "");
}

static bool installed(void)
{
	return opens("UTF-8", "IBM1047");
}

static bool true_in_child(bool (*test)(void))
{
	int status = 1;
	pid_t child = fork();
	if (child == 0)
		_exit(!test());
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void in_child(bool (*test)(void), const char *what)
{
	ok(true_in_child(test), what);
}

int main(void)
{
	charset_load();
	in_child(loaded_ones, "character sets of mail are there when no file can be opened");
	/* Not here: a module that was in use once stays for a while. */
	if (!true_in_child(installed)) {
		skip("one that is not loaded", "this system has no more than a few");
	} else {
		in_child(left_out_from, "one that the system knows and that was not loaded: told, with its name");
		in_child(left_out_to, "the same on the other side");
	}
	in_child(unknown, "one that nobody knows is no fault");
	return tap_end();
}
