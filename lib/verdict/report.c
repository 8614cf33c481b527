/*
 * report.c - events become a report, and a report settles; see report.h.
 *
 * Refuses events that an honest worker never sends, so that what comes over a wire can be applied as it is.
 */
#include "verdict/report.h"

#include "verdict/observer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_NAME "csapi"

void report_init(struct report *ret_report)
{
	*ret_report = (struct report){.status = EC_AV_ERROR};
	limits_defaults(&ret_report->limits);
}

void report_free(struct report *report)
{
	for (uint32_t i = 0; i < report->part_count; i++) {
		struct part *part = &report->parts[i];
		free(part->id);
		free(part->name);
		free(part->mime_type);
		free(part->detected_type);
	}
	for (uint32_t i = 0; i < report->code_count; i++)
		free(report->codes[i].text);
	for (uint32_t i = 0; i < report->virus_count; i++)
		free(report->viruses[i].name);
	for (uint32_t i = 0; i < report->evasion_count; i++)
		free(report->evasions[i].text);
	free(report->parts);
	free(report->codes);
	free(report->viruses);
	free(report->evasions);
	free(report->info);
	facts_free(&report->facts);
	part_ids_free(&report->ids);
	report_init(report);
}

/* A copy, cut at REPORT_TEXT_MAX bytes at a character's end; NULL stays NULL. 0 or -ENOMEM. */
static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = NULL;
	if (!text)
		return 0;
	size_t size = strnlen(text, REPORT_TEXT_MAX + 1);
	if (size > REPORT_TEXT_MAX) {
		size = REPORT_TEXT_MAX;
		while (size && ((unsigned char)text[size] & 0xC0) == 0x80)
			size--;
	}
	*ret_copy = strndup(text, size);
	return *ret_copy ? 0 : -ENOMEM;
}

