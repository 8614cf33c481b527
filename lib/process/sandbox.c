/*
 * sandbox.c - the order of the walls; see sandbox.h. Each has a file of its own in sandbox/.
 *
 * Refuses to run a worker without a layer that was found when the zygote prepared.
 */
#include "process/sandbox.h"

#include "base/fd.h"
#include "process/sandbox/filter.h"
#include "process/sandbox/landlock.h"
#include "process/sandbox/namespace.h"
#include "process/sandbox/privilege.h"
#include "process/sandbox/probe.h"
#include "process/sandbox/resource.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* One for the process: what was found here holds for everything that is forked from it. */
static struct {
	const struct sandbox_options *options;
	pid_t scanner; /* whose death is ours */
	unsigned abi;  /* of Landlock; 0: none */
	bool filter;   /* there is one */
	enum filter_use use;
	bool moved;       /* base is "/" now */
	bool inside;      /* else: base is the working directory */
	char above[4096]; /* the directory that base lies in, by its old name; for the probe */
} sandbox;

static void say(struct isolation *isolation, enum isolation_layer layer, enum isolation_state state, const char *detail)
{
	isolation->layers[layer].state = state;
	(void)snprintf(isolation->layers[layer].detail, ISOLATION_DETAIL_MAX, "%s", detail);
}

/* Dies with the scanner; one that is dead already is noticed by its number. */
static int follow_scanner(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return getppid() == sandbox.scanner ? 0 : -ESRCH;
}

/* --- the zygote -------------------------------------------------------------------------------------------------- */

static int prepare_namespaces(const struct sandbox_options *options, struct isolation *isolation, struct why *why)
{
	struct why missing = {""};
	if (!options->namespaces) {
		say(isolation, ISOLATION_LAYER_namespaces, ISOLATION_MISSING, "not wanted");
		return 0;
	}
	/* In a child first: half of it cannot be undone. */
	if (namespace_try(options->base, &missing)) {
		say(isolation, ISOLATION_LAYER_namespaces, ISOLATION_MISSING, missing.text);
		return 0;
	}
	int error = namespace_enter(options->base, why);
	if (error)
		return error;
	sandbox.moved = true;
	say(isolation, ISOLATION_LAYER_namespaces, ISOLATION_ON,
	    geteuid() ? "user, mount, network, IPC" : "mount, network, IPC");
	return 0;
}

static int prepare_user(const struct sandbox_options *options, struct isolation *isolation, struct why *why)
{
	struct why missing = {""};
	bool half = false;
	char text[ISOLATION_DETAIL_MAX];
	if (geteuid() != 0) {
		say(isolation, ISOLATION_LAYER_user, ISOLATION_UNNEEDED, "the scanner is not root");
		return 0;
	}
	if (!options->drop) {
		say(isolation, ISOLATION_LAYER_user, ISOLATION_MISSING, "no user was named");
		return 0;
	}
	int error = privilege_drop(options->user, options->group, &half, &missing);
	if (error && half)
		return why_set(why, error, "cannot become user %s: %s", options->user_name, missing.text);
	(void)snprintf(text, sizeof text, "user %.60s", options->user_name);
	say(isolation, ISOLATION_LAYER_user, error ? ISOLATION_MISSING : ISOLATION_ON, error ? missing.text : text);
	return 0;
}

static void prepare_privileges(struct isolation *isolation)
{
	struct why missing = {""};
	int error = privilege_forget(&missing);
	say(isolation, ISOLATION_LAYER_no_new_privs, error ? ISOLATION_MISSING : ISOLATION_ON, missing.text);
}

#if !defined(__SANITIZE_ADDRESS__)
static void prepare_landlock(const struct sandbox_options *options, struct isolation *isolation)
{
	struct why missing = {""};
	char text[ISOLATION_DETAIL_MAX];
	int error = landlock_find(options->landlock_abi, &sandbox.abi, &missing);
	(void)snprintf(text, sizeof text, "ABI %u", sandbox.abi);
	say(isolation, ISOLATION_LAYER_landlock, error ? ISOLATION_MISSING : ISOLATION_ON, error ? missing.text : text);
}

static void prepare_filter(struct isolation *isolation)
{
	struct why missing = {""};
	int error = filter_make(sandbox.use, SANDBOX_CHANNEL, &missing);
	sandbox.filter = !error;
	say(isolation, ISOLATION_LAYER_seccomp, error ? ISOLATION_MISSING : ISOLATION_ON, missing.text);
}
#endif

/* All walls; no_new_privs is what allows the last two to an ordinary user. */
static int prepare_walls(const struct sandbox_options *options, struct isolation *isolation, struct why *why)
{
#if defined(__SANITIZE_ADDRESS__)
	/* Its reports and its leak check need files, processes and memory that a worker must not have. */
	static const char reason[] = "built with AddressSanitizer";
	say(isolation, ISOLATION_LAYER_namespaces, ISOLATION_MISSING, reason);
	say(isolation, ISOLATION_LAYER_no_new_privs, ISOLATION_MISSING, reason);
	say(isolation, ISOLATION_LAYER_landlock, ISOLATION_MISSING, reason);
	say(isolation, ISOLATION_LAYER_seccomp, ISOLATION_MISSING, reason);
	(void)prepare_namespaces, (void)prepare_privileges;
	return prepare_user(options, isolation, why);
#else
	int error = prepare_namespaces(options, isolation, why);
	error = error ? error : prepare_user(options, isolation, why);
	if (error)
		return error;
	prepare_privileges(isolation);
	prepare_filter(isolation);
	prepare_landlock(options, isolation);
	if (isolation->layers[ISOLATION_LAYER_no_new_privs].state == ISOLATION_ON)
		return 0;
	/* Without it neither could be entered. */
	sandbox.abi = 0;
	sandbox.filter = false;
	say(isolation, ISOLATION_LAYER_landlock, ISOLATION_MISSING, "needs no_new_privs");
	say(isolation, ISOLATION_LAYER_seccomp, ISOLATION_MISSING, "needs no_new_privs");
	return 0;
#endif
}

