/*
 * source.c - from a path to a text that the parser may have; see source.h.
 *
 * The parser (libconfuse 3.3) replaces ${NAME} in double quotes and outside of quotes by the environment's variable, by nothing where
 * there is none, and begins inside of a text that the file before left open: both are refused before it sees them.
 */
#include "format/config/source.h"

#include "base/buffer.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/csapi/csapi.conf"
#define NAME_SHOWN  64 /* bytes of a variable's name in an error */

/* What ends a word outside of quotes. */
#define WORD_ENDS " \t\r\n#\"'={}()+,"

/* --- finding and reading ---------------------------------------------------------------------------------------- */

/* The user's own file; NULL: there is no such place. 0 or -ENOMEM. */
static int user_file(char **ret_path)
{
	const char *base = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
	int size = 0;
	*ret_path = NULL;
	/* Relative ones are not to be followed, says the specification. */
	if (base && base[0] == '/')
		size = asprintf(ret_path, "%s/csapi/csapi.conf", base);
	else if (home && home[0] == '/')
		size = asprintf(ret_path, "%s/.config/csapi/csapi.conf", home);
	if (size < 0)
		*ret_path = NULL;
	return size < 0 ? -ENOMEM : 0;
}

/* One that is there and cannot be looked at counts as there: reading it will say why not. */
static bool there(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int config_source_find(char **ret_path)
{
	const char *named = secure_getenv("CSAPI_CONFIG");
	*ret_path = NULL;
	if (named && *named)
		return (*ret_path = strdup(named)) ? 0 : -ENOMEM;
	int error = user_file(ret_path);
	/* A home that may not be entered is somebody else's: mail programs change the user and leave HOME. */
	bool ours = *ret_path && (access(*ret_path, F_OK) == 0 || errno != EACCES);
	if (error || (ours && there(*ret_path)))
		return error;
	free(*ret_path);
	*ret_path = NULL;
	if (there(SYSTEM_FILE) && !(*ret_path = strdup(SYSTEM_FILE)))
		return -ENOMEM;
	return 0;
}

static int read_open(int fd, const char *path, struct buffer *buffer, mode_t *ret_mode, struct why *why)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return why_errno(why, -errno, "cannot read %s", path);
	if (!S_ISREG(status.st_mode))
		return why_set(why, -EINVAL, "%s is no regular file", path);
	*ret_mode = status.st_mode;
	int error = fd_read_all(fd, buffer);
	if (error == -EFBIG)
		return why_set(why, error, "%s is larger than %zu bytes, which no configuration is", path,
			       CONFIG_SIZE_MAX);
	if (error)
		return why_errno(why, error, "cannot read %s", path);
	const uint8_t *nul = buffer->size ? memchr(buffer->data, '\0', buffer->size) : NULL;
	if (nul)
		return why_set(why, -EINVAL, "%s has a NUL byte in it, at offset %zu", path,
			       (size_t)(nul - buffer->data));
	return buffer_append(buffer, "", 1);
}

int config_source_read(const char *path, char **ret_text, mode_t *ret_mode, struct why *why)
{
	struct buffer buffer;
	/* Not blocked by a pipe; one byte more for the NUL. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return why_errno(why, -errno, "cannot read %s", path);
	buffer_init(&buffer, CONFIG_SIZE_MAX + 1);
	int error = read_open(fd, path, &buffer, ret_mode, why);
	(void)close(fd);
	if (error)
		buffer_free(&buffer);
	else
		*ret_text = (char *)buffer_take(&buffer, NULL);
	return error;
}

/* --- settling --------------------------------------------------------------------------------------------------- */

/* A place in the text. */
struct place_in {
	char *at;
	unsigned line;
	unsigned depth, opened; /* braces that are open, and the line of the outermost */
	const char *path;
	struct why *why;
};

static int refuse(const struct place_in *in, const char *what)
{
	return why_set(in->why, -EINVAL, "%s:%u: %s", in->path, in->line, what);
}

/* Stands at "#" or "//". */
static void blank_line(struct place_in *in)
{
	while (*in->at && *in->at != '\n')
		*in->at++ = ' ';
}

/* Stands at the slash of a comment that may go over several lines. */
static int blank_comment(struct place_in *in)
{
	const char *end = strstr(in->at + 2, "*/");
	if (!end)
		return refuse(in, "the comment that begins here has no end");
	for (end += 2; in->at < end; in->at++) {
		if (*in->at == '\n')
			in->line++;
		else
			*in->at = ' ';
	}
	return 0;
}

/* Stands at "${". */
static int check_variable(struct place_in *in)
{
	char name[NAME_SHOWN + 1];
	size_t length = strcspn(in->at + 2, "}\n\"'");
	if (in->at[2 + length] != '}')
		return refuse(in, "${ without its }; write \\${ or use single quotes where it is meant as it stands");
	/* As the parser does: the default is what stands behind the first ":-". */
	size_t size = strcspn(in->at + 2, ":}");
	bool has_default = in->at[2 + size] == ':' && in->at[3 + size] == '-';
	size = has_default ? size : length;
	(void)snprintf(name, sizeof name, "%.*s", size < sizeof name ? (int)size : NAME_SHOWN, in->at + 2);
	if (!has_default && (size >= sizeof name || !getenv(name)))
		return why_set(in->why, -EINVAL,
			       "%s:%u: the environment has no variable %s; ${%s:-TEXT} would give TEXT instead",
			       in->path, in->line, name, name);
	in->at += 3 + length;
	return 0;
}

/* Stands at the quote that begins a text. */
static int check_text(struct place_in *in)
{
	char quote = *in->at++;
	while (*in->at != quote) {
		bool escape = *in->at == '\\' && in->at[1];
		if (*in->at == '\0' || *in->at == '\n')
			return refuse(in, "the text in quotes that begins here has no end on its line");
		if (quote == '"' && in->at[0] == '$' && in->at[1] == '{') {
			int error = check_variable(in);
			if (error)
				return error;
			continue;
		}
		if (escape && in->at[1] == '\n')
			in->line++;
		in->at += escape ? 2 : 1;
	}
	in->at++;
	return 0;
}

/* Stands at a word without quotes. */
static int check_word(struct place_in *in)
{
	if (in->at[0] == '$' && in->at[1] == '{')
		return check_variable(in);
	size_t length = strcspn(in->at, WORD_ENDS);
	if (memchr(in->at, '|', length))
		return refuse(in, "| outside of quotes; write an option inside the braces of its section");
	in->at += length;
	return 0;
}

/* One character that means something by itself, or nothing. */
static void pass(struct place_in *in)
{
	char character = *in->at++;
	if (character == '\n')
		in->line++;
	else if (character == '{' && in->depth++ == 0)
		in->opened = in->line;
	else if (character == '}' && in->depth)
		in->depth--;
}

int config_source_settle(char *text, const char *path, struct why *why)
{
	struct place_in in = {.at = text, .line = 1, .path = path, .why = why};
	int error = 0;
	while (!error && *in.at) {
		if (*in.at == '#' || (in.at[0] == '/' && in.at[1] == '/'))
			blank_line(&in);
		else if (in.at[0] == '/' && in.at[1] == '*')
			error = blank_comment(&in);
		else if (*in.at == '"' || *in.at == '\'')
			error = check_text(&in);
		else if (!strchr(WORD_ENDS, *in.at))
			error = check_word(&in);
		else
			pass(&in);
	}
	if (error || !in.depth)
		return error;
	/* The parser would take the end of the file for it. */
	in.line = in.opened;
	return refuse(&in, "the brace that opens here is not closed");
}
