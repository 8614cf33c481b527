/*
 * handle.c - handles of libcsapi: their configuration and wishes; see csapi.h and handle.h.
 *
 * Refuses changes of what was read already: a handle has one configuration. The parser of configurations has no place for two readers, so
 * one thread reads at a time.
 */
#include "csapi/handle.h"

#include "base/version.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MOST 86400u /* seconds */

_Static_assert(CSAPI_CLEAN == (int)EC_AV_CLEAN && CSAPI_INFECTED == (int)EC_AV_INFECTED &&
		       CSAPI_UNSCANNABLE == (int)EC_AV_UNSCANNABLE && CSAPI_ERROR == (int)EC_AV_ERROR &&
		       CSAPI_PART_IS_CONTAINER == (int)EC_AV_PART_IS_CONTAINER &&
		       CSAPI_NAME_TOO_LONG == (int)EC_AV_NAME_TOO_LONG && CSAPI_NO_ENGINE == (int)EC_AV_NO_ENGINE &&
		       CSAPI_NOT_SUITABLE_FOR_STREAMING == (int)EC_AV_NOT_SUITABLE_FOR_STREAMING &&
		       EC_AV_STATUS_COUNT == 8,
	       "the numbers of the interface are those of the table");

CSAPI_PUBLIC const char *csapi_version(void)
{
	return CSAPI_VERSION;
}

CSAPI_PUBLIC const char *csapi_status_name(int status)
{
	return status >= 0 && status < EC_AV_STATUS_COUNT ? ec_av_status_name((enum ec_av_status)status) : NULL;
}

/* --- configuration ---------------------------------------------------------------------------------------------- */

struct setup *setup_hold(struct setup *setup)
{
	(void)atomic_fetch_add(&setup->holders, 1);
	return setup;
}

void setup_drop(struct setup *setup)
{
	if (!setup || atomic_fetch_sub(&setup->holders, 1) != 1)
		return;
	if (!setup->failed)
		config_free(&setup->config);
	free(setup);
}

/* 0 or -errno of config_read. */
static int read_config(const char *path, struct setup *setup)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	(void)pthread_mutex_lock(&one_at_a_time);
	int error = config_read(path, &setup->config, NULL, &setup->why);
	/* Tables that are made at their first use, here and not by several threads at once. */
	for (int kind = 0; kind <= ENGINE_KIND_COUNT; kind++) {
		size_t count;
		(void)engine_settings_rows((enum engine_kind)kind, &count);
	}
	(void)pthread_mutex_unlock(&one_at_a_time);
	return error;
}

static void take_names(struct setup *setup)
{
	const struct engines_settings *settings = &setup->config.engines;
	unsigned skips = 0;
	for (uint32_t i = 0; i < settings->engine_count && i < ENGINES_MAX; i++) {
		const struct engine_settings *engine = &settings->engines[i];
		setup->names[i] = engine->name;
		if (engine->skip_context_variable && *engine->skip_context_variable)
			setup->skips[skips++] = engine->skip_context_variable;
	}
}

struct setup *handle_setup(struct csapi *csapi)
{
	static const struct selection_wish everybody = {.name_count = 0};
	if (csapi->setup)
		return csapi->setup;
	struct setup *setup = calloc(1, sizeof *setup);
	if (!setup)
		return NULL;
	atomic_init(&setup->holders, 1);
	int error = read_config(csapi->config_path, setup);
	if (error) {
		setup->failed = error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : GEN_RESULT_POLICY_INVALID;
	} else {
		take_names(setup);
		selection_make(&setup->config.engines, &everybody, &setup->all);
	}
	return csapi->setup = setup;
}

/* The configuration, or NULL with the error. */
static struct setup *readable(struct csapi *csapi)
{
	struct setup *setup = handle_setup(csapi);
	csapi->error.text[0] = '\0';
	if (setup && !setup->failed)
		return setup;
	(void)why_set(&csapi->error, 0, "%s", setup && setup->why.text[0] ? setup->why.text : "no memory is left");
	return NULL;
}

CSAPI_PUBLIC const char *const *csapi_engines(struct csapi *csapi)
{
	const struct setup *setup = readable(csapi);
	return setup ? setup->names : NULL;
}

CSAPI_PUBLIC const char *const *csapi_skip_variables(struct csapi *csapi)
{
	const struct setup *setup = readable(csapi);
	return setup ? setup->skips : NULL;
}

/* --- handles ---------------------------------------------------------------------------------------------------- */

CSAPI_PUBLIC struct csapi *csapi_new(void)
{
	return calloc(1, sizeof(struct csapi));
}

