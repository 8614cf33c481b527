/*
 * csapi-worker.c - the one program that links the engine and the decomposer: a zygote that loads the definitions, and
 * the workers forked from it, one for each message.
 *
 * Started by csapi-scanner with a socket on descriptor 3; of no use to anybody else, and says so. Prints nothing but
 * that: everything else goes over the socket.
 */
#include "base/version.h"
#include "process/spawn.h"
#include "process/zygote.h"
#include "scan/decompose.h"
#include "scan/fault.h"
#include "scan/mime.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

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
	fault_watch(job->directory);
	fault_on_memory(job_out_of_memory);
	if (source_read(job->message, &source, &code, &why))
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

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("csapi-worker %s\n", CSAPI_VERSION) < 0;
	if (argc < 3 || strcmp(argv[1], "--definitions") != 0 || !started_by_scanner()) {
		(void)fputs("csapi-worker: started by csapi-scanner only; run csapi-scan instead\n", stderr);
		return 2;
	}
	struct worker worker = {.definitions = argv[2], .shipped = argc > 3 && strcmp(argv[3], "--shipped") == 0};
	/* Times in messages are read with the zone's tables: read them now, a worker could not. */
	(void)setenv("TZ", "UTC", 1);
	tzset();
	/* Names in archives are converted by it: those flagged as UTF-8 must come out as such. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	const struct zygote zygote = {load, scan, &worker};
	return zygote_serve(SPAWN_FD, &zygote) ? EXIT_FAILURE : EXIT_SUCCESS;
}
