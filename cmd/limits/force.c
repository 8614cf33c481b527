/*
 * force.c - finds the limits in force; see force.h.
 */
#include "force.h"

#include "process/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As csapi-version: one that does not answer is told as such. */
#define ANSWER_MS 3000

/* The defaults, and what the configuration says. */
static void put_file(struct limits_in_force *in_force, const struct limits_settings *settings)
{
	const struct engine_settings *engine = settings->engine;
	limits_defaults(&in_force->limits);
	in_force->antivirus = engine ? engine->antivirus : NULL;
	in_force->engine = engine && engine->antivirus ? engine->name : NULL;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		in_force->origin[i] = (struct limit_origin){.kind = ORIGIN_DEFAULT};
		if (!engine || !engine->limits.set[i])
			continue;
		in_force->limits.value[i] = engine->limits.value[i];
		in_force->origin[i] = (struct limit_origin){.kind = ORIGIN_FILE,
							    .where = settings->config.path,
							    .line = engine->lines[ENGINE_ROW_LIMITS + i]};
	}
}

/*
 * The scanner's word is for all of them, and what the client's file says tightens it; where the scanner says what would be so anyway, it is
 * no origin.
 */
static void put_scanner(struct limits_in_force *in_force, const struct limits *limits, const char *socket)
{
	in_force->scanner = socket;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t theirs = limits_effective(limits, (enum limit)i);
		uint64_t ours = limits_effective(&in_force->limits, (enum limit)i);
		if (in_force->origin[i].kind == ORIGIN_FILE && ours < theirs)
			continue;
		in_force->limits.value[i] = limits->value[i];
		if (ours != theirs)
			in_force->origin[i] = (struct limit_origin){.kind = ORIGIN_SCANNER, .where = socket};
	}
}

static void put_options(struct limits_in_force *in_force, const struct limits *options)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!options->set[i])
			continue;
		in_force->limits.value[i] = options->value[i];
		in_force->origin[i] = (struct limit_origin){.kind = ORIGIN_OPTION};
	}
}

/* A scanner that answered: do its limits count? */
static void weigh(const struct limits_settings *settings, const struct limits *limits, struct force *force)
{
	struct limits tightened = *limits;
	struct why why = {""};
	bool less = limits_tighten(&tightened, &settings->limits, &why) != 0;
	if (!less || settings->socket)
		put_scanner(&force->in_force, limits, force->socket);
	if (less)
		(void)why_set(&force->note, 0, "%s (at %.200s): %s", why.text, force->socket,
			      settings->socket ? "it would refuse a request for that"
					       : "csapi-scan would start a scanner of its own for that");
}

static int ask(const struct limits_settings *settings, struct force *force, struct why *why)
{
	struct limits limits;
	struct why that = {""};
	const char *usual = settings->engine ? settings->engine->socket : NULL;
	int error =
		client_limits(settings->socket ? settings->socket : usual, ANSWER_MS, &limits, &force->socket, &that);
	if (!error)
		weigh(settings, &limits, force);
	else if (settings->socket || error == -ENOMEM)
		return why_set(why, error, "%s", that.text);
	else if (error != -ENOENT && error != -ECONNREFUSED)
		(void)why_set(&force->note, 0, "%s; these are the limits without it", that.text);
	return 0;
}

int force_find(const struct limits_settings *settings, struct force *ret_force, struct why *why)
{
	*ret_force = (struct force){.socket = NULL};
	put_file(&ret_force->in_force, settings);
	int error = settings->private_scanner ? 0 : ask(settings, ret_force, why);
	put_options(&ret_force->in_force, &settings->limits);
	ret_force->in_force.note = ret_force->note.text;
	return error;
}

void force_free(struct force *force)
{
	free(force->socket);
	force->socket = NULL;
}
