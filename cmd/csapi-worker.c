/*
 * csapi-worker.c - the one program that links the engine and the decomposer: a zygote that loads the definitions, and
 * the workers forked from it, which scan one message after the other. With --check it verifies definitions.
 *
 * Started by csapi-scanner with a socket on descriptor 3, and for a check by csapi-update and csapi-version; of no use to anybody else,
 * and says so. Prints nothing but that, and its versions: everything else goes over the descriptor.
 */
#include "base/fd.h"
#include "base/version.h"
#include "format/json_memory.h"
#include "format/worker_json.h"
#include "process/job.h"
#include "process/spawn.h"
#include "process/zygote.h"
#include "scan/decompose.h"
#include "scan/digest.h"
#include "scan/fault.h"
#include "scan/mime.h"
#include "scan/repair.h"
#include "worker/check.h"
#include "worker/options.h"

#include <errno.h>
#include <fcntl.h>
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
	struct engine *engine; /* NULL: there is none, messages are only taken apart */
};

/* What the engine does by the way: the library of digests reads its configuration, which no worker could. */
static int load_nothing(enum scan_code *ret_code, struct why *why)
{
	uint8_t digest[DIGEST_SIZE];
	if (digest_bytes("", 0, digest) == 0)
		return 0;
	*ret_code = AVS_RESULT_SCANNER_NOT_INITIALIZED;
	return why_set(why, -EIO, "SHA-256 is not available");
}

static int load(void *context, struct facts *ret_facts, enum scan_code *ret_code, struct why *why)
{
	struct worker *worker = context;
	int error = mime_start();
	if (error) {
		*ret_code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
		return why_errno(why, error, "cannot start the MIME reader");
	}
	if (worker->definitions)
		error = engine_load(worker->definitions, &worker->engine, ret_facts, ret_code, why);
	else
		error = load_nothing(ret_code, why);
	ret_facts->definitions_shipped = worker->shipped;
	free(ret_facts->decomposer_version);
	ret_facts->decomposer_version = strdup(decompose_version());
	if (!ret_facts->definitions_source && worker->definitions)
		ret_facts->definitions_source = strdup(worker->definitions);
	return error;
}

static int say(const struct observer *observer, enum scan_code code, const char *text)
{
	return observer->code(observer->context, 0, code, text);
}

/* The message and its plan are in memory. */
static int run_repair(const struct job *job, struct source *source, const struct observer *observer)
{
	/* Some writers of archives keep what they write in a file first. */
	(void)setenv("TMPDIR", job->directory, 1);
	int error = repair(&job->request, &job->limits, source, job->message, observer);
	int message = job->message;
	source_free(source);
	fd_close(&message);
	return error;
}

static int scan(void *context, const struct job *job, const struct observer *observer)
{
	struct worker *worker = context;
	struct source source;
	struct why why = {""};
	enum scan_code code;
	int message = job->message;
	bool apart = job->request.measure || job->request.extract;
	fault_watch(job->directory);
	fault_on_memory(job_out_of_memory);
	struct room room;
	struct room *wanted = job->request.extract ? &room : NULL;
	int shut = wanted ? room_open(message, job->request.message_size, wanted) : 0;
	int unread = shut ? 0 : source_read(message, &source, &code, &why);
	/* From here on nothing that its owner does to the file can matter, nor anything that happens here to the file. */
	if ((!wanted && !job->request.repair) || shut || unread)
		fd_close(&message);
	if (shut)
		return say(observer, DEC_RESULT_TEMPFILE_ACCESS_FAILED, "the file of the message cannot be written to");
	if (unread)
		return say(observer, code, why.text);
	if (job->request.repair)
		return run_repair(job, &source, observer);
	if (!apart && !worker->engine) {
		source_free(&source);
		return say(observer, AVS_RESULT_SCANNER_NOT_INITIALIZED, "this scanner was started without an engine");
	}
	if (!apart && engine_begin(worker->engine, job->directory, &job->limits, source.size, &code, &why)) {
		source_free(&source);
		return say(observer, code, why.text);
	}
	int error = decompose(worker->engine, &job->request, &job->limits, &source, wanted, observer);
	source_free(&source);
	fd_close(&message);
	return error;
}

