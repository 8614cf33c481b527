/*
 * isolation.c - the tables of isolation.def; see isolation.h.
 */
#include "verdict/isolation.h"

#include <stdio.h>

static const struct isolation_layer_row layer_rows[] = {
#define ISOLATION_LAYER(key, promised, text) {#key, promised, text},
#define ISOLATION_PROBE(key, text)
#include "verdict/isolation.def"
#undef ISOLATION_LAYER
#undef ISOLATION_PROBE
};

static const struct isolation_probe_row probe_rows[] = {
#define ISOLATION_LAYER(key, promised, text)
#define ISOLATION_PROBE(key, text) {#key, text},
#include "verdict/isolation.def"
#undef ISOLATION_LAYER
#undef ISOLATION_PROBE
};

const struct isolation_layer_row *isolation_layer_row(enum isolation_layer layer)
{
	return &layer_rows[layer];
}

const struct isolation_probe_row *isolation_probe_row(enum isolation_probe probe)
{
	return &probe_rows[probe];
}

bool isolation_known(const struct isolation *isolation)
{
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++)
		if (isolation->layers[i].state != ISOLATION_MISSING || *isolation->layers[i].detail)
			return true;
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		if (isolation->probes[i] != ISOLATION_UNTRIED)
			return true;
	return false;
}

bool isolation_whole(const struct isolation *isolation, char *ret_text, size_t size)
{
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		if (!layer_rows[i].promised || isolation->layers[i].state != ISOLATION_MISSING)
			continue;
		const char *detail = isolation->layers[i].detail;
		(void)snprintf(ret_text, size, "%s is missing%s%s", layer_rows[i].key, *detail ? ": " : "", detail);
		return false;
	}
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++) {
		if (isolation->probes[i] != ISOLATION_POSSIBLE)
			continue;
		(void)snprintf(ret_text, size, "a worker can %s", probe_rows[i].text);
		return false;
	}
	return true;
}
