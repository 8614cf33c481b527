/*
 * daemon.h - updates again and again, in the foreground. Called by cmd/csapi-update.c.
 */
#ifndef CSAPI_CMD_UPDATE_DAEMON_H
#define CSAPI_CMD_UPDATE_DAEMON_H

#include "invocation.h"

/* Until it is told to end. The exit status of the program; everything was told. */
int update_daemon(const struct update_invocation *invocation);

#endif
