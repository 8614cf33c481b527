/*
 * observer.c - an observer that writes into a report; see observer.h. Called by the tests of the decomposer.
 */
#include "verdict/observer.h"

static int to_part(void *context, const struct part *part)
{
	return report_part(context, part);
}

static int to_route(void *context, uint32_t part, enum part_route route)
{
	return report_route(context, part, route);
}

static int to_code(void *context, uint32_t part, enum scan_code code, const char *text)
{
	return report_code(context, part, code, text);
}

static int to_virus(void *context, uint32_t part, const char *name, bool official)
{
	return report_virus(context, part, name, official);
}

static int to_evasion(void *context, uint32_t part, enum evasion evasion, const char *text)
{
	return report_evasion(context, part, evasion, text);
}

static int to_stage(void *context, enum scan_stage stage, uint32_t part)
{
	return report_stage(context, stage, part);
}

static int to_usage(void *context, const struct usage *usage)
{
	return report_usage(context, usage);
}

static int to_refuse(void *context, enum ec_av_status status, const char *info)
{
	return report_refuse(context, status, info);
}

struct observer report_observer(struct report *report)
{
	return (struct observer){to_part,  to_route, to_code,   to_virus, to_evasion,
				 to_stage, to_usage, to_refuse, report};
}
