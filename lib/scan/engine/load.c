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

static int library_start(struct cl_engine **ret_library, struct why *why)
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
	*ret_library = cl_engine_new();
	if (!*ret_library)
		return why_set(why, -ENOMEM, "libclamav does not start: %s", message_last());
	/* The callbacks hear nothing of a layer that the library takes from its cache. Before loading: it saves memory. */
	if (cl_engine_set_num(*ret_library, CL_ENGINE_DISABLE_CACHE, 1) != CL_SUCCESS) {
		(void)cl_engine_free(*ret_library);
		return why_set(why, -EIO, "libclamav does not start: %s", message_last());
	}
	return 0;
}

/* The clean text decides; the EICAR file only tells whether the set knows it, which some private sets do not. */
static int self_test(struct engine *engine, struct why *why)
{
	static const char clean[] = "This is a short text without any harm in it, for the test of a new engine.\n";
	struct engine_result result;
	engine_scan(engine, clean, sizeof clean - 1, NULL, &result);
	if (result.virus_count)
		return why_set(why, -EINVAL, "the definitions take a harmless text for %.200s", result.viruses[0].name);
	if (result.code_count || result.incomplete)
		return why_set(why, -EIO, "the test scan of a harmless text failed: %.250s",
			       result.code_count ? result.codes[0].text : "");

	char eicar[80];
	size_t size = eicar_write(eicar, sizeof eicar);
	engine_scan(engine, eicar, size, NULL, &result);
	if (result.code_count || result.incomplete)
		return why_set(why, -EIO, "the test scan of the EICAR file failed: %.250s",
			       result.code_count ? result.codes[0].text : "");
	digest_set_clear(engine->seen);
	digest_set_clear(engine->seen_text);
	return 0;
}

static int facts_fill(struct facts *facts, const char *directory, const struct cl_engine *library,
		      const struct definitions *definitions)
{
	int failed = 0;
	long long version = cl_engine_get_num(library, CL_ENGINE_DB_VERSION, &failed);
	time_t built = (time_t)definitions->built;
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
		.definitions_built = definitions->built,
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
	message_forget();
	cl_error_t compiled = cl_engine_compile(engine->library);
	if (compiled != CL_SUCCESS)
		return why_set(why, -EINVAL, "the definitions in %.200s do not compile: %s (%.120s)", directory,
			       cl_strerror(compiled), message_last());
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
	struct cl_engine *library = NULL;
	int error = library_start(&library, why);
	if (error)
		return error;
	struct engine *engine = engine_wrap(library);
	if (!engine)
		return why_errno(why, -ENOMEM, "cannot load %.300s", directory);
	error = engine_prepare(directory, engine, ret_facts, ret_code, why);
	if (error) {
		engine_free(engine);
		return error;
	}
	*ret_engine = engine;
	return 0;
}