/* Room for one more element of `size` bytes; doubles. */
static int grow(void **array, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return 0;
	uint32_t more = *room ? *room * 2 : 8;
	void *grown = realloc(*array, more * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*room = more;
	return 0;
}

/* Bytes that a text of at most REPORT_TEXT_MAX bytes takes in a document, where "\u0001" is the longest form of one. */
static size_t cost_of(const char *text)
{
	size_t cost = 0, length = 0;
	for (const char *c = text ? text : ""; *c && length < REPORT_TEXT_MAX; c++, length++) {
		unsigned char byte = (unsigned char)*c;
		cost += byte >= 0x80 ? 3 : byte < 0x20 || byte == 0x7F ? 6 : byte == '"' || byte == '\\' ? 2 : 1;
	}
	return cost;
}

static const char *id_of(const struct report *report, uint32_t part)
{
	return part < report->part_count ? report->parts[part].id : NULL;
}

static bool known_part(const struct report *report, uint32_t part)
{
	return part < report->part_count + report->parts_omitted;
}

static bool part_valid(const struct report *report, const struct part *part)
{
	uint32_t next = report->part_count + report->parts_omitted;
	if (part->number != next || part->kind >= PART_KIND_COUNT || part->route >= PART_ROUTE_COUNT)
		return false;
	bool parent = part->number == 0 ? part->parent == REPORT_NO_PART : part->parent < part->number;
	return parent && part->id && *part->id && strlen(part->id) <= REQUEST_PART_MAX;
}

/* The fixed words of a row are shorter than these. */
#define PART_COST    500
#define CODE_COST    250
#define VIRUS_COST   150
#define EVASION_COST 150

/* Is there no room for one more? The list ends where the first is omitted, so that a number is a place in it. */
static bool parts_full(const struct report *report, const struct part *part, size_t *ret_cost)
{
	*ret_cost = PART_COST + cost_of(part->id) + cost_of(part->name) + cost_of(part->mime_type) +
		    cost_of(part->detected_type) + cost_of(id_of(report, part->parent));
	return report->parts_omitted || report->part_count == REPORT_PARTS_MAX ||
	       report->parts_cost + *ret_cost > REPORT_PARTS_ROOM;
}

int report_part(struct report *report, const struct part *part)
{
	size_t cost;
	if (!part_valid(report, part))
		return -EINVAL;
	if (parts_full(report, part, &cost)) {
		report->parts_omitted++;
		report->omitted_unseen += part->route == ROUTE_UNSEEN;
		return 0;
	}
	int error = grow((void **)&report->parts, report->part_count, &report->part_room, sizeof *part);
	if (error)
		return error;
	error = part_ids_take(&report->ids, part->id);
	if (error)
		return error == -EEXIST ? -EINVAL : error;
	struct part copy = *part;
	copy.status = EC_AV_CLEAN;
	copy.code = SCAN_CODE_NONE;
	copy.id = copy.name = copy.mime_type = copy.detected_type = NULL;
	error = copy_text(part->id, &copy.id);
	error = error ? error : copy_text(part->name, &copy.name);
	error = error ? error : copy_text(part->mime_type, &copy.mime_type);
	error = error ? error : copy_text(part->detected_type, &copy.detected_type);
	/* Stored before the check, so that report_free finds the texts in either case. */
	report->parts[report->part_count++] = copy;
	report->parts_cost += cost;
	return error;
}

int report_route(struct report *report, uint32_t part, enum part_route route)
{
	if (!known_part(report, part) || route >= PART_ROUTE_COUNT)
		return -EINVAL;
	if (part < report->part_count)
		report->parts[part].route = route;
	else if (route != ROUTE_UNSEEN && report->omitted_unseen)
		report->omitted_unseen--; /* an honest worker gives each part one route after it was told */
	return 0;
}

int report_code(struct report *report, uint32_t part, enum scan_code code, const char *text)
{
	if (code <= SCAN_CODE_NONE || code >= SCAN_CODE_END || (part != 0 && !known_part(report, part)))
		return -EINVAL;
	size_t cost = CODE_COST + cost_of(text) + cost_of(id_of(report, part));
	bool worse = !scan_code_is_information(code) && (report->worst == SCAN_CODE_NONE || code < report->worst);
	if (worse)
		report->worst = code;
	if (report->code_count && (report->codes_omitted || report->code_count >= REPORT_FINDINGS_MAX ||
				   report->codes_cost + cost > REPORT_CODES_ROOM)) {
		/* The verdict must not depend on how many came before: a worse one than all takes the last place. */
		report->codes_omitted++;
		struct code_found *last = &report->codes[report->code_count - 1];
		if (worse)
			*last = (struct code_found){code, part, (free(last->text), NULL)};
		return 0;
	}
	int error = grow((void **)&report->codes, report->code_count, &report->code_room, sizeof *report->codes);
	struct code_found found = {.code = code, .part = part};
	error = error ? error : copy_text(text && *text ? text : NULL, &found.text);
	if (!error) {
		report->codes[report->code_count++] = found;
		report->codes_cost += cost;
	}
	return error;
}

static bool has_code(const struct report *report, uint32_t part, enum scan_code code)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (report->codes[i].code == code && report->codes[i].part == part)
			return true;
	return false;
}

int report_virus(struct report *report, uint32_t part, const char *name, bool official)
{
	if (!name || !*name || (part != 0 && !known_part(report, part)))
		return -EINVAL;
	for (uint32_t i = 0; i < report->virus_count; i++)
		if (report->viruses[i].part == part && strcmp(report->viruses[i].name, name) == 0)
			return 0;
	/* The name stands with its part, too. */
	size_t cost = VIRUS_COST + 2 * cost_of(name) + cost_of(id_of(report, part));
	if (report->viruses_omitted || report->virus_count >= REPORT_FINDINGS_MAX ||
	    report->viruses_cost + cost > REPORT_VIRUSES_ROOM) {
		report->viruses_omitted++;
		return 0;
	}
	int error = grow((void **)&report->viruses, report->virus_count, &report->virus_room, sizeof *report->viruses);
	struct virus_found found = {.part = part, .official = official};
	error = error ? error : copy_text(name, &found.name);
	if (error)
		return error;
	report->viruses[report->virus_count++] = found;
	report->viruses_cost += cost;
	/* It is one of the codes that occurred, too. */
	return has_code(report, part, AVS_RESULT_VIRUS_FOUND) ? 0
							      : report_code(report, part, AVS_RESULT_VIRUS_FOUND, NULL);
}

