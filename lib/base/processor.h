/*
 * processor.h - how many processors this process may use. Called by process and cmd.
 */
#ifndef CSAPI_BASE_PROCESSOR_H
#define CSAPI_BASE_PROCESSOR_H

/* 1..most. */
unsigned processor_count(unsigned most);

#endif
