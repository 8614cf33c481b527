/*
 * result.c - results of libcsapi: a settled verdict, and what is told of it; see csapi.h and handle.h.
 */
#include "csapi/handle.h"

#include "format/verdict_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME and NAME_info of each engine. 0 or -1. */
static int take_variables(struct csapi_result *result)
{
	struct context_variable variables[ENGINES_MAX];
	unsigned count = context_of(&result->verdict, variables);
	result->names = calloc(2 * (size_t)count + 1, sizeof *result->names);
	result->values = calloc(2 * (size_t)count + 1, sizeof *result->values);
	if (!result->names || !result->values)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		const char *values[2] = {variables[i].value, variables[i].info};
		for (unsigned of = 0; of < 2; of++) {
			size_t place = result->variable_count++;
			if (asprintf(&result->names[place], "%s%s", variables[i].name, of ? CONTEXT_INFO : "") < 0) {
				result->names[place] = NULL;
				return -1;
			}
			if (!variables[i].set || !values[of])
				continue;
			result->values[place] = strdup(values[of]);
			if (!result->values[place])
				return -1;
		}
	}
	return 0;
}

struct csapi_result *result_new(struct setup *setup, struct verdict *take_verdict)
{
	struct csapi_result *result = calloc(1, sizeof *result);
	if (!result) {
		verdict_free(take_verdict);
		return NULL;
	}
	result->setup = setup_hold(setup);
	verdict_move(&result->verdict, take_verdict);
	if (take_variables(result) == 0)
		return result;
	csapi_result_free(result);
	return NULL;
}

CSAPI_PUBLIC void csapi_result_free(struct csapi_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->variable_count; i++) {
		free(result->names[i]);
		free(result->values[i]);
	}
	free(result->names);
	free(result->values);
	free(result->json);
	verdict_free(&result->verdict);
	setup_drop(result->setup);
	free(result);
}

CSAPI_PUBLIC int csapi_result_status(const struct csapi_result *result)
{
	return (int)result->verdict.status;
}

CSAPI_PUBLIC const char *csapi_result_info(const struct csapi_result *result)
{
	return result->verdict.info ? result->verdict.info : "";
}

CSAPI_PUBLIC const char *csapi_result_engine(const struct csapi_result *result)
{
	return result->verdict.engine;
}

CSAPI_PUBLIC const char *csapi_result_code(const struct csapi_result *result)
{
	return result->verdict.code;
}

CSAPI_PUBLIC int csapi_result_scanned(const struct csapi_result *result)
{
	return !result->verdict.unasked;
}

CSAPI_PUBLIC const char *csapi_result_json(struct csapi_result *result)
{
	const struct verdict_json_options options = {.verdict = &result->verdict};
	if (!result->json)
		result->json = verdict_json_encode(result->verdict.report, &options);
	return result->json;
}

CSAPI_PUBLIC const char *csapi_result_context_name(const struct csapi_result *result, size_t number)
{
	return number < result->variable_count ? result->names[number] : NULL;
}

CSAPI_PUBLIC const char *csapi_result_context_value(const struct csapi_result *result, size_t number)
{
	return number < result->variable_count ? result->values[number] : NULL;
}
