/*
 * alert.c - the engine's words as viruses and scan codes; see alert.h. Called by engine.c.
 */
#include "scan/engine/alert.h"

#include "verdict/heuristic.h"

#include <stdio.h>
#include <string.h>

#define UNOFFICIAL ".UNOFFICIAL"

/* How messages begin that blame the data, not us. What is not here is taken for a failure of the scan. */
static const char *const damage[] = {
	"cli_scanxz: premature end of compressed stream",
	"cli_scanxz: decompress error",
	"cli_scanxz: DecompressInit failed",
	"cli_untar: block read error",
	"cli_scandmg: Failed getting XML",
	"cli_egg_deflate_decompress: failed to decompress data",
	"cli_egg_bzip2_decompress: failed to decompress data",
	"cli_egg_lzma_decompress: failed to decompress data",
	"cli_egg_open: Logic error",
	"cli_egg_extract_file: ",
	"cli_egg_peek_file_header: ",
	"egg_parse_",
	"adc_decompress: invalid state",
	"pdf_readstring: Invalid, truncated dictionary",
	"ole2: Invalid key length",
	"scan_mso_stream: Error reading MSO file",
	"scanzws: Error reading SWF file",
	"scanzws: possibly truncated file",
	"scanzws: LzmaInit() failed",
	"scancws: Error reading SWF file",
	"email message decode error",
	"Couldn't decode binhex file",
	"Failed to parse OneNote file",
	"Failed to parse Alz file",
	"cli_bcapi_bzip2_process: failed to decompress data",
};

static bool begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

enum scan_code alert_error_code(const char *message)
{
	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++)
		if (begins(message, damage[i]) && !strstr(message, "allocat"))
			return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	return AVS_RESULT_SCANFILE_FAILURE;
}

enum scan_code alert_warning_code(const char *message)
{
	/* The library's own cap on one allocation; what wanted it was passed over. */
	if (strstr(message, "File or section is too large to scan") && !strstr(message, "(0 bytes)"))
		return DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED;
	return SCAN_CODE_NONE;
}

bool alert_is_incomplete(enum scan_code code)
{
	switch (code) {
	case DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED:
	case DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED:
	/* What was reached of damaged data was scanned; what was not was not reported as a layer either. */
	case DEC_RESULT_MALFORMED_CONTAINER_DETECTED:
		return false;
	default:
		return true;
	}
}

/* Text from a hostile file may come along in a message or name: it leaves as one line of printable ASCII. */
static void copy_printable(char *to, size_t room, const char *from, size_t size)
{
	size_t used = 0;
	for (; used < room - 1 && used < size && from[used]; used++)
		to[used] = from[used] >= ' ' && from[used] <= '~' ? from[used] : '?';
	to[used] = '\0';
}

static void add_virus(struct engine_result *result, const char *name)
{
	struct engine_virus virus = {.official = true};
	size_t size = strlen(name);
	size_t suffix = strlen(UNOFFICIAL);
	if (size > suffix && strcmp(name + size - suffix, UNOFFICIAL) == 0) {
		virus.official = false;
		size -= suffix;
	}
	copy_printable(virus.name, sizeof virus.name, name, size);

	unsigned place = 0;
	int order = -1;
	while (place < result->virus_count && (order = strcmp(result->viruses[place].name, virus.name)) < 0)
		place++;
	if (place < result->virus_count && order == 0) {
		/* An official signature and one of somebody's own by the same name: say what is certain. */
		result->viruses[place].official |= virus.official;
		return;
	}
	if (result->virus_count == ENGINE_VIRUSES_MAX)
		return;
	memmove(&result->viruses[place + 1], &result->viruses[place],
		(result->virus_count - place) * sizeof result->viruses[0]);
	result->viruses[place] = virus;
	result->virus_count++;
}

void alert_name(struct engine_result *result, const char *name)
{
	enum scan_code code = heuristic_code(name);
	if (code == DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED && strcmp(name, "Heuristics.Encrypted.Zip") != 0)
		result->members.more = true;
	if (code)
		alert_add(result, code, name);
	else
		add_virus(result, name);
}

void alert_add(struct engine_result *result, enum scan_code code, const char *text)
{
	if (alert_is_incomplete(code))
		result->incomplete = true;
	for (unsigned i = 0; i < result->code_count; i++)
		if (result->codes[i].code == code)
			return;
	/* No more different codes come from here than the array holds; see the table and engine.c. */
	if (result->code_count == ENGINE_CODES_MAX)
		return;
	struct engine_code *added = &result->codes[result->code_count++];
	added->code = code;
	copy_printable(added->text, sizeof added->text, text ? text : "", SIZE_MAX);
	/* Messages end in a newline, which came out as a question mark. */
	size_t size = strlen(added->text);
	if (size && text[size - 1] == '\n')
		added->text[size - 1] = '\0';
}
