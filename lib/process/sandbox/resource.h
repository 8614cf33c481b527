/*
 * resource.h - how much of the machine a worker may take: hard limits for its life, lower ones for each message.
 *
 * Called by sandbox.c (hard) and job.c (for each message).
 */
#ifndef CSAPI_PROCESS_SANDBOX_RESOURCE_H
#define CSAPI_PROCESS_SANDBOX_RESOURCE_H

#include "verdict/limits.h"

#include <stdint.h>

/* In the zygote, when everything is loaded: notes what is mapped, for that counts against the limit on memory too. 0 or -errno. */
int resource_note(void);
/* In the worker, once: what even the largest message under the loosest limits does not need is out of reach for good. 0 or -errno. */
int resource_enter(void);
/* In a process that loads definitions, once, for good: `memory` bytes beyond what is mapped already, and no large file. 0 or -errno. */
int resource_load(uint64_t memory);
/* For one message of `size` bytes (0: not known) under these limits. 0 or -errno. */
int resource_message(const struct limits *limits, uint64_t size);

#endif
