/*
 * in_force.h - csapi-update --check-config: what the configuration and the command line come to. Called by cmd/csapi-update.c.
 */
#ifndef CSAPI_CMD_UPDATE_IN_FORCE_H
#define CSAPI_CMD_UPDATE_IN_FORCE_H

#include "invocation.h"

/* Prints it as a configuration, without keys and passwords. The exit status: 0, or 2 when something is wrong, which was told. */
int update_in_force(const struct update_invocation *invocation);

#endif
