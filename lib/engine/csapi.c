/*
 * csapi.c - our own scanner as an engine: a client of it, made from the settings of a block csapi "NAME" {}; see backend.h.
 */
#include "engine/backend.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* Options of the call go before the file's. */
static const char *either(const char *option, const char *setting)
{
	return option ? option : setting;
}

static struct client_options options_for(const struct backend *backend)
{
	const struct engine_settings *engine = backend->engine;
	struct client_options options = backend->options->client;
	options.usual = engine->limits;
	options.max_age = backend_max_age(backend);
	options.socket = options.way == CLIENT_PRIVATE ? NULL : either(options.socket, engine->socket);
	/* What another engine's scanner holds is not what this one is to find with. */
	bool own = backend->one_of_several && engine->definitions && !engine->socket;
	if (options.way == CLIENT_AUTO && own)
		options.way = CLIENT_PRIVATE;
	options.scanner_path = either(options.scanner_path, engine->scanner_path);
	options.definitions = either(either(options.definitions, engine->definitions), backend->options->definitions);
	options.file_base = either(options.file_base, engine->file_base);
	options.passwords = either(options.passwords, engine->passwords);
	if (engine->lines[ENGINE_ROW_max_concurrency])
		options.workers = (unsigned)engine->max_concurrency;
	return options;
}

static int open_client(struct backend *backend)
{
	const struct client_options options = options_for(backend);
	struct client *client;
	int error = client_open(&options, &client);
	backend->state = error ? NULL : client;
	return error;
}

static int submit(struct backend *backend, uint32_t id, const struct request *request, int fd)
{
	struct request own;
	backend_request(backend->engine, request, &own);
	return client_submit(backend->state, id, &own, fd);
}

static int next(struct backend *backend, int timeout_ms, uint32_t *ret_id, struct answer *ret_answer)
{
	int error = client_next(backend->state, timeout_ms, ret_id, &ret_answer->report);
	if (!error)
		ret_answer->attempts = ret_answer->report.attempts;
	return error;
}

static unsigned outstanding(const struct backend *backend)
{
	return client_outstanding(backend->state);
}

static unsigned room(const struct backend *backend)
{
	return client_room(backend->state);
}

static size_t poll_for(const struct backend *backend, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline)
{
	int fd = client_poll(backend->state, ret_deadline);
	if (fd < 0 || !most)
		return 0;
	ret_fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	return 1;
}

static bool ready(const struct backend *backend)
{
	return client_ready(backend->state);
}

static void close_client(struct backend *backend)
{
	client_close(backend->state);
}

const struct backend_kind backend_csapi = {open_client, submit, next, outstanding, room, poll_for, ready, close_client};
