/*
 * serve.c - starts the service; see serve.h. Refuses to serve where nobody could reach it, and as a user that is not to be had.
 */
#include "serve.h"

#include "../complain.h"
#include "account.h"
#include "base/place.h"
#include "gateway.h"
#include "process/tempdir.h"

#include <errno.h>
#include <stdlib.h>

#define EXIT_TROUBLE 2
/* What a worker writes beside extracted parts: the engine's own copies of a large message. */
#define WORKER_ROOM ((uint64_t)64 << 20)

/* What was found because it was not named, and lives as long as the service. */
struct service {
	struct supervisor_options options;
	struct listener listener;
	struct gateway_sockets gateway;
	struct account account;
	char *worker;
};

/* What cannot be found is told in the verdicts. */
static void find_places(struct service *service)
{
	struct supervisor_options *options = &service->options;
	if (!options->worker_path) {
		service->worker = place_find(PLACE_WORKER, NULL);
		options->worker_path = service->worker ? service->worker : "./csapi-worker";
	}
	if (!options->file_base) {
		uint64_t extracted = limits_effective(&options->limits, LIMIT_max_cumulative_extract_size);
		options->file_base = tempdir_base((extracted + WORKER_ROOM) * options->max_concurrency);
	}
}

static int find_account(struct service *service, const char *name, struct why *why)
{
	int error = account_find(name, &service->account, why);
	service->options.drop = service->account.drop;
	service->options.user = service->account.user;
	service->options.group = service->account.group;
	service->options.user_name = service->account.name;
	return error;
}

/* The sockets of the service manager, else the path that was named, else the usual one. */
static int find_listener(struct service *service, const struct scanner_settings *settings, struct why *why)
{
	int activated = listener_activate(&service->listener, why);
	if (activated < 0)
		return activated;
	service->options.listener = &service->listener;
	if (activated && settings->listen)
		return why_set(
			why, -EINVAL,
			"the service manager handed sockets over; leave --listen out, or name the path in its unit");
	if (activated)
		return 0;
	const char *named = settings->listen ? settings->listen : settings->usual_listen;
	char *usual = named ? NULL : listener_default_path();
	const char *path = named ? named : usual;
	int error = path ? listener_open(path, settings->socket_mode, &service->listener, why)
			 : why_errno(why, -ENOMEM, "cannot tell where to listen");
	if (error)
		service->options.listener = NULL;
	free(usual);
	return error;
}

/* What to do about a failure, where the text alone does not say it; "" for nothing. */
static const char *advice(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "; `csapi-scanner status` tells of the one that runs there, --listen names another path";
	case -EACCES:
	case -EPERM:
	case -EROFS:
	case -ENOENT:
		return "; --listen names another path";
	default:
		return "";
	}
}

static int run(struct service *service, const struct scanner_settings *settings, struct why *why)
{
	int error = find_account(service, settings->user, why);
	error = error ? error : log_open(settings->log, settings->log_level, why);
	if (!error && service->options.take_private < 0) {
		struct why where = {""};
		error = find_listener(service, settings, &where);
		if (error)
			return why_set(why, error, "%s%s", where.text, advice(error));
		error = gateway_open(settings, service->listener.shown, &service->gateway, why);
		if (error > 0)
			service->options.gateway = &service->gateway.options;
		error = error > 0 ? 0 : error;
	}
	if (error)
		return error;
	if (settings->one_worker)
		log_write(LOG_LEVEL_WARNING,
			  "the configuration does not set max_concurrency of %s: there is one worker",
			  settings->engine->name);
	find_places(service);
	return supervisor_run(&service->options, why);
}

int serve(const struct scanner_settings *settings)
{
	struct service service = {.options = settings->supervisor, .gateway.network = -1};
	struct why why = {""};
	int error = run(&service, settings, &why);
	gateway_close(&service.gateway);
	if (service.options.listener)
		listener_close(&service.listener);
	log_close();
	free(service.worker);
	if (error)
		complain("%s", why.text);
	return error ? EXIT_TROUBLE : EXIT_SUCCESS;
}
