/*
 * csapi-worker.c - the one program that links the engine and the decomposer: a zygote that loads the definitions, and
 * the workers forked from it, which scan one message after the other.
 *
 * Started by csapi-scanner with a socket on descriptor 3; of no use to anybody else, and says so. Prints nothing but
 * that: everything else goes over the socket.
 */
#include "base/fd.h"
#include "base/version.h"
#include "process/spawn.h"
#include "process/zygote.h"
#include "scan/decompose.h"
#include "scan/fault.h"
#include "scan/mime.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct worker {
	const char *definitions;
	bool shipped;
	struct engine *engine;
};

static int load(void *context, struct facts *ret_facts, enum scan_code *ret_code, struct why *why)
{
	struct worker *worker = context;
	int error = mime_start();
	if (error) {
		*ret_code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
		return why_errno(why, error, "cannot start the MIME reader");
	}
	error = engine_load(worker->definitions, &worker->engine, ret_facts, ret_code, why);
	ret_facts->definitions_shipped = worker->shipped;
	free(ret_facts->decomposer_version);
	ret_facts->decomposer_version = strdup(decompose_version());
	if (!ret_facts->definitions_source)
		ret_facts->definitions_source = strdup(worker->definitions);
	return error;
}

static int say(const struct observer *observer, enum scan_code code, const char *text)
{
	return observer->code(observer->context, 0, code, text);
}

static int scan(void *context, const struct job *job, const struct observer *observer)
{
	struct worker *worker = context;
	struct source source;
	struct why why = {""};
	enum scan_code code;
	int message = job->message;
	fault_watch(job->directory);
	fault_on_memory(job_out_of_memory);
	int unread = source_read(message, &source, &code, &why);
	/* From here on nothing that its owner does to the file can matter, nor anything that happens here to the file. */
	fd_close(&message);
	if (unread)
		return say(observer, code, why.text);
	if (engine_begin(worker->engine, job->directory, &job->limits, source.size, &code, &why)) {
		source_free(&source);
		return say(observer, code, why.text);
	}
	int error = decompose(worker->engine, &job->request, &job->limits, &source, observer);
	source_free(&source);
	return error;
}

/* Somebody ran it by hand: a terminal or a file is no scanner's socket. */
static bool started_by_scanner(void)
{
	int type = 0;
	socklen_t size = sizeof type;
	return getsockopt(SPAWN_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/* A whole number up to `most`; -1: it is not one. */
static long long number(const char *text, long long most)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno || value > most ? -1 : value;
}

/* UID:GID:NAME. False: it is none, or root's. */
static bool read_user(char *text, struct sandbox_options *sandbox)
{
	char *group = strchr(text, ':');
	char *name = group ? strchr(group + 1, ':') : NULL;
	if (!name)
		return false;
	*group++ = '\0';
	*name++ = '\0';
	long long user_number = number(text, UINT32_MAX - 1), group_number = number(group, UINT32_MAX - 1);
	sandbox->drop = true;
	sandbox->user = (uid_t)user_number;
	sandbox->group = (gid_t)group_number;
	sandbox->user_name = name;
	return user_number > 0 && group_number > 0;
}

static bool read_abi(const char *text, struct sandbox_options *sandbox)
{
	long long abi = number(text, 1000);
	sandbox->landlock_abi = abi > 0 ? (unsigned)abi : 0;
	return abi > 0;
}

/* Made by our own scanner: mistakes need no more than to be noticed. */
static bool read_options(int argc, char **argv, struct zygote *zygote, struct worker *worker)
{
	enum { DEFINITIONS = 1, SHIPPED, BASE, DROP, ABI, NO_NAMESPACES, OFF, PROBE, RESIDENT };
	static const struct option options[] = {
		{"definitions", required_argument, NULL, DEFINITIONS},
		{"shipped", no_argument, NULL, SHIPPED},
		{"base", required_argument, NULL, BASE},
		{"drop", required_argument, NULL, DROP},
		{"landlock-abi", required_argument, NULL, ABI},
		{"no-namespaces", no_argument, NULL, NO_NAMESPACES},
		{"isolation-off", no_argument, NULL, OFF},
		{"probe", no_argument, NULL, PROBE},
		{"resident", no_argument, NULL, RESIDENT},
		{0},
	};
	struct sandbox_options *sandbox = &zygote->sandbox;
	bool good = true;
	int found;
	opterr = 0;
	while (good && (found = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (found) {
		case DEFINITIONS:
			worker->definitions = sandbox->definitions = optarg;
			break;
		case SHIPPED:
			worker->shipped = true;
			break;
		case BASE:
			sandbox->base = optarg;
			good = optarg[0] == '/';
			break;
		case DROP:
			good = read_user(optarg, sandbox);
			break;
		case ABI:
			good = read_abi(optarg, sandbox);
			break;
		case NO_NAMESPACES:
			sandbox->namespaces = false;
			break;
		case OFF:
			sandbox->off = true;
			break;
		case PROBE:
			zygote->probe = true;
			break;
		case RESIDENT:
			zygote->resident = true;
			break;
		default:
			good = false;
		}
	}
	return good && optind == argc && worker->definitions && sandbox->base;
}

int main(int argc, char **argv)
{
	struct worker worker = {0};
	struct zygote zygote = {.load = load, .scan = scan, .context = &worker, .sandbox = {.namespaces = true}};
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("csapi-worker %s\n", CSAPI_VERSION) < 0;
	if (!read_options(argc, argv, &zygote, &worker) || !started_by_scanner()) {
		(void)fputs("csapi-worker: started by csapi-scanner only; run csapi-scan instead\n", stderr);
		return 2;
	}
	/* The engine's test writes files: where they are removed with the rest even if it is killed. */
	(void)setenv("TMPDIR", zygote.sandbox.base, 1);
	/* Times in messages are read with the zone's tables: read them now, a worker could not. */
	(void)setenv("TZ", "UTC", 1);
	tzset();
	/* Names in archives are converted by it: those flagged as UTF-8 must come out as such. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	/* At once: to give back a large engine piece by piece takes longer than the kernel needs for the whole. */
	_exit(zygote_serve(SPAWN_FD, &zygote) ? EXIT_FAILURE : EXIT_SUCCESS);
}
