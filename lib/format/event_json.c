/*
 * event_json.c - events as JSON; see event_json.h. Refuses unknown events and values that an honest worker never sends.
 */
#include "format/event_json.h"

#include "format/json_field.h"
#include "format/part_json.h"

#include <errno.h>
#include <string.h>

static json_t *event(const char *name, uint32_t part)
{
	json_t *object = json_object();
	json_field_set_text(&object, "event", name);
	json_field_set_number(&object, "part", part);
	return object;
}

char *event_json_part(const struct part *part)
{
	json_t *object = event("part", part->number);
	if (part->parent == REPORT_NO_PART)
		json_field_set(&object, "parent", json_null());
	else
		json_field_set_number(&object, "parent", part->parent);
	json_field_set(&object, "of", part_json_encode(part));
	return json_field_print(object);
}

char *event_json_route(uint32_t part, enum part_route route)
{
	json_t *object = event("route", part);
	json_field_set_text(&object, "route", part_route_word(route));
	return json_field_print(object);
}

char *event_json_code(uint32_t part, enum scan_code code, const char *text)
{
	json_t *object = event("code", part);
	json_field_set_text(&object, "code", scan_code_name(code));
	json_field_set_text(&object, "text", text && *text ? text : NULL);
	return json_field_print(object);
}

char *event_json_virus(uint32_t part, const char *name, bool official)
{
	json_t *object = event("virus", part);
	json_field_set_text(&object, "name", name);
	json_field_set(&object, "official", json_boolean(official));
	return json_field_print(object);
}

char *event_json_evasion(uint32_t part, enum evasion evasion, const char *text)
{
	json_t *object = event("evasion", part);
	json_field_set_text(&object, "reason", evasion_word(evasion));
	json_field_set_text(&object, "text", text && *text ? text : NULL);
	return json_field_print(object);
}

char *event_json_stage(enum scan_stage stage, uint32_t part)
{
	json_t *object = event("stage", part);
	json_field_set_text(&object, "stage", scan_stage_word(stage));
	return json_field_print(object);
}

char *event_json_usage(const struct usage *usage)
{
	json_t *object = event("usage", 0);
	json_field_set_number(&object, "depth", usage->depth);
	json_field_set_number(&object, "files", usage->files);
	json_field_set_number(&object, "largest", usage->largest);
	json_field_set_number(&object, "cumulative", usage->cumulative);
	json_field_set_number(&object, "extract_ms", usage->extract_ms);
	json_field_set_number(&object, "scan_ms", usage->scan_ms);
	return json_field_print(object);
}

char *event_json_refuse(enum ec_av_status status, const char *info)
{
	json_t *object = event("refuse", 0);
	json_field_set_text(&object, "status", ec_av_status_name(status));
	json_field_set_text(&object, "info", info);
	return json_field_print(object);
}

static int apply_part(const json_t *object, uint32_t number, struct report *report)
{
	struct part part;
	uint64_t parent = REPORT_NO_PART;
	const json_t *of = json_object_get(object, "of");
	if (!json_is_object(of) || part_json_decode(of, &part))
		return -EBADMSG;
	if (!json_is_null(json_object_get(object, "parent")) &&
	    json_field_number(object, "parent", UINT32_MAX, &parent))
		return -EBADMSG;
	part.number = number;
	part.parent = (uint32_t)parent;
	return report_part(report, &part);
}

static int apply_route(const json_t *object, uint32_t number, struct report *report)
{
	const char *word;
	enum part_route route;
	if (json_field_text(object, "route", 32, &word) || part_route_find(word, &route))
		return -EBADMSG;
	return report_route(report, number, route);
}

static int apply_code(const json_t *object, uint32_t number, struct report *report)
{
	const char *name, *text;
	if (json_field_text(object, "code", 128, &name) ||
	    json_field_text_or_null(object, "text", REPORT_TEXT_MAX, &text))
		return -EBADMSG;
	return report_code(report, number, scan_code_find(name), text);
}

static int apply_virus(const json_t *object, uint32_t number, struct report *report)
{
	const char *name;
	bool official;
	if (json_field_text(object, "name", REPORT_TEXT_MAX, &name) || json_field_bool(object, "official", &official))
		return -EBADMSG;
	return report_virus(report, number, name, official);
}

static int apply_evasion(const json_t *object, uint32_t number, struct report *report)
{
	const char *word, *text;
	if (json_field_text(object, "reason", 64, &word) ||
	    json_field_text_or_null(object, "text", REPORT_TEXT_MAX, &text))
		return -EBADMSG;
	return report_evasion(report, number, evasion_find(word), text);
}

static int apply_stage(const json_t *object, uint32_t number, struct report *report)
{
	const char *word;
	enum scan_stage stage;
	if (json_field_text(object, "stage", 32, &word) || scan_stage_find(word, &stage))
		return -EBADMSG;
	return report_stage(report, stage, number);
}

static int apply_usage(const json_t *object, uint32_t number, struct report *report)
{
	struct usage usage;
	if (number || json_field_number(object, "depth", INT64_MAX, &usage.depth) ||
	    json_field_number(object, "files", INT64_MAX, &usage.files) ||
	    json_field_number(object, "largest", INT64_MAX, &usage.largest) ||
	    json_field_number(object, "cumulative", INT64_MAX, &usage.cumulative) ||
	    json_field_number(object, "extract_ms", INT64_MAX, &usage.extract_ms) ||
	    json_field_number(object, "scan_ms", INT64_MAX, &usage.scan_ms))
		return -EBADMSG;
	return report_usage(report, &usage);
}

static int apply_refuse(const json_t *object, uint32_t number, struct report *report)
{
	const char *word, *info;
	enum ec_av_status status;
	if (number || json_field_text(object, "status", 64, &word) ||
	    json_field_text(object, "info", REPORT_TEXT_MAX, &info) || ec_av_status_find(word, &status))
		return -EBADMSG;
	/* A worker that was taken over must not be able to say more than an honest one. */
	if (status != EC_AV_PART_IS_CONTAINER)
		return -EBADMSG;
	return report_refuse(report, status, info);
}

static const struct {
	const char *name;
	int (*apply)(const json_t *object, uint32_t number, struct report *report);
} events[] = {
	{"part", apply_part},       {"route", apply_route}, {"code", apply_code},   {"virus", apply_virus},
	{"evasion", apply_evasion}, {"stage", apply_stage}, {"usage", apply_usage}, {"refuse", apply_refuse},
};

int event_json_apply(const char *text, size_t size, struct report *report, struct why *why)
{
	json_t *object = json_field_parse(text, size);
	const char *name = NULL;
	uint64_t number;
	int error = -EBADMSG;
	if (object && !json_field_text(object, "event", 16, &name) &&
	    !json_field_number(object, "part", UINT32_MAX, &number)) {
		for (size_t i = 0; i < sizeof events / sizeof *events; i++)
			if (strcmp(events[i].name, name) == 0)
				error = events[i].apply(object, (uint32_t)number, report);
	}
	if (error && error != -ENOMEM)
		error = why_set(why, -EBADMSG, "the worker sent an invalid event (%.16s)", name ? name : "?");
	json_decref(object);
	return error;
}
