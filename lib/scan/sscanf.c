/*
 * sscanf.c - sscanf(3) that reads one number without the C library's long way round.
 *
 * The engine evaluates the logical signatures of a large set for each layer of a message, and reads every number in
 * their expressions by sscanf(text, "%u", ...), which first measures the whole rest of the text: a tenth of all its time.
 * Everything but that one form is passed on. Linked by name into what holds the engine, as fault.c is.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* So many digits fit whatever they are. */
#define DIGITS_MOST 9

/*
 * The names under which the C library knows it: as it was before C99, since then, and since C23. Headers choose by the
 * standard that a library is compiled for, and Debian's libclamav has the oldest; hence names of our own for it here.
 */
int __isoc99_sscanf(const char *text, const char *format, ...);                              /* NOLINT */
int __isoc23_sscanf(const char *text, const char *format, ...);                              /* NOLINT */
int old_sscanf(const char *text, const char *format, ...) __asm__("sscanf");                 /* NOLINT */
int old_vsscanf(const char *text, const char *format, va_list arguments) __asm__("vsscanf"); /* NOLINT */

/* False: it is nothing that is read here. */
static bool read_number(const char *text, const char *format, unsigned *ret_number)
{
	unsigned number = 0;
	unsigned digits = 0;
	if (format[0] != '%' || format[1] != 'u' || format[2])
		return false;
	for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
		if (digits == DIGITS_MOST)
			return false;
		number = number * 10 + (unsigned)(text[digits] - '0');
	}
	*ret_number = number;
	return digits > 0;
}

#define SSCANF(name, rest)                                                                                             \
	int name(const char *text, const char *format, ...)                                                            \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		unsigned number;                                                                                       \
		int count = 1;                                                                                         \
		va_start(arguments, format);                                                                           \
		if (read_number(text, format, &number))                                                                \
			*va_arg(arguments, unsigned *) = number;                                                       \
		else                                                                                                   \
			count = rest(text, format, arguments);                                                         \
		va_end(arguments);                                                                                     \
		return count;                                                                                          \
	}
SSCANF(__isoc99_sscanf, vsscanf)
SSCANF(__isoc23_sscanf, vsscanf)
SSCANF(old_sscanf, old_vsscanf)
