/*
 * worker_json.c - the versions of a worker as JSON; see worker_json.h.
 */
#include "format/worker_json.h"

#include "format/json_field.h"
#include "format/versions_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *worker_json_encode(const struct facts *facts, const char *csapi)
{
	return json_field_print(versions_json_encode(facts, csapi));
}

static int decode(const json_t *object, struct facts *ret_facts, char **ret_csapi)
{
	const char *csapi, *engine, *decomposer;
	if (json_field_text(object, "csapi", REPORT_TEXT_MAX, &csapi) ||
	    json_field_text_or_null(object, "engine", REPORT_TEXT_MAX, &engine) ||
	    json_field_text_or_null(object, "decomposer", REPORT_TEXT_MAX, &decomposer))
		return -EBADMSG;
	const struct facts facts = {.engine_version = (char *)(uintptr_t)engine,
				    .decomposer_version = (char *)(uintptr_t)decomposer};
	*ret_facts = (struct facts){0};
	*ret_csapi = strdup(csapi);
	int error = *ret_csapi ? facts_copy(ret_facts, &facts) : -ENOMEM;
	if (error) {
		free(*ret_csapi);
		*ret_csapi = NULL;
	}
	return error;
}

int worker_json_decode(const char *text, size_t size, struct facts *ret_facts, char **ret_csapi)
{
	json_t *object = json_field_parse(text, size);
	int error = object ? decode(object, ret_facts, ret_csapi) : -EBADMSG;
	json_decref(object);
	return error;
}
