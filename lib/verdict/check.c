/*
 * check.c - the outcome of a check of definitions as a value; see check.h. Called by scan, format, update and the programs.
 */
#include "verdict/check.h"

#include <stdarg.h>
#include <stdio.h>

void check_free(struct check *check)
{
	facts_free(&check->facts);
	definition_set_free(&check->set);
	*check = (struct check){0};
}

void check_fail(struct check *check, enum scan_code code, const char *format, ...)
{
	if (scan_code_worse(check->code, code) == check->code)
		return;
	check->code = code;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(check->text, sizeof check->text, format, arguments);
	va_end(arguments);
}
