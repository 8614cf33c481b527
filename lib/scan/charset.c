/*
 * charset.c - character sets; see charset.h. Refuses nothing: it tells what is not there.
 */
#include "scan/charset.h"

#include "base/fd.h"

#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <iconv.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Those that mail programs write, and the code pages of names in archives and old documents. */
static const char *const names[] = {
	"ISO-8859-1",   "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",
	"ISO-8859-8",   "ISO-8859-9",   "ISO-8859-10",  "ISO-8859-11",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",
	"ISO-8859-16",  "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255",
	"WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258", "KOI8-R",       "KOI8-U",       "GB2312",       "GBK",
	"GB18030",      "BIG5",         "BIG5-HKSCS",   "ISO-2022-JP",  "ISO-2022-KR",  "ISO-2022-CN",  "SHIFT_JIS",
	"CP932",        "EUC-JP",       "EUC-KR",       "EUC-TW",       "UHC",          "JOHAB",        "TIS-620",
	"WINDOWS-874",  "VISCII",       "TCVN5712-1",   "IBM437",       "IBM850",       "IBM852",       "IBM855",
	"IBM857",       "IBM860",       "IBM862",       "IBM863",       "IBM865",       "IBM866",       "MACINTOSH",
	"UTF-7",        "UTF-16",       "UTF-32",       "UNICODE",      "ARMSCII-8",    "GEORGIAN-PS",  "PT154",
	"MAC-CYRILLIC",
};

#define NAMES (sizeof names / sizeof *names)
/* The system's lists of modules: one, and some in a directory beside it. */
#define LISTS_MOST 8

static iconv_t loaded[NAMES];
static struct list {
	const char *text;
	size_t size;
} lists[LISTS_MOST];
static unsigned list_count;

/* The path of the directory that the C library took a module from. */
static int find_directory(struct dl_phdr_info *object, size_t size, void *context)
{
	(void)size;
	char *directory = context;
	const char *found = strstr(object->dlpi_name, "/gconv/");
	if (!found)
		return 0;
	(void)snprintf(directory, PATH_MAX, "%.*s/gconv", (int)(found - object->dlpi_name), object->dlpi_name);
	return 1;
}

/* Only mapped: it is read when a conversion fails, which is rare. */
static void map_list(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || list_count == LISTS_MOST)
		return fd_close(&fd);
	if (fstat(fd, &status) == 0 && status.st_size > 0) {
		size_t size = (size_t)status.st_size;
		void *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text != MAP_FAILED)
			lists[list_count++] = (struct list){text, size};
	}
	fd_close(&fd);
}

static void map_lists(void)
{
	char directory[PATH_MAX] = "", pattern[PATH_MAX + 32];
	glob_t found;
	if (!dl_iterate_phdr(find_directory, directory))
		return; /* no modules are installed: what fails here fails everywhere */
	(void)snprintf(pattern, sizeof pattern, "%s/gconv-modules", directory);
	map_list(pattern);
	(void)snprintf(pattern, sizeof pattern, "%s/gconv-modules.d/*.conf", directory);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			map_list(found.gl_pathv[i]);
	}
	globfree(&found);
}

void charset_load(void)
{
	assert(!loaded[0]);
	for (size_t i = 0; i < NAMES; i++)
		loaded[i] = iconv_open("UTF-8", names[i]);
	map_lists();
}

/* Does a word of the list ("IBM1047//") mean this name ("ibm1047", "IBM1047//IGNORE")? */
static bool is_name(const char *word, size_t size, const char *name)
{
	size_t length = strcspn(name, "/");
	return size >= length + 2 && length && strncasecmp(word, name, length) == 0 && word[length] == '/' &&
	       word[length + 1] == '/';
}

/* "alias NAME// OTHER//", "module NAME// INTERNAL FILE COST" or the other way round; comments begin with #. */
static bool line_names(const char *line, size_t size, const char *name)
{
	for (size_t at = 0, word = 0; at < size && line[0] != '#' && word < 3; word++) {
		size_t end = at;
		while (end < size && !isspace((unsigned char)line[end]))
			end++;
		if (word > 0 && is_name(line + at, end - at, name))
			return true;
		at = end;
		while (at < size && isspace((unsigned char)line[at]))
			at++;
	}
	return false;
}

static bool system_knows(const char *name)
{
	for (unsigned i = 0; i < list_count; i++) {
		const char *at = lists[i].text, *end = at + lists[i].size;
		while (at < end) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			size_t size = (size_t)((newline ? newline : end) - at);
			if (line_names(at, size, name))
				return true;
			at += size + 1;
		}
	}
	return false;
}

const char *charset_left_out(const char *to, const char *from, void *(*open_charset)(const char *, const char *))
{
	const char *left_out = NULL;
	const char *both[] = {from, to};
	for (size_t i = 0; i < 2; i++) {
		iconv_t tried = open_charset("UTF-8", both[i]);
		if (tried != (iconv_t)-1) /* NOLINT: the library's own mark for failure */
			(void)iconv_close(tried);
		else if (!system_knows(both[i]))
			return NULL;
		else
			left_out = left_out ? left_out : both[i];
	}
	return left_out;
}