static void note_above(const char *base)
{
	const char *slash = strrchr(base, '/');
	size_t length = slash && slash > base ? (size_t)(slash - base) : 1;
	(void)snprintf(sandbox.above, sizeof sandbox.above, "%.*s", (int)length, base);
}

/* Once, before the first wall. */
static int begin(const struct sandbox_options *options, struct isolation *ret_isolation, struct why *why)
{
	assert(!sandbox.options && options->base[0] == '/');
	*ret_isolation = (struct isolation){0};
	sandbox.options = options;
	sandbox.scanner = getppid();
	note_above(options->base);
	int error = resource_note();
	if (error)
		return why_errno(why, error, "cannot tell how much memory is in use");
	say(ret_isolation, ISOLATION_LAYER_rlimits, ISOLATION_ON, "");
	for (int i = 0; options->off && i < ISOLATION_LAYER_COUNT; i++)
		if (i != ISOLATION_LAYER_rlimits)
			say(ret_isolation, (enum isolation_layer)i, ISOLATION_MISSING, "switched off");
	return 0;
}

int sandbox_prepare(const struct sandbox_options *options, struct isolation *ret_isolation, struct why *why)
{
	int error = begin(options, ret_isolation, why);
	if (error || options->off)
		return error;
	/* Root may come to it through directories that the workers' user may not: from now on it is near. */
	sandbox.inside = chdir(options->base) == 0;
	error = prepare_walls(options, ret_isolation, why);
	/* The kernel forgets this with each change of user. */
	if (!error && (error = follow_scanner()))
		(void)why_errno(why, error, "the scanner is gone");
	return error;
}

/* --- a worker ---------------------------------------------------------------------------------------------------- */

/* The layers that each process enters for itself, the filter last: what the others call is not in it. */
static int enter(const char *path)
{
	int error = resource_enter();
	if (!error && sandbox.abi)
		error = landlock_enter(sandbox.abi, path, NULL);
	if (!error && sandbox.filter)
		error = filter_enter();
	return error;
}

int sandbox_enter(const char *directory, char *ret_path, size_t size)
{
	assert(sandbox.options);
	const char *base = sandbox.moved ? "" : sandbox.inside ? "." : sandbox.options->base;
	int length = snprintf(ret_path, size, "%s/%s", base, directory);
	if (length < 0 || (size_t)length >= size || !*directory || strchr(directory, '/') || directory[0] == '.')
		return -EINVAL;
	int error = follow_scanner();
	return error ? error : enter(ret_path);
}

static int enter_for_probe(void *context)
{
	return enter(context);
}

int sandbox_probe(struct isolation *isolation, struct why *why)
{
	assert(sandbox.options);
	/* It has no directory of its own: that is made by the scanner, one for each worker. */
	const char *base = sandbox.moved ? "/" : sandbox.inside ? "." : sandbox.options->base;
	const struct probe probe = {.enter = enter_for_probe,
				    .context = (void *)(uintptr_t)base,
				    .definitions = sandbox.options->definitions,
				    .outside = sandbox.above,
				    .scanner = sandbox.scanner};
	return probe_run(&probe, isolation, why);
}

/* --- a check of definitions -------------------------------------------------------------------------------------- */

static int confine(const struct sandbox_options *options, uint64_t memory, int definitions, struct isolation *isolation,
		   struct why *why)
{
	int error = options->off ? 0 : prepare_walls(options, isolation, why);
	if (error)
		return error;
	if (fchdir(definitions) < 0)
		return why_errno(why, -errno, "cannot enter %.300s", options->definitions);
	error = options->off ? 0 : follow_scanner();
	error = error ? error : resource_load(memory);
	if (!error && sandbox.abi)
		error = landlock_enter(sandbox.abi, sandbox.moved ? "/" : options->base, ".");
	if (!error && sandbox.filter)
		error = filter_enter();
	return error ? why_errno(why, error == -EACCES ? -EPERM : error, "cannot enter the sandbox") : 0;
}

int sandbox_confine(const struct sandbox_options *options, uint64_t memory, struct isolation *ret_isolation,
		    char *ret_base, size_t size, struct why *why)
{
	int error = begin(options, ret_isolation, why);
	if (error)
		return error;
	sandbox.use = FILTER_LOAD;
	/* Once the root has moved it is still there for who holds it. */
	int definitions = open(options->definitions, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (definitions < 0)
		return why_errno(why, -errno, "cannot open %.300s", options->definitions);
	error = confine(options, memory, definitions, ret_isolation, why);
	fd_close(&definitions);
	(void)snprintf(ret_base, size, "%s", sandbox.moved ? "/" : options->base);
	return error;
}
