/*
 * load.c - from a directory of definitions to an engine that has proved itself; see scan/engine.h.
 *
 * Refuses an engine that is not compiled, finds a virus in a clean text, or fails to scan. Called as engine_load by
 * cmd/csapi-worker.c and by tests.
 */
#include "scan/engine/definitions.h"
#include "scan/engine/library.h"
#include "scan/engine/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* In pieces, so that neither this file nor the program is taken for the test file itself. */
static const char *const eicar_pieces[] = {"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-", "TEST-FILE!",
					   "$H+H*"};

static size_t eicar_write(char *ret_text, size_t room)
{
	size_t used = 0;
	for (size_t i = 0; i < sizeof eicar_pieces / sizeof eicar_pieces[0]; i++)
		used += (size_t)snprintf(ret_text + used, room - used, "%s", eicar_pieces[i]);
	return used;
}

int library_start(struct why *why)
{
	static bool started;
	message_capture();
	message_forget();
	/* Without TZ the library looks for the local time zone's file at every scan, which a sandbox forbids. */
	(void)setenv("TZ", "UTC", 0);
	tzset();
	if (!started && cl_init(CL_INIT_DEFAULT) != CL_SUCCESS)
		return why_set(why, -EIO, "libclamav does not start: %s", message_last());
	started = true;
	return 0;
}

int engine_new(struct engine **ret_engine, struct why *why)
{
	int error = library_start(why);
	if (error)
		return error;
	struct cl_engine *library = cl_engine_new();
	if (!library)
		return why_set(why, -ENOMEM, "libclamav does not start: %s", message_last());
	/* The callbacks hear nothing of a layer that the library takes from its cache. Before loading: it saves memory. */
	if (cl_engine_set_num(library, CL_ENGINE_DISABLE_CACHE, 1) != CL_SUCCESS) {
		(void)cl_engine_free(library);
		return why_set(why, -EIO, "libclamav does not start: %s", message_last());
	}
	*ret_engine = engine_wrap(library);
	return *ret_engine ? 0 : why_errno(why, -ENOMEM, "libclamav does not start");
}

int engine_compile(struct engine *engine, struct why *why)
{
	message_forget();
	cl_error_t compiled = cl_engine_compile(engine->library);
	if (compiled == CL_SUCCESS)
		return 0;
	return why_set(why, compiled == CL_EMEM ? -ENOMEM : -EINVAL, "do not compile: %s (%.120s)",
		       cl_strerror(compiled), message_last());
}

static int test_scan(struct engine *engine, const char *text, size_t size, const char *what,
		     struct engine_result *ret_result, struct why *why)
{
	engine_scan(engine, text, size, NULL, ret_result);
	if (!ret_result->code_count && !ret_result->incomplete)
		return 0;
	return why_set(why, -EIO, "the test scan of %s failed: %.250s", what,
		       ret_result->code_count ? ret_result->codes[0].text : "");
}

int engine_test(struct engine *engine, struct engine_test *ret_test, struct why *why)
{
	static const char clean[] = "This is a short text without any harm in it, for the test of a new engine.\n";
	*ret_test = (struct engine_test){.virus = ""};
	struct engine_result result;
	int error = test_scan(engine, clean, sizeof clean - 1, "a harmless text", &result, why);
	if (result.virus_count)
		(void)snprintf(ret_test->virus, sizeof ret_test->virus, "%s", result.viruses[0].name);
	char eicar[80];
	size_t size = eicar_write(eicar, sizeof eicar);
	error = error ? error : test_scan(engine, eicar, size, "the EICAR file", &result, why);
	ret_test->finds_eicar = !error && result.virus_count;
	digest_set_clear(engine->seen);
	digest_set_clear(engine->seen_text);
	return error;
}

/* The clean text decides; the EICAR file need only be scanned, for some private sets do not know it. */
static int self_test(struct engine *engine, struct why *why)
{
	struct engine_test test;
	int error = engine_test(engine, &test, why);
	if (test.virus[0])
		return why_set(why, -EINVAL, "the definitions take a harmless text for %.200s", test.virus);
	return error;
}

static int facts_fill(struct facts *facts, const char *directory, const struct cl_engine *library,
		      const struct definitions *definitions)
{
	int failed = 0;
	long long version = cl_engine_get_num(library, CL_ENGINE_DB_VERSION, &failed);
	time_t built = (time_t)definitions->built.when;
	struct tm day;
	if (!gmtime_r(&built, &day))
		memset(&day, 0, sizeof day);
	char text[64];
	(void)snprintf(text, sizeof text, "%04d%02d%02d.%03lld", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday,
		       failed || version < 0 ? 0 : version);
	*facts = (struct facts){
		.engine_version = strdup(engine_version()),
		.definitions_source = strdup(directory),
		.definitions_version = strdup(text),
		.definitions_built = definitions->built.when,
		.definitions_signatures = definitions->signatures,
	};
	return facts->engine_version && facts->definitions_source && facts->definitions_version ? 0 : -ENOMEM;
}

static int engine_prepare(const char *directory, struct engine *engine, struct facts *ret_facts,
			  enum scan_code *ret_code, struct why *why)
{
	struct definitions definitions;
	int error = definitions_load(directory, engine->library, &definitions, ret_code, why);
	if (error)
		return error;
	*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
	struct why fault = {""};
	error = engine_compile(engine, &fault);
	if (error)
		return why_set(why, error, "the definitions in %.200s %s", directory, fault.text);
	error = self_test(engine, why);
	if (error)
		return error;
	error = facts_fill(ret_facts, directory, engine->library, &definitions);
	if (error) {
		facts_free(ret_facts);
		return why_errno(why, error, "cannot tell what was loaded");
	}
	*ret_code = SCAN_CODE_NONE;
	return 0;
}

int engine_load(const char *directory, struct engine **ret_engine, struct facts *ret_facts, enum scan_code *ret_code,
		struct why *why)
{
	*ret_engine = NULL;
	*ret_facts = (struct facts){0};
	*ret_code = AVS_RESULT_ENGINE_LOAD_FAILED;
	struct engine *engine = NULL;
	int error = engine_new(&engine, why);
	if (error)
		return error;
	error = engine_prepare(directory, engine, ret_facts, ret_code, why);
	if (error) {
		engine_free(engine);
		return error;
	}
	*ret_engine = engine;
	return 0;
}