int report_evasion(struct report *report, uint32_t part, enum evasion evasion, const char *text)
{
	if (evasion <= EVASION_NONE || evasion >= EVASION_END || (part != 0 && !known_part(report, part)))
		return -EINVAL;
	for (uint32_t i = 0; i < report->evasion_count; i++)
		if (report->evasions[i].part == part && report->evasions[i].evasion == evasion)
			return 0;
	if (!text || !*text)
		text = evasion_row(evasion)->text;
	size_t cost = EVASION_COST + cost_of(text) + cost_of(id_of(report, part));
	if (report->evasions_omitted || report->evasion_count >= REPORT_EVASIONS_MAX ||
	    report->evasions_cost + cost > REPORT_EVASIONS_ROOM) {
		report->evasions_omitted++;
		return 0;
	}
	int error = grow((void **)&report->evasions, report->evasion_count, &report->evasion_room,
			 sizeof *report->evasions);
	struct evasion_found found = {.evasion = evasion, .part = part};
	error = error ? error : copy_text(text, &found.text);
	if (!error) {
		report->evasions[report->evasion_count++] = found;
		report->evasions_cost += cost;
	}
	return error;
}

int report_stage(struct report *report, enum scan_stage stage, uint32_t part)
{
	if (stage >= SCAN_STAGE_COUNT || (part != 0 && !known_part(report, part)))
		return -EINVAL;
	report->stage = stage;
	report->stage_part = part;
	if (stage == STAGE_DONE)
		report->complete = true;
	return 0;
}

int report_usage(struct report *report, const struct usage *usage)
{
	report->usage = *usage;
	return 0;
}

int facts_copy(struct facts *to, const struct facts *from)
{
	struct facts copy = *from;
	copy.engine_version = copy.decomposer_version = copy.definitions_source = copy.definitions_version = NULL;
	int error = copy_text(from->engine_version, &copy.engine_version);
	error = error ? error : copy_text(from->decomposer_version, &copy.decomposer_version);
	error = error ? error : copy_text(from->definitions_source, &copy.definitions_source);
	error = error ? error : copy_text(from->definitions_version, &copy.definitions_version);
	if (error) {
		facts_free(&copy);
		return error;
	}
	facts_free(to);
	*to = copy;
	return 0;
}

int report_facts(struct report *report, const struct facts *facts)
{
	return facts_copy(&report->facts, facts);
}

void facts_free(struct facts *facts)
{
	free(facts->engine_version);
	free(facts->decomposer_version);
	free(facts->definitions_source);
	free(facts->definitions_version);
	*facts = (struct facts){0};
}

/* Reading order: by part, then by name, so that the same findings give the same verdict however they arrived. */
static int compare_viruses(const void *a, const void *b)
{
	const struct virus_found *x = a, *y = b;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_codes(const void *a, const void *b)
{
	const struct code_found *x = a, *y = b;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return strcmp(x->text ? x->text : "", y->text ? y->text : "");
}

static int compare_evasions(const void *a, const void *b)
{
	const struct evasion_found *x = a, *y = b;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return (int)x->evasion - (int)y->evasion;
}

/* The same code for the same part is one finding, with the first text of their order. */
static void unite_codes(struct report *report)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < report->code_count; i++) {
		struct code_found *found = &report->codes[i];
		bool again = kept && report->codes[kept - 1].code == found->code &&
			     report->codes[kept - 1].part == found->part;
		if (again) {
			/* A text says more than none. */
			if (!report->codes[kept - 1].text)
				report->codes[kept - 1].text = found->text;
			else
				free(found->text);
		} else {
			report->codes[kept++] = *found;
		}
	}
	report->code_count = kept;
}

/* What no event said and honesty demands. */
static int add_missing_codes(struct report *report)
{
	int error = 0;
	bool walked = false;
	for (uint32_t i = 0; !error && report->complete && i < report->part_count; i++)
		if (report->parts[i].route == ROUTE_UNSEEN && report->parts[i].code == SCAN_CODE_NONE)
			error = report_code(report, i, DEC_RESULT_FILE_EXTRACT_FAILED, "the part was not seen");
	for (uint32_t i = 0; i < report->part_count; i++)
		walked = walked || report->parts[i].route == ROUTE_WALKED;
	if (error || report->worst != SCAN_CODE_NONE)
		return error;
	if (!report->complete || report->part_count == 0)
		return report_code(report, 0, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL);
	if (walked)
		return report_code(report, 0, AVS_RESULT_SCANNER_NOT_INITIALIZED, REPORT_WALKED_TEXT);
	if (report->omitted_unseen)
		return report_code(report, report->part_count, DEC_RESULT_FILE_EXTRACT_FAILED, "a part was not seen");
	return 0;
}

