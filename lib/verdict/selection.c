/*
 * selection.c - which engines a call asks; see selection.h. Refuses names that nobody has, and names too long to be anybody's.
 */
#include "verdict/selection.h"

#include "base/distance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *answer_state_word(enum answer_state state)
{
	static const char *const words[] = {[ANSWER_GIVEN] = "given",
					    [ANSWER_SKIPPED] = "skipped",
					    [ANSWER_PASSIVE] = "passive",
					    [ANSWER_NOT_ASKED] = "not_asked"};
	assert(state < ANSWER_STATE_COUNT);
	return words[state];
}

const char *selection_context(const struct selection_wish *wish, const char *name)
{
	const char *value = secure_getenv(name);
	for (unsigned i = 0; i < wish->context_count; i++) {
		size_t size = strcspn(wish->contexts[i], "=");
		if (strlen(name) == size && strncmp(wish->contexts[i], name, size) == 0)
			value = wish->contexts[i] + size + (wish->contexts[i][size] == '=');
	}
	return value && *value ? value : NULL;
}

/* By its own name, or by that of its kind. */
static bool goes_by(const struct engine_settings *engine, const char *name)
{
	return strcmp(engine->name, name) == 0 || strcmp(engine_kind_word(engine->kind), name) == 0;
}

static bool anybody_is(const struct engines_settings *settings, const char *name)
{
	for (uint32_t i = 0; i < settings->engine_count; i++)
		if (goes_by(&settings->engines[i], name))
			return true;
	return false;
}

static void refuse(struct selection *selection, enum ec_av_status status, enum scan_code code)
{
	selection->refused = status;
	selection->code = code;
}

/* A name that is nobody's. */
static void refuse_unknown(const struct engines_settings *settings, const char *name, struct selection *selection)
{
	struct distance_nearest nearest = {NULL, DISTANCE_MAX};
	for (uint32_t i = 0; i < settings->engine_count; i++)
		distance_try(&nearest, name, settings->engines[i].name);
	if (nearest.name)
		(void)why_set(&selection->why, 0, "no engine is called \"%s\"; did you mean \"%s\"?", name,
			      nearest.name);
	else
		(void)why_set(&selection->why, 0, "no engine is called \"%s\"; --engines lists those there are", name);
	refuse(selection, EC_AV_NO_ENGINE, GEN_RESULT_PARAMETER_INVALID);
}

static void check_names(const struct engines_settings *settings, const struct selection_wish *wish,
			struct selection *selection)
{
	for (unsigned i = 0; i < wish->name_count && selection->refused == EC_AV_CLEAN; i++) {
		if (engine_name_length(wish->names[i]) > ENGINE_NAME_MAX) {
			(void)why_set(&selection->why, 0, "the name of the engine is longer than %u characters",
				      ENGINE_NAME_MAX);
			refuse(selection, EC_AV_NAME_TOO_LONG, GEN_RESULT_PARAMETER_INVALID);
		} else if (!anybody_is(settings, wish->names[i])) {
			refuse_unknown(settings, wish->names[i], selection);
		}
	}
}

static bool is_named(const struct selection_wish *wish, const struct engine_settings *engine)
{
	for (unsigned i = 0; i < wish->name_count; i++)
		if (goes_by(engine, wish->names[i]))
			return true;
	return false;
}

static enum answer_state state_of(const struct selection_wish *wish, const struct engine_settings *engine)
{
	const char *variable = engine->skip_context_variable;
	if (variable && *variable && selection_context(wish, variable))
		return ANSWER_SKIPPED;
	return wish->hook && !engine->enabled && !is_named(wish, engine) ? ANSWER_PASSIVE : ANSWER_GIVEN;
}

void selection_make(const struct engines_settings *settings, const struct selection_wish *wish,
		    struct selection *ret_selection)
{
	struct selection *selection = ret_selection;
	*selection = (struct selection){.refused = EC_AV_CLEAN};
	check_names(settings, wish, selection);
	for (uint32_t i = 0; i < settings->engine_count && selection->refused == EC_AV_CLEAN; i++) {
		const struct engine_settings *engine = &settings->engines[i];
		if (wish->name_count && !is_named(wish, engine))
			continue;
		selection->states[selection->count] = state_of(wish, engine);
		selection->engines[selection->count++] = engine;
	}
	if (selection->count || selection->refused != EC_AV_CLEAN)
		return;
	(void)why_set(&selection->why, 0,
		      "no engine is configured; write csapi \"csapi1\" {} into the section antivirus");
	refuse(selection, EC_AV_NO_ENGINE, GEN_RESULT_EMPTY_POLICY);
}

bool selection_asks(const struct selection *selection)
{
	for (unsigned i = 0; i < selection->count; i++)
		if (selection->states[i] == ANSWER_GIVEN)
			return true;
	return false;
}