/* The digest of the message, as that of the whole. Not a byte is looked at otherwise. */
static int tell_digest(void *context, const struct job *job, const struct observer *observer)
{
	struct part input = {.parent = REPORT_NO_PART,
			     .id = (char[]){"0"},
			     .kind = PART_INPUT,
			     .route = ROUTE_PARTS,
			     .has_sha256 = true};
	int message = job->message;
	(void)context;
	int error = digest_file(message, input.sha256, &input.size);
	fd_close(&message);
	return error ? say(observer, AVS_RESULT_SCANFILE_FAILURE, "no digest")
		     : observer->part(observer->context, &input);
}

/* Like a worker, but no zygote's child: it needs nothing that takes long to load. */
static int digest(const struct worker_options *options)
{
	struct isolation isolation;
	struct why why;
	closefrom(SPAWN_FD + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)prctl(PR_SET_NAME, "csapi-digest");
	if (null < 0 || sandbox_prepare(&options->sandbox, &isolation, &why))
		return -EIO;
	job_run(SPAWN_FD, null, options->digest, tell_digest, NULL);
}

/* Where somebody ran it by hand there is none: a terminal or a file is nobody's socket. */
static bool has_socket(int wanted)
{
	int type = 0;
	socklen_t size = sizeof type;
	return getsockopt(SPAWN_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == wanted;
}

/* Does whoever is to be answered listen? */
static bool can_answer(enum worker_task task)
{
	if (task == WORKER_DIGEST)
		return has_socket(SOCK_STREAM);
	return task == WORKER_CHECK ? fcntl(SPAWN_FD, F_GETFD) >= 0 : has_socket(SOCK_SEQPACKET);
}

/* To our own program where it listens, else to whoever asked by hand. */
static int print_versions(void)
{
	const struct facts facts = {.engine_version = (char *)(uintptr_t)engine_version(),
				    .decomposer_version = (char *)(uintptr_t)decompose_version()};
	char *text = worker_json_encode(&facts, CSAPI_VERSION);
	bool printed = text && dprintf(has_socket(SOCK_STREAM) ? SPAWN_FD : STDOUT_FILENO, "%s\n", text) > 0;
	free(text);
	return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int serve(const struct worker_options *options)
{
	struct worker worker = {.definitions = options->sandbox.definitions, .shipped = options->shipped};
	const struct zygote zygote = {.load = load,
				      .scan = scan,
				      .context = &worker,
				      .sandbox = options->sandbox,
				      .probe = options->probe,
				      .resident = options->resident};
	return zygote_serve(SPAWN_FD, &zygote);
}

int main(int argc, char **argv)
{
	struct worker_options options;
	bool good = worker_options_read(argc, argv, &options);
	(void)signal(SIGPIPE, SIG_IGN);
	json_memory_guard();
	if (good && options.task == WORKER_VERSION)
		return printf("csapi-worker %s\n", CSAPI_VERSION) < 0;
	if (good && options.task == WORKER_VERSIONS)
		return print_versions();
	if (!good || !can_answer(options.task)) {
		(void)fputs("csapi-worker: started by csapi-scanner and csapi-update only; run csapi-scan instead\n",
			    stderr);
		return 2;
	}
	/* The engine's test writes files: where they are removed with the rest even if it is killed. */
	(void)setenv("TMPDIR", options.sandbox.base, 1);
	/* Times in messages are read with the zone's tables: read them now, a worker could not. */
	(void)setenv("TZ", "UTC", 1);
	tzset();
	/* Names in archives are converted by it: those flagged as UTF-8 must come out as such. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	/* Whoever started us may have ended before it could take us along. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || fd_abandoned(SPAWN_FD))
		return EXIT_FAILURE;
	int error = options.task == WORKER_CHECK    ? worker_check(&options, SPAWN_FD)
		    : options.task == WORKER_DIGEST ? digest(&options)
						    : serve(&options);
	/* At once: to give back a large engine piece by piece takes longer than the kernel needs for the whole. */
	_exit(error ? EXIT_FAILURE : EXIT_SUCCESS);
}
