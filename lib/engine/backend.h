/*
 * backend.h - one engine, whatever its kind, as something that takes messages and gives answers.
 *
 * Inside lib/engine: engines.c runs them, csapi.c and clamav.c are the kinds.
 */
#ifndef CSAPI_ENGINE_BACKEND_H
#define CSAPI_ENGINE_BACKEND_H

#include "engine/engines.h"

#include <poll.h>
#include <stddef.h>

/* Descriptors that one backend may want to be waited for. */
#define BACKEND_POLL_MAX 600u

struct backend {
	const struct backend_kind *kind;
	const struct engine_settings *engine; /* borrowed */
	const struct engines_options *options;
	bool one_of_several; /* there is more than one csapi engine */
	void *state;         /* the kind's own */
};

struct backend_kind {
	/* 0 or -ENOMEM: every other trouble is an answer. */
	int (*open)(struct backend *backend);
	/* As client_submit. */
	int (*submit)(struct backend *backend, uint32_t id, const struct request *request, int fd);
	/* As client_next, with `ret_answer`'s report, code, address and attempts filled; the caller's then. */
	int (*next)(struct backend *backend, int timeout_ms, uint32_t *ret_id, struct answer *ret_answer);
	unsigned (*outstanding)(const struct backend *backend);
	unsigned (*room)(const struct backend *backend);
	/* How many descriptors it wants to be waited for; *ret_deadline: when `next` wants to be called in any case. */
	size_t (*poll)(const struct backend *backend, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline);
	bool (*ready)(const struct backend *backend);
	void (*close)(struct backend *backend);
};

extern const struct backend_kind backend_csapi, backend_clamav;

/* What an engine's settings make of a request. */
void backend_request(const struct engine_settings *engine, const struct request *request, struct request *ret_request);
/* Seconds that definitions may be old for this engine; 0: any age will do. */
uint64_t backend_max_age(const struct backend *backend);

#endif
