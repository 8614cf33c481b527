/*
 * set.c - a verified set gets its name and goes live, and one that was gone back from does not come again; see run.h.
 */
#include "update/run.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* YYYYMMDD.NNN-HASH: the hash is over names and contents, so that the same files make the same name. */
static void name_set(const struct definition_set *set, char ret_id[STORE_ID_MAX])
{
	char version[32];
	uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a: the files' own digests are the strong ones */
	for (uint32_t i = 0; i < set->count; i++) {
		const struct definition_file *file = &set->files[i];
		for (const char *c = file->name; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
		for (size_t at = 0; at < sizeof file->sha256; at++)
			hash = (hash ^ file->sha256[at]) * 0x100000001B3u;
	}
	definition_set_version(set, version, sizeof version);
	(void)snprintf(ret_id, STORE_ID_MAX, "%s-%016" PRIx64, version, hash);
}

static bool refused(const struct run *run, const char *id)
{
	for (uint32_t i = 0; i < run->state.refused_count; i++)
		if (strcmp(run->state.refused[i], id) == 0)
			return true;
	return false;
}

/* It is in use by force: what was said against it before does not count any more. */
static void forgive(struct run *run, const char *id, const struct definition_set *set)
{
	struct state *state = &run->state;
	for (uint32_t i = state->refused_count; i-- > 0;) {
		if (strcmp(state->refused[i], id) != 0)
			continue;
		free(state->refused[i]);
		memmove(&state->refused[i], &state->refused[i + 1],
			(state->refused_count - i - 1) * sizeof state->refused[0]);
		state->refused_count--;
	}
	for (uint32_t i = 0; i < state->source_count; i++) {
		const struct definition_file *file = definition_set_database(set, state->sources[i].name);
		if (file && file->version >= state->sources[i].refused)
			state->sources[i].refused = 0;
	}
}

/* Where each file came from: the part that brought it, else as before. */
static void name_sources(struct run *run, struct definition_set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		struct definition_file *file = &set->files[i];
		const struct definition_file *old = definition_set_find(&run->current.set, file->name);
		const char *source = old ? old->source : NULL;
		for (uint32_t k = 0; k < run->result->part_count; k++) {
			const struct update_part *part = &run->result->parts[k];
			bool database = !part->feed && (strcmp(file->name, part->name) == 0 ||
							definition_name_of(file->name, part->name));
			bool feed = part->feed && remote_brings(run, part->name, file->name);
			if ((database || feed) && (part->outcome == UPDATE_UPDATED || !source))
				source = part->source;
		}
		free(file->source);
		file->source = source ? strdup(source) : NULL;
	}
}

int set_activate(struct run *run, struct check *check, struct why *why)
{
	char id[STORE_ID_MAX];
	name_sources(run, &check->set);
	name_set(&check->set, id);
	if (refused(run, id) && !run->options->force)
		return why_set(why, -EPERM, "the set %s was rolled back, and is not put in use again; --force does it",
			       id);
	struct manifest manifest = {
		.id = id,
		.created = clock_wall(),
		.tested_with = check->facts.engine_version,
		.finds_eicar = check->finds_eicar,
		.set = check->set,
	};
	run_step(run, "activate");
	why->text[0] = '\0';
	int error = store_activate(&run->store, &manifest, why);
	if (error)
		return error;
	if (why->text[0])
		run_message(run, 1, "%s", why->text);
	run->state.updated = clock_wall();
	forgive(run, id, &check->set);
	set_prune(run);
	return 0;
}

void set_prune(struct run *run)
{
	int pruned = store_prune(&run->store, run->settings->keep);
	run->result->pruned += pruned > 0 ? (uint64_t)pruned : 0;
}

void set_refuse(struct run *run, const char *refused_id, const struct definition_set *now)
{
	struct state *state = &run->state;
	if (state->refused_count == STATE_REFUSED_MAX) {
		free(state->refused[0]);
		memmove(&state->refused[0], &state->refused[1], (STATE_REFUSED_MAX - 1) * sizeof state->refused[0]);
		state->refused_count--;
	}
	state->refused[state->refused_count] = strdup(refused_id);
	state->refused_count += state->refused[state->refused_count] != NULL;
	for (uint32_t i = 0; i < run->current.set.count; i++) {
		const struct definition_file *file = &run->current.set.files[i];
		char database[DEFINITION_NAME_MAX];
		(void)snprintf(database, sizeof database, "%s", file->name);
		if (!definition_name_signed(file->name))
			continue;
		*strrchr(database, '.') = '\0';
		const struct definition_file *old = definition_set_database(now, database);
		struct state_source *source =
			!old || file->version > old->version ? state_put_source(state, database) : NULL;
		if (source)
			source->refused = file->version;
	}
}
