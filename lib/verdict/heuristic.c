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
	{"Heuristics.Encrypted.OLE2", DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED}, /* since 1.5 */
};

/*
 * The other way, for all codes that say "not scanned". Encryption has a family of its own; whatever else kept bytes from the engine goes to the
 * one that programs around clamd take for "not scanned" instead of for a virus, whether or not it was a limit.
 */
static const struct {
	enum scan_code code;
	const char *name;
} words[] = {
	{DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "Heuristics.Encrypted.Container"},
	{DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, "Heuristics.Encrypted.File"},
	{DEC_RESULT_MAXIMUM_DEPTH_REACHED, "Heuristics.Limits.Exceeded.MaxRecursion"},
	{DEC_RESULT_MAXIMUM_FILES_EXTRACTED, "Heuristics.Limits.Exceeded.MaxFiles"},
	{DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED, "Heuristics.Limits.Exceeded.MaxScanSize"},
	{DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED, "Heuristics.Limits.Exceeded.MaxFileSize"},
	{DEC_RESULT_FILE_SIZE_TOO_LARGE, "Heuristics.Limits.Exceeded.MaxFileSize"},
	{DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, "Heuristics.Limits.Exceeded.MaxScanTime"},
	{DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "Heuristics.Limits.Exceeded.SplitContainer"},
	{DEC_RESULT_PARTIAL_MESSAGE_DETECTED, "Heuristics.Limits.Exceeded.PartialMessage"},
	{DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "Heuristics.Limits.Exceeded.MalformedContainer"},
	{DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "Heuristics.Limits.Exceeded.UnknownAlgorithm"},
	{DEC_RESULT_MIME_PARSING_FAILED, "Heuristics.Limits.Exceeded.EmailHeaders"},
	{DEC_RESULT_ABORTED_AFTER_FIRST_THREAT, "Heuristics.Limits.Exceeded.FirstThreat"},
};

const char *heuristic_name(enum scan_code code)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].code == code)
			return words[i].name;
	return "Heuristics.Limits.Exceeded.UnreadableContainer";
}

enum scan_code heuristic_code(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].code;
	return SCAN_CODE_NONE;
}
