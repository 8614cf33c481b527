/*
 * version.h - the version of csapi; the only place where it stands.
 */
#ifndef CSAPI_BASE_VERSION_H
#define CSAPI_BASE_VERSION_H

#define CSAPI_VERSION "0.1.0"

#endif
