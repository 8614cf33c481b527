/*
 * context.c - context variables of a verdict; see context.h.
 */
#include "verdict/context.h"

#include <string.h>

/* What one answer makes of the variable. */
static void fill(enum ec_av_status status, const char *info, struct context_variable *variable)
{
	if (status == EC_AV_CLEAN)
		return;
	bool infected = status == EC_AV_INFECTED;
	/* A virus goes before trouble, and the first of either stays. */
	if (variable->set && (!infected || !*variable->value))
		return;
	variable->set = true;
	variable->value = infected ? "" : "error";
	variable->info = info ? info : "";
}

static struct context_variable *find(struct context_variable *variables, unsigned *count, const char *name)
{
	unsigned i = 0;
	while (i < *count && strcmp(variables[i].name, name) != 0)
		i++;
	if (i == *count)
		variables[(*count)++] = (struct context_variable){.name = name};
	return &variables[i];
}

unsigned context_of(const struct verdict *verdict, struct context_variable ret_variables[ENGINES_MAX])
{
	unsigned count = 0, given = 0;
	for (unsigned i = 0; i < verdict->answer_count; i++) {
		const struct answer *answer = &verdict->answers[i];
		struct context_variable *variable =
			find(ret_variables, &count, engine_context_variable(answer->engine));
		if (answer->state != ANSWER_GIVEN)
			continue;
		given++;
		fill(answer->report.status, answer->report.info, variable);
	}
	/* The message reached no engine, though it should have: that is trouble for each. */
	for (unsigned i = 0; !given && !verdict->unasked && i < count; i++)
		fill(verdict->status, verdict->info, &ret_variables[i]);
	return count;
}
