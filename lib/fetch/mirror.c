/*
 * mirror.c - calls into libfreshclam, and the functions that it speaks by; see mirror.h.
 */
#include "fetch/mirror.h"

#include "base/fd.h"
#include "fetch/http.h"
#include "fetch/space.h"
#include "format/cvd_header.h"

#include <clamav.h>
#include <libfreshclam.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fields of the answer by DNS, with colons between. */
enum { DNS_MAIN = 1, DNS_DAILY = 2, DNS_BYTECODE = 7, DNS_FIELDS = 8 };

static int said = -1; /* in the child: where its lines go */

/* ---- lines to the parent ---- */

static void say(const char *line, size_t size)
{
	if (fd_write_all(said, line, size) < 0)
		_exit(EXIT_FAILURE);
}

static void __attribute__((format(printf, 2, 3))) tell(char letter, const char *format, ...)
{
	char text[MIRROR_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text + 1, sizeof text - 2, format, arguments);
	va_end(arguments);
	text[0] = letter;
	text[strlen(text)] = size < 0 ? '\0' : '\n';
	say(text, size < (int)sizeof text - 2 ? (size_t)size + 2 : sizeof text - 1);
}

/* A message may be several lines, or a piece of one: what it says between line breaks is one of ours. */
static void pass_on(char letter, const char *format, va_list arguments)
{
	char text[MIRROR_LINE_MAX - 16];
	bool waits = letter == 'e' || letter == 'w';
	if (said < 0)
		return;
	(void)vsnprintf(text, sizeof text, format, arguments);
	for (char *rest = text, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char go;
		if (!line[strspn(line, " \t\r")])
			continue;
		tell(letter, "%s", line + strspn(line, " \t"));
		if (waits && read(said, &go, 1) != 1)
			_exit(EXIT_FAILURE);
	}
}

/*
 * libfreshclam calls these two where the program has them; their levels are from its headers: information (0, 1), debug (2, 3), warning, error. Both are
 * exported from the program for that.
 */
