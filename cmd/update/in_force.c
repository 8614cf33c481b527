/*
 * in_force.c - prints the settings in force; see in_force.h. Refuses to print what is secret.
 */
#include "in_force.h"

#include "../complain.h"
#include "../config_print.h"
#include "once.h"

#include <stdio.h>

int update_in_force(const struct update_invocation *invocation)
{
	struct config config;
	struct why why = {""}, warning = {""};
	int error = update_invocation_configure(invocation, &config, &warning, &why);
	if (error)
		return update_once_refuse(invocation, error, why.text);
	if (*warning.text)
		complain("%s", warning.text);
	config_print_head(&config);
	if (config.update.private_mirrors[0])
		(void)puts("# private_mirrors are asked instead of mirrors, and DNS is not.");
	if (config.update.follow)
		(void)puts("# The databases are copied from the directory to follow; mirrors are only asked for their "
			   "versions.");
	config_print_update(&config.update);
	config_print_engines(&config.engines);
	config_free(&config);
	return complain_printed() ? 0 : update_outcome_exit(UPDATE_FAILED);
}
