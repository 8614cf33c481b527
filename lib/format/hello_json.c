/*
 * hello_json.c - greetings as JSON; see hello_json.h. Refuses another version of the protocol.
 */
#include "format/hello_json.h"

#include "base/utf8.h"
#include "base/version.h"
#include "format/frame.h"
#include "format/json_field.h"

#include <errno.h>
#include <string.h>

#define PATH_MOST 4096

char *hello_json_encode(const char *directory)
{
	/* A path that is no UTF-8 would come out as another one: it is not told. */
	bool told = directory && utf8_valid(directory);
	json_t *object = json_object();
	json_field_set_number(&object, "protocol", FRAME_PROTOCOL);
	json_field_set_text(&object, "version", CSAPI_VERSION);
	json_field_set_text(&object, "directory", told ? directory : NULL);
	return json_field_print(object);
}

int hello_json_decode(const char *text, size_t size, char **ret_directory)
{
	json_t *object = json_field_parse(text, size);
	uint64_t protocol = 0;
	const char *directory = NULL;
	int error = 0;
	*ret_directory = NULL;
	if (json_field_number(object, "protocol", UINT32_MAX, &protocol) || protocol != FRAME_PROTOCOL ||
	    json_field_text_or_null(object, "directory", PATH_MOST, &directory))
		error = -EBADMSG;
	if (!error && directory && !(*ret_directory = strdup(directory)))
		error = -ENOMEM;
	json_decref(object);
	return error;
}
