/*
 * password_file.c - reads a file of passwords; see password_file.h. Refuses what is too long or no UTF-8 rather than leaving it out.
 */
#include "format/password_file.h"

#include "base/buffer.h"
#include "base/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

/* Bytes of a file; that of ClamAV has more in a line than the password. */
#define FILE_MOST ((size_t)16 * PASSWORD_FILE_ROOM)
#define CLAMAV    ".pwdb"

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Pairs of hexadecimal digits to bytes, in place. 0 or -EINVAL. */
static int from_hex(char *text)
{
	size_t size = strlen(text);
	if (size % 2 || strspn(text, "0123456789abcdefABCDEF") != size)
		return -EINVAL;
	for (size_t i = 0; i < size; i += 2)
		text[i / 2] = (char)(digit(text[i]) << 4 | digit(text[i + 1]));
	text[size / 2] = '\0';
	return 0;
}

/* The password in a line of ClamAV's; NULL: there is none in it. *ret_error: it is no such line. */
static char *clamav_password(char *line, int *ret_error)
{
	if (*line == '#')
		return NULL;
	char *target = strchr(line, ';');
	char *type = target ? strchr(target + 1, ';') : NULL;
	char *password = type ? strchr(type + 1, ';') : NULL;
	*ret_error = -EINVAL;
	if (!password || password != type + 2 || (type[1] != '0' && type[1] != '1'))
		return NULL;
	password++;
	*ret_error = type[1] == '1' ? from_hex(password) : 0;
	return password;
}

static int read_line(const char *path, char *line, unsigned number, bool clamav, struct password_list *list,
		     struct why *why)
{
	int error = 0;
	size_t size = strlen(line);
	if (size && line[size - 1] == '\r')
		line[size - 1] = '\0';
	char *password = *line && clamav ? clamav_password(line, &error) : line;
	if (error)
		return why_set(why, error,
			       "%s:%u: write NAME;TARGET;TYPE;PASSWORD, with type 0, or 1 for hexadecimal digits", path,
			       number);
	if (!password || !*password)
		return 0;
	if (!password_valid(password))
		return why_set(why, -EINVAL, "%s:%u: a password is UTF-8 of at most %u bytes", path, number,
			       PASSWORD_MOST);
	if (list->size + strlen(password) + 1 > PASSWORD_FILE_ROOM || password_list_add(list, password))
		return why_set(why, -E2BIG, "%s:%u: there are more than %u bytes of passwords", path, number,
			       PASSWORD_FILE_ROOM);
	return 0;
}

static int read_lines(const char *path, char *text, struct password_list *list, struct why *why)
{
	size_t size = strlen(path), ending = sizeof CLAMAV - 1;
	bool clamav = size > ending && strcasecmp(path + size - ending, CLAMAV) == 0;
	unsigned number = 1;
	int error = 0;
	for (char *line = text; !error && line; number++) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		error = read_line(path, line, number, clamav, list, why);
		line = end ? end + 1 : NULL;
	}
	return error;
}

int password_file_read(const char *path, struct password_list *ret_list, struct why *why)
{
	struct buffer buffer;
	ret_list->size = 0;
	buffer_init(&buffer, FILE_MOST);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error = fd < 0 ? -errno : fd_read_all(fd, &buffer);
	fd_close(&fd);
	if (!error && buffer.data && memchr(buffer.data, '\0', buffer.size))
		error = -EILSEQ;
	error = error ? error : buffer_append(&buffer, "", 1);
	if (error)
		(void)why_errno(why, error, "cannot read the passwords in %s", path);
	else
		error = read_lines(path, (char *)buffer.data, ret_list, why);
	/* Nothing keeps them that does not need them. */
	if (buffer.data)
		explicit_bzero(buffer.data, buffer.size);
	buffer_free(&buffer);
	return error;
}
