/*
 * options.c - the options of csapi-worker; see options.h.
 *
 * Made by our own programs: mistakes need no more than to be noticed.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A whole number up to `most`; -1: it is not one. */
static long long number(const char *text, long long most)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno || value > most ? -1 : value;
}

/* UID:GID:NAME. False: it is none, or root's. */
static bool read_user(char *text, struct sandbox_options *sandbox)
{
	char *group = strchr(text, ':');
	char *name = group ? strchr(group + 1, ':') : NULL;
	if (!name)
		return false;
	*group++ = '\0';
	*name++ = '\0';
	long long user_number = number(text, UINT32_MAX - 1), group_number = number(group, UINT32_MAX - 1);
	sandbox->drop = true;
	sandbox->user = (uid_t)user_number;
	sandbox->group = (gid_t)group_number;
	sandbox->user_name = name;
	return user_number > 0 && group_number > 0;
}

static bool read_abi(const char *text, struct sandbox_options *sandbox)
{
	long long abi = number(text, 1000);
	sandbox->landlock_abi = abi > 0 ? (unsigned)abi : 0;
	return abi > 0;
}

enum {
	DEFINITIONS = 1,
	SHIPPED,
	BASE,
	DROP,
	ABI,
	NO_NAMESPACES,
	OFF,
	PROBE,
	RESIDENT,
	CHECK,
	VERIFY_ONLY,
	NO_ENGINE,
	DIGEST
};

static const struct option table[] = {
	{"definitions", required_argument, NULL, DEFINITIONS},
	{"shipped", no_argument, NULL, SHIPPED},
	{"base", required_argument, NULL, BASE},
	{"drop", required_argument, NULL, DROP},
	{"landlock-abi", required_argument, NULL, ABI},
	{"no-namespaces", no_argument, NULL, NO_NAMESPACES},
	{"isolation-off", no_argument, NULL, OFF},
	{"probe", no_argument, NULL, PROBE},
	{"resident", no_argument, NULL, RESIDENT},
	{"check", no_argument, NULL, CHECK},
	{"verify-only", no_argument, NULL, VERIFY_ONLY},
	{"no-engine", no_argument, NULL, NO_ENGINE},
	{"digest", required_argument, NULL, DIGEST},
	{0},
};

static bool read_one(int row, char *value, struct worker_options *options)
{
	struct sandbox_options *sandbox = &options->sandbox;
	switch (row) {
	case DEFINITIONS:
		sandbox->definitions = value;
		return true;
	case BASE:
		sandbox->base = value;
		return value[0] == '/';
	case DROP:
		return read_user(value, sandbox);
	case ABI:
		return read_abi(value, sandbox);
	case NO_NAMESPACES:
		sandbox->namespaces = false;
		return true;
	case OFF:
		return sandbox->off = true;
	case SHIPPED:
		return options->shipped = true;
	case PROBE:
		return options->probe = true;
	case RESIDENT:
		return options->resident = true;
	case CHECK:
		options->task = WORKER_CHECK;
		return true;
	case VERIFY_ONLY:
		return options->verify_only = true;
	case DIGEST:
		options->task = WORKER_DIGEST;
		options->digest = value;
		return *value && !strchr(value, '/');
	case NO_ENGINE:
		return options->no_engine = true;
	default:
		return false;
	}
}

bool worker_options_read(int argc, char **argv, struct worker_options *ret_options)
{
	*ret_options = (struct worker_options){.task = WORKER_SERVE, .sandbox = {.namespaces = true}};
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		ret_options->task = WORKER_VERSION;
		return true;
	}
	if (argc == 2 && strcmp(argv[1], "--versions") == 0) {
		ret_options->task = WORKER_VERSIONS;
		return true;
	}
	int row;
	opterr = 0;
	while ((row = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (!read_one(row, optarg, ret_options))
			return false;
	bool engine = ret_options->sandbox.definitions != NULL;
	if (ret_options->task == WORKER_DIGEST)
		return optind == argc && !engine && ret_options->sandbox.base;
	bool check = ret_options->task == WORKER_CHECK;
	return optind == argc && engine != ret_options->no_engine && !(check && !engine) && ret_options->sandbox.base;
}
