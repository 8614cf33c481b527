/*
 * namespace.h - a root directory that holds nothing but the workers' directories, and a network without a way out.
 *
 * Mount, network and IPC namespaces; for an ordinary user a user namespace with its own number mapped to itself, which
 * is what gives the right to the others. Called by sandbox.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_NAMESPACE_H
#define CSAPI_PROCESS_SANDBOX_NAMESPACE_H

#include "base/why.h"

#include <stdbool.h>

/* Tries in a child what namespace_enter does, and whether a file can be made in `base` then. 0 or -errno with why. */
int namespace_try(const char *base, struct why *why);
/* For this process and what it forks `base` becomes "/". 0; -errno with why: the process must not go on. */
int namespace_enter(const char *base, struct why *why);

#endif
