/*
 * verdict_sh.h - a verdict as assignments for a POSIX shell to eval.
 *
 * Safe to eval whatever the message, its parts or the virus are called: every value stands in single quotes, in printable ASCII, and every name is one of
 * ours or a context variable of the configuration. Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_VERDICT_SH_H
#define CSAPI_FORMAT_VERDICT_SH_H

#include "verdict/verdict.h"

/*
 * av_status, av_info, av_engine, av_code and av_reply, then the context variables, "unset" where they are not set; characters that no name in a shell
 * has come out as _. Lines. `verdict` must be settled. Caller frees; NULL: no memory.
 */
char *verdict_sh_encode(const struct verdict *verdict);

#endif
