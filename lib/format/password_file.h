/*
 * password_file.h - a file of passwords to try: one on each line, or ClamAV's own format of them.
 *
 * Called by csapi-scan and csapi-scanner.
 */
#ifndef CSAPI_FORMAT_PASSWORD_FILE_H
#define CSAPI_FORMAT_PASSWORD_FILE_H

#include "base/why.h"
#include "verdict/password_list.h"

/*
 * Reads it. Each line is one password, blanks and all; empty ones mean nothing. Where the file's name ends in ".pwdb" each line is
 * NAME;TARGET;TYPE;PASSWORD as ClamAV has it (type 0: as it is, 1: in hexadecimal digits), and those that begin with '#' mean nothing. 0, or a negative errno with why, which names the line.
 */
int password_file_read(const char *path, struct password_list *ret_list, struct why *why);

#endif
