/*
 * csapi.h - scans messages for viruses from within a program: the interface of libcsapi; see csapi(3).
 *
 * It is the same path as csapi-scan(1): the same configuration, scanners and engines, and the same verdicts. Every scan gives one
 * result. Nothing here prints, ends the program, or changes its signals, its directory or its locale.
 *
 * A handle is for one thread at a time, in a child of fork(2) too, which gets a conversation of its own; any number of threads may have handles of their own. A result is for one thread at a time as well, and
 * outlives its handle. Texts are UTF-8 and end with a NUL. Borrowed texts live as long as what they were asked of.
 */
#ifndef CSAPI_H
#define CSAPI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a scan ended. The numbers stay. Only CSAPI_CLEAN says that every byte was seen and nothing was found. */
enum csapi_status {
	CSAPI_CLEAN = 0,
	CSAPI_INFECTED = 1,
	CSAPI_UNSCANNABLE = 2, /* not every byte could be seen: encrypted, damaged, beyond a limit */
	CSAPI_ERROR = 3,       /* the scan failed; another try may succeed */
	CSAPI_PART_IS_CONTAINER = 4,
	CSAPI_NAME_TOO_LONG = 5, /* the name of an engine has more than 40 characters */
	CSAPI_NO_ENGINE =
		6, /* none is configured, none has that name, or all were left alone: see csapi_result_scanned */
	CSAPI_NOT_SUITABLE_FOR_STREAMING = 7 /* larger than the engine takes as a stream */
};

struct csapi;
struct csapi_result;

/* The version of the library, such as "0.1.0". Static. */
const char *csapi_version(void);
/* "EC_AV_CLEAN" and so on; NULL: no such status. Static. */
const char *csapi_status_name(int status);

/* A new handle; NULL: no memory. Nothing is read or started before the first call that needs it. */
struct csapi *csapi_new(void);
/* Ends what belongs to the handle, a private scanner included (at most a second or so). NULL is allowed. */
void csapi_free(struct csapi *csapi);
/* Why the last call on the handle failed, one line; "" when it did not. Borrowed until the next call. */
const char *csapi_error(const struct csapi *csapi);

/*
 * Where things are, for the handle's life. Before the first csapi_engines or scan, else -EBUSY. NULL: the default again. 0 or -errno.
 * config: path of csapi.conf(5); default: CSAPI_CONFIG, then as csapi-scan(1) looks for it.
 * socket: path of a scanner that runs, and no other; default: one that runs, else a private one.
 */
int csapi_set_config(struct csapi *csapi, const char *path);
int csapi_set_socket(struct csapi *csapi, const char *path);

/*
 * Who is asked by the scans that follow, until csapi_reset. 0; -EINVAL; -E2BIG: too many; -ENOMEM.
 * engine: adds one by its name or its kind; none added: all that are configured.
 * context: sets a context variable, such as one that switches engines off (skip_context_variable); value NULL: as if it were not set.
 * Environment variables count as context variables as well; these here go first.
 * hook: not 0: a mail program asks; engines that are not enabled are left alone unless named.
 * deadline: seconds within which each scan ends, as CSAPI_ERROR if it must; 0: as long as the engines' own timeouts take. At most 86400.
 */
int csapi_add_engine(struct csapi *csapi, const char *name);
int csapi_set_context(struct csapi *csapi, const char *name, const char *value);
int csapi_set_hook(struct csapi *csapi, int hook);
int csapi_set_deadline(struct csapi *csapi, unsigned seconds);
/* Forgets engines, context variables, hook and deadline. */
void csapi_reset(struct csapi *csapi);

/*
 * The names of the engines that are configured, in the order in which they scan, ended by NULL. Borrowed until csapi_free. NULL: the
 * configuration cannot be read, csapi_error says why.
 */
const char *const *csapi_engines(struct csapi *csapi);

/* Likewise the names of the context variables that switch engines off: those that csapi_set_context has an effect with. */
const char *const *csapi_skip_variables(struct csapi *csapi);

/*
 * Scan one message: from memory; what a descriptor gives, from where it stands to its end, read once (it stays the caller's); the file at a
 * path. Whatever is wrong with the message, the configuration or the scanner is told by the result. NULL: no memory, nothing else.
 */
struct csapi_result *csapi_scan(struct csapi *csapi, const void *data, size_t size);
struct csapi_result *csapi_scan_fd(struct csapi *csapi, int fd);
struct csapi_result *csapi_scan_path(struct csapi *csapi, const char *path);
/*
 * Scans one part of a message: its header fields, an empty line and its content, as they stand in the message. A multipart or a message in
 * it is CSAPI_PART_IS_CONTAINER.
 */
struct csapi_result *csapi_scan_part(struct csapi *csapi, const void *data, size_t size);

/* NULL is allowed. */
void csapi_result_free(struct csapi_result *result);
/* One of enum csapi_status. */
int csapi_result_status(const struct csapi_result *result);
/* The virus's name, or what was in the way; "" when clean. */
const char *csapi_result_info(const struct csapi_result *result);
/* The name of the engine that found a virus; NULL: none did. */
const char *csapi_result_engine(const struct csapi_result *result);
/* The scan code, such as "AVS_RESULT_VIRUS_FOUND", see csapi-codes(7); NULL: there is none. */
const char *csapi_result_code(const struct csapi_result *result);
/* 0: every engine was left alone, as the caller or the configuration wished. That is neither clean nor trouble. */
int csapi_result_scanned(const struct csapi_result *result);
/* The verdict as the JSON document of csapi-scan(1), one line. Made at the first call; NULL: no memory. */
const char *csapi_result_json(struct csapi_result *result);
/*
 * The context variables that the verdict sets or clears, numbered from 0: name, and value (NULL: not to be set). NULL for both behind the
 * last one.
 */
const char *csapi_result_context_name(const struct csapi_result *result, size_t number);
const char *csapi_result_context_value(const struct csapi_result *result, size_t number);

#ifdef __cplusplus
}
#endif

#endif
