/*
 * sandbox.h - the walls around a worker: Landlock, seccomp, namespaces, an unprivileged user, resource limits.
 *
 * Two steps: the zygote prepares once what all workers share (namespaces, user) and tries from inside a worker whether the
 * walls hold; each worker then enters before its first hostile byte. A process that checks definitions enters in one step of its own. Called by
 * zygote, job and cmd/worker/check.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_H
#define CSAPI_PROCESS_SANDBOX_H

#include "base/why.h"
#include "verdict/isolation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of the one socket that a worker may talk on: the filter is made before any worker has one. */
#define SANDBOX_CHANNEL 3

struct sandbox_options {
	const char *base;        /* the directory that holds the directories of all workers; absolute */
	const char *definitions; /* for the probe that tries to read them; what sandbox_confine leaves to be read */
	bool drop;               /* to `user` and `group`; only as root */
	uid_t user;
	gid_t group;
	const char *user_name; /* for people; borrowed */
	bool namespaces;       /* take them where they are to be had */
	unsigned landlock_abi; /* hold Landlock down to this ABI; 0: the newest that kernel and we know */
	bool off;              /* no walls but resource limits, for comparing verdicts: layers are told as missing */
};

/*
 * In the zygote, single-threaded, after everything was loaded and opened: enters the namespaces, drops the user and all
 * rights, makes the filter. From then on no file is to be had but those below base. Layers that are not to be had are told
 * in ret_isolation; that is no failure. `options` are borrowed for good. -errno with why only when the process is in a state
 * in which it must not go on.
 */
int sandbox_prepare(const struct sandbox_options *options, struct isolation *ret_isolation, struct why *why);
/*
 * In the zygote, after preparing: forks children that enter and try everything in isolation.def. Fills the probes. 0 or -errno with why.
 * Each row costs a child that shares the zygote's memory, whatever the size of the engine; the kernel's log tells of those that the filter kills.
 */
int sandbox_probe(struct isolation *isolation, struct why *why);
/*
 * In a worker: all layers that sandbox_prepare found. `directory` is the name of its directory below base; its path as the worker will see it
 * is written to ret_path (it differs when the root has moved). Its socket is SANDBOX_CHANNEL. 0 or -errno: the worker must not go on.
 */
int sandbox_enter(const char *directory, char *ret_path, size_t size);

/*
 * In a process that verifies and loads definitions, single-threaded, before it opens the first of them: all walls at once, those that are not to be had being
 * told in ret_isolation. From then on no file is to be had but, for reading, those below `options->definitions`, which is the working
 * directory, and those below `options->base`, which is called ret_base; no socket, and `memory` bytes more than are in use. 0; -errno with
 * why: the process must not go on (-EACCES: the definitions may not be read by the user that it has become).
 */
int sandbox_confine(const struct sandbox_options *options, uint64_t memory, struct isolation *ret_isolation,
		    char *ret_base, size_t size, struct why *why);

#endif