static void settle_parts(struct report *report)
{
	for (uint32_t i = 0; i < report->part_count; i++) {
		report->parts[i].code = SCAN_CODE_NONE;
		report->parts[i].status = EC_AV_CLEAN;
	}
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (found->part >= report->part_count || scan_code_is_information(found->code))
			continue;
		struct part *part = &report->parts[found->part];
		part->code = scan_code_worse(part->code, found->code);
		part->status = scan_code_row(part->code)->status;
	}
	for (uint32_t i = 0; i < report->virus_count; i++) {
		if (report->viruses[i].part >= report->part_count)
			continue;
		struct part *part = &report->parts[report->viruses[i].part];
		part->code = AVS_RESULT_VIRUS_FOUND;
		part->status = EC_AV_INFECTED;
	}
	for (uint32_t i = 0; i < report->part_count; i++) {
		struct part *part = &report->parts[i];
		if (part->route == ROUTE_WALKED && part->status == EC_AV_CLEAN) {
			part->code = AVS_RESULT_SCANNER_NOT_INITIALIZED;
			part->status = EC_AV_ERROR;
		}
	}
}

/* "A container is encrypted: 2/a.zip (detail)" */
static int describe(struct report *report, const struct code_found *found)
{
	const char *text = scan_code_row(found->code)->text;
	size_t size = strlen(text);
	if (size && text[size - 1] == '.')
		size--;
	const char *id = found->part ? id_of(report, found->part) : NULL;
	char *info = NULL;
	if (asprintf(&info, "%.*s%s%s%s%s%s", (int)size, text, id ? ": " : "", id ? id : "", found->text ? " (" : "",
		     found->text ? found->text : "", found->text ? ")" : "") < 0)
		return -ENOMEM;
	free(report->info);
	report->info = info;
	return 0;
}

static int set_info(struct report *report, const char *text)
{
	free(report->info);
	return copy_text(text, &report->info);
}

/* The findings are in order; the first that decides anything decides. */
static int settle_whole(struct report *report)
{
	report->engine = NULL;
	if (report->virus_count) {
		report->status = EC_AV_INFECTED;
		report->code = AVS_RESULT_VIRUS_FOUND;
		report->engine = ENGINE_NAME;
		return set_info(report, report->viruses[0].name);
	}
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (scan_code_is_information(found->code))
			continue;
		report->code = found->code;
		report->status = scan_code_row(found->code)->status;
		/* Where it is known of a part, that says more than of the whole. */
		bool better = found->part == 0 && i + 1 < report->code_count && found[1].code == found->code;
		return describe(report, better ? found + 1 : found);
	}
	report->code = SCAN_CODE_NONE;
	report->status = EC_AV_CLEAN;
	return set_info(report, "");
}

int report_settle(struct report *report)
{
	settle_parts(report);
	if (report->status >= EC_AV_PART_IS_CONTAINER)
		return 0; /* refused: there is nothing else to settle */
	int error = add_missing_codes(report);
	if (report->virus_count)
		qsort(report->viruses, report->virus_count, sizeof *report->viruses, compare_viruses);
	if (report->code_count)
		qsort(report->codes, report->code_count, sizeof *report->codes, compare_codes);
	if (report->evasion_count)
		qsort(report->evasions, report->evasion_count, sizeof *report->evasions, compare_evasions);
	unite_codes(report);
	settle_parts(report);
	error = error ? error : settle_whole(report);
	if (error) {
		report->status = EC_AV_ERROR;
		report->code = GEN_RESULT_OUT_OF_MEMORY;
		report->engine = NULL;
	}
	return error;
}

int report_refuse(struct report *report, enum ec_av_status status, const char *info)
{
	assert(status >= EC_AV_PART_IS_CONTAINER && status < EC_AV_STATUS_COUNT);
	report->status = status;
	report->code = SCAN_CODE_NONE;
	report->engine = NULL;
	return set_info(report, info);
}
