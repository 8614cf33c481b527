/*
 * signals.h - what was asked by signals meanwhile. Called by once.c and daemon.c.
 */
#ifndef CSAPI_CMD_UPDATE_SIGNALS_H
#define CSAPI_CMD_UPDATE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Each becomes 1 by its signal; whoever acts on one sets it back. */
extern volatile sig_atomic_t update_signals_stop;   /* SIGTERM, SIGINT, and SIGHUP of no daemon */
extern volatile sig_atomic_t update_signals_reread; /* SIGHUP */
extern volatile sig_atomic_t update_signals_now;    /* SIGUSR1 */

void update_signals_install(bool daemon);
/*
 * Waits until `until` on clock_boot()'s scale, or a signal above. A machine that slept is noticed within a minute. True: the time has come.
 */
bool update_signals_wait(int64_t until);

#endif
