/*
 * csapi-update.c - csapi-update(8): keeps the definitions current and whole.
 *
 * Links neither the engine nor anything with a network: those are csapi-worker and csapi-fetch, which lib/update starts. The work is in
 * cmd/update/.
 */
#include "./update/daemon.h"
#include "./update/in_force.h"
#include "./update/invocation.h"
#include "./update/once.h"
#include "./update/options.h"
#include "base/version.h"
#include "complain.h"
#include "format/json_memory.h"
#include "standard.h"

#include <stdio.h>
#include <sys/stat.h>

static int help(void)
{
	(void)fputs("Usage: csapi-update [OPTION]...\n"
		    "Brings the virus definitions up to date: fetches them, verifies signatures,\n"
		    "loads them for a test, puts them in use at once and whole, and tells a scanner\n"
		    "that runs. Whatever fails, the definitions in use stay as they are.\n"
		    "\nExit status:\n",
		    stdout);
	for (int i = 0; i < UPDATE_OUTCOME_COUNT; i++)
		(void)printf("  %2d  %s\n", update_outcome_exit((enum update_outcome)i),
			     update_outcome_text((enum update_outcome)i));
	option_help(stdout, update_option_rows, UPDATE_OPTION_COUNT);
	return complain_printed() ? 0 : update_outcome_exit(UPDATE_FAILED);
}

static int run(const struct update_invocation *invocation)
{
	switch (invocation->mode) {
	case INVOCATION_HELP:
		return help();
	case INVOCATION_VERSION:
		(void)puts("csapi-update " CSAPI_VERSION);
		return complain_printed() ? 0 : update_outcome_exit(UPDATE_FAILED);
	case INVOCATION_CHECK_CONFIG:
		return update_in_force(invocation);
	case INVOCATION_DAEMON:
		return update_daemon(invocation);
	default:
		return update_once(invocation);
	}
}

int main(int argc, char **argv)
{
	json_memory_guard();
	if (!standard_keep())
		return update_outcome_exit(UPDATE_FAILED);
	complain_as("csapi-update");
	/* Definitions are read by others, whatever the umask of whoever starts this. */
	(void)umask(022);
	struct update_invocation invocation;
	struct why why = {""};
	int error = update_invocation_read(argc, argv, &invocation, &why);
	int status = error ? update_once_refuse(&invocation, error, why.text) : run(&invocation);
	update_invocation_free(&invocation);
	return status;
}
