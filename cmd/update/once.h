/*
 * once.h - one run of csapi-update, from configuration to exit status. Called by cmd/csapi-update.c; daemon.c runs the middle of it.
 */
#ifndef CSAPI_CMD_UPDATE_ONCE_H
#define CSAPI_CMD_UPDATE_ONCE_H

#include "invocation.h"

/* The exit status of the program; everything was told. */
int update_once(const struct update_invocation *invocation);
/*
 * Runs the task with what the command line says, in the log from beginning to end. Always fills the result (update_result_free it). Needs signals and log.
 */
void update_once_run(const struct update_invocation *invocation, const struct update_settings *settings,
		     struct update_result *ret_result);
/* Milliseconds of --random-delay, drawn anew each time. */
uint64_t update_once_delay(const struct update_invocation *invocation);
/*
 * Ends bad use and bad configuration, or what kept us from reading them (`error`, a negative errno, tells which): a line for people, and
 * the document for --format=json. The exit status.
 */
int update_once_refuse(const struct update_invocation *invocation, int error, const char *text);

#endif
