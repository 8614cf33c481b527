/*
 * heuristic.c - ClamAV's names for limits and encryption; see heuristic.h.
 */
#include "verdict/heuristic.h"

#include <string.h>

/* All that libclamav 1.4 has of these two families. */
static const struct {
	const char *name;
	enum scan_code code;
} names[] = {
	{"Heuristics.Limits.Exceeded.MaxRecursion", DEC_RESULT_MAXIMUM_DEPTH_REACHED},
	{"Heuristics.Limits.Exceeded.MaxFiles", DEC_RESULT_MAXIMUM_FILES_EXTRACTED},
	{"Heuristics.Limits.Exceeded.MaxScanSize", DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED},
	{"Heuristics.Limits.Exceeded.MaxFileSize", DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED},
	{"Heuristics.Limits.Exceeded.MaxScanTime", DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED},
	/* Fixed in the library, for the parts and the header of one message. */
	{"Heuristics.Limits.Exceeded.EmailMIMEPartsPerMessage", DEC_RESULT_MAXIMUM_FILES_EXTRACTED},
	{"Heuristics.Limits.Exceeded.EmailHeaders", DEC_RESULT_MIME_PARSING_FAILED},
	{"Heuristics.Limits.Exceeded.EmailHeaderBytes", DEC_RESULT_MIME_PARSING_FAILED},
	{"Heuristics.Limits.Exceeded.EmailLineFoldCnt", DEC_RESULT_MIME_PARSING_FAILED},
	{"Heuristics.Limits.Exceeded.EmailMIMEArguments", DEC_RESULT_MIME_PARSING_FAILED},
	{"Heuristics.XZ.DicSizeLimit", DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED},
	{"Heuristics.Encrypted.Zip", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED},
	{"Heuristics.Encrypted.7Zip", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED},
	{"Heuristics.Encrypted.RAR", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED},
	{"Heuristics.Encrypted.EGG", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED},
	{"Heuristics.Encrypted.PDF", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED},
};

enum scan_code heuristic_code(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].code;
	return SCAN_CODE_NONE;
}
