/*
 * request_json.h - a request as JSON, and back, checked as hostile input. Called by process.
 */
#ifndef CSAPI_FORMAT_REQUEST_JSON_H
#define CSAPI_FORMAT_REQUEST_JSON_H

#include "base/why.h"
#include "verdict/request.h"

/* Which limits of a request are written: those that are set, or all of them (as the worker needs them). */
char *request_json_encode(const struct request *request, bool all_limits);
/*
 * 0; -EBADMSG with the scan code that says what is wrong: GEN_RESULT_PARAMETER_INVALID, DEC_RESULT_POLICY_INVALID (a
 * limit), DEC_RESULT_PARAMETER_INVALID (the part). The largest cumulative size is LIMITS_CUMULATIVE_MOST here.
 */
int request_json_decode(const char *text, size_t size, struct request *ret_request, enum scan_code *ret_code,
			struct why *why);

#endif
