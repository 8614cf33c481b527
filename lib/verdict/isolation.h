/*
 * isolation.h - what stands around a worker: a pure value, made by the zygote, shown by status.
 */
#ifndef CSAPI_VERDICT_ISOLATION_H
#define CSAPI_VERDICT_ISOLATION_H

#include <stdbool.h>
#include <stddef.h>

enum isolation_layer {
#define ISOLATION_LAYER(key, promised, text) ISOLATION_LAYER_##key,
#define ISOLATION_PROBE(key, text)
#include "verdict/isolation.def"
#undef ISOLATION_LAYER
#undef ISOLATION_PROBE
	ISOLATION_LAYER_COUNT
};

enum isolation_probe {
#define ISOLATION_LAYER(key, promised, text)
#define ISOLATION_PROBE(key, text) ISOLATION_PROBE_##key,
#include "verdict/isolation.def"
#undef ISOLATION_LAYER
#undef ISOLATION_PROBE
	ISOLATION_PROBE_COUNT
};

/* Words in JSON: "on", "missing", "unneeded". */
enum isolation_state {
	ISOLATION_MISSING, /* the kernel or the user's rights do not give it; detail says why */
	ISOLATION_ON,
	ISOLATION_UNNEEDED, /* nothing to do here, such as dropping root where there is none */
};

/* Words in JSON: "untried", "stopped", "possible". */
enum isolation_outcome { ISOLATION_UNTRIED, ISOLATION_STOPPED, ISOLATION_POSSIBLE };

#define ISOLATION_DETAIL_MAX 96

struct isolation {
	struct {
		enum isolation_state state;
		char detail[ISOLATION_DETAIL_MAX]; /* "ABI 7", "user csapi", or why it is missing */
	} layers[ISOLATION_LAYER_COUNT];
	enum isolation_outcome probes[ISOLATION_PROBE_COUNT];
};

struct isolation_layer_row {
	const char *key;
	bool promised;
	const char *text;
};
struct isolation_probe_row {
	const char *key, *text;
};

const struct isolation_layer_row *isolation_layer_row(enum isolation_layer layer);
const struct isolation_probe_row *isolation_probe_row(enum isolation_probe probe);

/* Was anything told of it? False for the zero value: no worker was prepared yet. */
bool isolation_known(const struct isolation *isolation);
/*
 * True when every promised layer is there and no probe was possible (untried ones do not count against it). Else the first
 * thing that is wrong, as one line in ret_text ("landlock is missing: ...", "a worker can open a socket").
 */
bool isolation_whole(const struct isolation *isolation, char *ret_text, size_t size);

#endif
