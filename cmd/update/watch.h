/*
 * watch.h - tells people how an update gets on: a line on the terminal, messages, the log. Called by once.c and daemon.c.
 */
#ifndef CSAPI_CMD_UPDATE_WATCH_H
#define CSAPI_CMD_UPDATE_WATCH_H

#include "update/update.h"

#include <stdbool.h>

struct update_watch {
	bool shown;       /* messages go to standard error, too */
	int most;         /* the least urgent level of messages shown */
	const char *step; /* what is being done, for the line; NULL: nothing yet */
};

/* An observer that reports to the watch, which must live as long. */
struct update_observer update_watch_observer(struct update_watch *watch);

#endif