/*
 * After fork(2) conversation and private scanner are still the parent's: to read, write or end them would break its scans. What they hold here is
 * not given back.
 */
void handle_close(struct csapi *csapi)
{
	if (csapi->engines && csapi->owner == getpid())
		engines_close(csapi->engines);
	csapi->engines = NULL;
}

CSAPI_PUBLIC void csapi_free(struct csapi *csapi)
{
	if (!csapi)
		return;
	csapi_reset(csapi);
	handle_close(csapi);
	setup_drop(csapi->setup);
	free(csapi->config_path);
	free(csapi->socket);
	free(csapi);
}

CSAPI_PUBLIC const char *csapi_error(const struct csapi *csapi)
{
	return csapi->error.text;
}

/* Begins a call. */
static int clear(struct csapi *csapi)
{
	csapi->error.text[0] = '\0';
	return 0;
}

static int set_path(struct csapi *csapi, char **path, const char *value)
{
	(void)clear(csapi);
	if (csapi->setup)
		return why_set(&csapi->error, -EBUSY, "the handle was used already: make a new one");
	char *copy = value ? strdup(value) : NULL;
	if (value && !copy)
		return why_set(&csapi->error, -ENOMEM, "no memory is left");
	free(*path);
	*path = copy;
	return 0;
}

CSAPI_PUBLIC int csapi_set_config(struct csapi *csapi, const char *path)
{
	return set_path(csapi, &csapi->config_path, path);
}

CSAPI_PUBLIC int csapi_set_socket(struct csapi *csapi, const char *path)
{
	return set_path(csapi, &csapi->socket, path);
}

/* --- wishes ----------------------------------------------------------------------------------------------------- */

CSAPI_PUBLIC void csapi_reset(struct csapi *csapi)
{
	struct selection_wish *wish = &csapi->wish;
	for (unsigned i = 0; i < wish->name_count; i++)
		free((char *)(uintptr_t)wish->names[i]);
	for (unsigned i = 0; i < wish->context_count; i++)
		free((char *)(uintptr_t)wish->contexts[i]);
	*wish = (struct selection_wish){.name_count = 0};
	csapi->deadline_seconds = 0;
	(void)clear(csapi);
}

CSAPI_PUBLIC int csapi_add_engine(struct csapi *csapi, const char *name)
{
	struct selection_wish *wish = &csapi->wish;
	(void)clear(csapi);
	if (!name)
		return why_set(&csapi->error, -EINVAL, "an engine needs a name");
	if (wish->name_count == ENGINES_MAX)
		return why_set(&csapi->error, -E2BIG, "more than %u engines are asked for", ENGINES_MAX);
	char *copy = strdup(name);
	if (!copy)
		return why_set(&csapi->error, -ENOMEM, "no memory is left");
	wish->names[wish->name_count++] = copy;
	return 0;
}

CSAPI_PUBLIC int csapi_set_context(struct csapi *csapi, const char *name, const char *value)
{
	struct selection_wish *wish = &csapi->wish;
	(void)clear(csapi);
	if (!name || !*name || strchr(name, '='))
		return why_set(&csapi->error, -EINVAL, "the name of a context variable is empty or has a = in it");
	char *text = NULL;
	if (asprintf(&text, "%s=%s", name, value ? value : "") < 0)
		return why_set(&csapi->error, -ENOMEM, "no memory is left");
	size_t size = strlen(name) + 1;
	for (unsigned i = 0; i < wish->context_count; i++) {
		if (strncmp(wish->contexts[i], text, size) != 0)
			continue;
		free((char *)(uintptr_t)wish->contexts[i]);
		wish->contexts[i] = text;
		return 0;
	}
	if (wish->context_count == SELECTION_CONTEXTS_MAX) {
		free(text);
		return why_set(&csapi->error, -E2BIG, "there are more than %u context variables",
			       SELECTION_CONTEXTS_MAX);
	}
	wish->contexts[wish->context_count++] = text;
	return 0;
}

CSAPI_PUBLIC int csapi_set_hook(struct csapi *csapi, int hook)
{
	csapi->wish.hook = hook != 0;
	return clear(csapi);
}

CSAPI_PUBLIC int csapi_set_deadline(struct csapi *csapi, unsigned seconds)
{
	(void)clear(csapi);
	if (seconds > DEADLINE_MOST)
		return why_set(&csapi->error, -EINVAL, "a deadline is at most %u seconds", DEADLINE_MOST);
	csapi->deadline_seconds = (int64_t)seconds;
	return 0;
}
