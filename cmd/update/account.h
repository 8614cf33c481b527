/*
 * account.h - as whom root updates: as the owner of the directory, so that nothing in it becomes root's. Called by once.c.
 */
#ifndef CSAPI_CMD_UPDATE_ACCOUNT_H
#define CSAPI_CMD_UPDATE_ACCOUNT_H

#include "base/why.h"

#include <stdbool.h>

/*
 * From now on this process is the owner of the directory, where root started it and the directory belongs to somebody else; programs
 * that it starts have no way back, it has (the saved user stays root). 0, also when there is nothing to change; -errno with why.
 */
int update_account_enter(const char *directory, bool *ret_entered, struct why *why);
/* Root again, without further groups. Ends the process if that fails. */
void update_account_leave(bool entered);

#endif
