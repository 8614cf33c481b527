/*
 * place.c - our programs and files are found beside the running program, whatever the directory or PATH is.
 */
#include "base/place.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/csapi-place-XXXXXX";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		abort();
}

/* Asks a copy of this program that lies at `place` below the root; `wanted` is below the root as well. */
static void finds(const char *place, const char *what, const char *wanted, const char *title)
{
	char command[1024], got[4096] = "", expected[4096] = "";
	(void)snprintf(command, sizeof command, "cd / && exec env PATH= '%s/%s' %s", root, place, what);
	FILE *pipe = popen(command, "r");
	if (!pipe || (!fgets(got, sizeof got, pipe) && ferror(pipe)) || pclose(pipe) < 0)
		abort();
	got[strcspn(got, "\n")] = '\0';
	if (wanted)
		(void)snprintf(expected, sizeof expected, "%s/%s", root, wanted);
	else
		(void)snprintf(expected, sizeof expected, "none");
	same(got, expected, title);
}

/* What such a copy does. */
static int ask(const char *what)
{
	struct why why = {""};
	enum place place = *what == 's' ? PLACE_SCANNER : *what == 'w' ? PLACE_WORKER : PLACE_DEFINITIONS;
	char *path = place_find(place, &why);
	(void)puts(path ? path : strncmp(why.text, "not found at /", 14) == 0 ? "none" : why.text);
	free(path);
	return 0;
}

static void test_build_tree(void)
{
	run("mkdir -p '%s'/build/lead '%s'/share/definitions", root, root);
	run("cp /proc/%d/exe '%s'/build/t; cp '%s'/build/t '%s'/build/lead/t", (int)getpid(), root, root, root);
	finds("build/t", "scanner", NULL, "nothing is there");
	run("install -m 755 /dev/null '%s'/build/csapi-scanner; install -m 644 /dev/null '%s'/build/csapi-worker", root,
	    root);
	finds("build/t", "scanner", "build/csapi-scanner", "beside the program");
	finds("build/t", "worker", NULL, "what cannot be run is no program");
	finds("build/t", "definitions", "share/definitions", "definitions of a source tree");
	finds("build/lead/t", "definitions", "share/definitions", "the same from one folder deeper");
}

/* An installed tree inside another one that has a share/definitions. */
static void test_installed(void)
{
	run("mkdir -p '%s'/p/bin '%s'/p/sbin '%s'/p/libexec/csapi '%s'/p/share/csapi/definitions", root, root, root,
	    root);
	run("cp '%s'/build/t '%s'/p/bin/t; cp '%s'/build/t '%s'/p/sbin/t", root, root, root, root);
	run("install -m 755 /dev/null '%s'/p/sbin/csapi-scanner", root);
	run("install -m 755 /dev/null '%s'/p/libexec/csapi/csapi-worker", root);
	finds("p/bin/t", "scanner", "p/sbin/csapi-scanner", "an installed tree: the scanner");
	finds("p/sbin/t", "worker", "p/libexec/csapi/csapi-worker", "the worker");
	finds("p/bin/t", "definitions", "p/share/csapi/definitions", "the definitions");
	run("mv '%s/p' '%s/moved tree'", root, root);
	finds("moved tree/bin/t", "scanner", "moved tree/sbin/csapi-scanner", "the tree was moved");
	run("ln -s '%s/moved tree/bin/t' '%s/link'", root, root);
	finds("link", "scanner", "moved tree/sbin/csapi-scanner", "the program was started by a link");
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return ask(argv[1]);
	if (!mkdtemp(root)) {
		perror(root);
		return 2;
	}
	test_build_tree();
	test_installed();
	run("rm -rf '%s'", root);
	return tap_end();
}
