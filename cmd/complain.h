/*
 * complain.h - lines for people on standard error, from a program itself; what a service has to say later goes to its log.
 *
 * Linked into the programs but csapi-scan, whose lines make way for its progress.
 */
#ifndef CSAPI_CMD_COMPLAIN_H
#define CSAPI_CMD_COMPLAIN_H

#include <stdarg.h>
#include <stdbool.h>

/* The name that the lines begin with; borrowed for good. */
void complain_as(const char *program);
/* One line; what a terminal would act on comes out as visible text. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with its arguments in a list. */
void complain_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
/* Standard output was written with stdio: has all of it arrived? If not, that is told. */
bool complain_printed(void);

#endif
