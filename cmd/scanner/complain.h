/*
 * complain.h - lines for people on standard error, from csapi-scanner itself; what a service has to say later goes to its log.
 */
#ifndef CSAPI_CMD_SCANNER_COMPLAIN_H
#define CSAPI_CMD_SCANNER_COMPLAIN_H

/* One line that begins with the name of the program; what a terminal would act on comes out as visible text. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