static const char levels[] = "iiddwe";
int logg(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mprintf(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

int logg(int level, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	pass_on(level >= 0 && level < 6 ? levels[level] : 'i', format, arguments);
	va_end(arguments);
	return 0;
}

void mprintf(int level, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	pass_on(level >= 0 && level < 6 ? levels[level] : 'i', format, arguments);
	va_end(arguments);
}

/* libclamav's own, which would go to standard error. */
static void hear_engine(enum cl_msg severity, const char *full, const char *text, void *context)
{
	(void)full;
	(void)context;
	if (severity != CL_MSG_INFO_VERBOSE)
		logg(severity == CL_MSG_ERROR ? 5 : 4, "%s", text);
}

/* ---- what was brought ---- */

/* The library is about to put `path` in place of the file that is here. */
static fc_error_t judge(const char *path, void *context)
{
	const struct mirror_call *call = context;
	struct cvd_header header;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int error = fd < 0 || fstat(fd, &status) < 0 ? -errno : cvd_header_read(fd, &header);
	fd_close(&fd);
	if (space_none(call->job))
		tell('s', "%s", "");
	else if (error)
		tell('h', "%s", "");
	else if ((uint64_t)status.st_size > call->job->max_size)
		tell('l', "%s", "");
	else if (header.version <= call->local || header.version == call->refused)
		tell('o', " %u", header.version);
	else
		return FC_SUCCESS;
	return FC_ETESTFAIL;
}

/* ---- calls ---- */

/* What the child prints and inherits is not for anybody but the parent. */
static void settle(int socket)
{
	said = socket;
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	cl_set_clcb_msg(hear_engine);
}

/*
 * An answer by DNS that says what we know already: so the library does not ask the mirror for the head of the file again, which it reads into memory
 * however long it is. Only for names that it looks up there.
 */
static char *known_answer(const struct mirror_call *call)
{
	char *answer = NULL;
	bool listed = strcmp(call->database, "main") == 0 || strcmp(call->database, "daily") == 0 ||
		      strcmp(call->database, "bytecode") == 0;
	if (listed && !call->cld &&
	    asprintf(&answer, "0:%u:%u:0:0:0:0:%u", call->remote, call->remote, call->remote) < 0)
		return NULL;
	return answer;
}

_Noreturn void mirror_update(const struct mirror_call *call, int socket)
{
	const struct fetch_job *job = call->job;
	fc_config config = {.msgFlags = FC_CONFIG_MSG_VERBOSE, /* libcurl's trace */
			    .maxAttempts = 1,                  /* more are up to the parent */
			    .connectTimeout = job->connect_timeout,
			    .requestTimeout = job->request_timeout,
			    .bCompressLocalDatabase = 1,
			    .userAgent = job->private ? job->user_agent : NULL,
			    .proxyUsername = job->proxy_user,
			    .proxyPassword = job->proxy_password,
			    .databaseDirectory = job->directory,
			    .tempDirectory = job->temporary};
	char *server = NULL, *mirrors[] = {(char *)(uintptr_t)call->url, NULL};
	int updated = 0;
	settle(socket);
	if (job->proxy && http_proxy(job, &server, &config.proxyPort) < 0)
		_exit(EXIT_FAILURE);
	config.proxyServer = server;
	fc_error_t error = cl_init(CL_INIT_DEFAULT) == CL_SUCCESS ? fc_initialize(&config) : FC_EINIT;
	if (error == FC_SUCCESS) {
		fc_set_fccb_download_complete(judge);
		error = fc_update_database(call->database, mirrors, 1, call->cld, known_answer(call), call->incremental,
					   (void *)(uintptr_t)call, &updated);
	}
	(void)fflush(stdout);
	tell('r', " %d", (int)error);
	_exit(EXIT_SUCCESS);
}

_Noreturn void mirror_ask_dns(const char *name, int socket)
{
	char *answer = NULL, *newer = NULL;
	settle(socket);
	/* Some servers never answer; five seconds twice for each would be the resolver's own way. */
	(void)setenv("RES_OPTIONS", "timeout:3 attempts:2", 0);
	fc_error_t error = fc_dns_query_update_info(name, &answer, &newer);
	if (error == FC_SUCCESS && answer && strlen(answer) < MIRROR_LINE_MAX / 2)
		tell('a', " %s", answer);
	tell('r', " %d", (int)error);
	_exit(EXIT_SUCCESS);
}

enum mirror_return mirror_returned(int number)
{
	switch (number) {
	case FC_EBADCVD:
		return MIRROR_BROKEN;
	case FC_EEMPTYFILE:
		return MIRROR_EMPTY;
	case FC_EINIT:
	case FC_EDIRECTORY:
	case FC_EFILE:
	case FC_ECONFIG:
	case FC_EDBDIRACCESS:
	case FC_EMEM:
	case FC_EARG:
		return MIRROR_LOCAL;
	default:
		return MIRROR_OTHER;
	}
}

const char *mirror_version(void)
{
	return cl_retver();
}

uint32_t mirror_dns_version(const char *answer, const char *database)
{
	int wanted = strcmp(database, "main") == 0       ? DNS_MAIN
		     : strcmp(database, "daily") == 0    ? DNS_DAILY
		     : strcmp(database, "bytecode") == 0 ? DNS_BYTECODE
							 : DNS_FIELDS;
	for (int field = 0; field < DNS_FIELDS; field++) {
		size_t length = strcspn(answer, ":"), digits = strspn(answer, "0123456789");
		/* Nine digits fit into any version; what has more is no version. */
		if (field == wanted)
			return length == digits && digits <= 9 ? (uint32_t)strtoul(answer, NULL, 10) : 0;
		answer += length + (answer[length] == ':');
	}
	return 0;
}
