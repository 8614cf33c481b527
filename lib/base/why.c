/*
 * why.c - texts for people about failures of our own; see why.h. Called from every floor.
 */
#include "base/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int why_set(struct why *why, int error, const char *format, ...)
{
	if (why) {
		va_list arguments;
		va_start(arguments, format);
		(void)vsnprintf(why->text, sizeof why->text, format, arguments);
		va_end(arguments);
	}
	return error;
}

int why_errno(struct why *why, int error, const char *format, ...)
{
	if (why) {
		va_list arguments;
		va_start(arguments, format);
		(void)vsnprintf(why->text, sizeof why->text, format, arguments);
		va_end(arguments);
		size_t used = strlen(why->text);
		char text[128];
		/* glibc's strerror_r may return a static text instead of using the buffer. */
		(void)snprintf(why->text + used, sizeof why->text - used, ": %s",
			       strerror_r(error < 0 ? -error : error, text, sizeof text));
	}
	return error;
}

bool why_is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EIO;
}
