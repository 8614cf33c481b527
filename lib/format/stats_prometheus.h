/*
 * stats_prometheus.h - the counts of a resident scanner in Prometheus' text format 0.0.4. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_FORMAT_STATS_PROMETHEUS_H
#define CSAPI_FORMAT_STATS_PROMETHEUS_H

#include "verdict/stats.h"
#include "verdict/status.h"

/*
 * One page of metrics; what an alarm is made of (isolation, age of the definitions) comes from `status`, NULL where it is not known. Caller
 * frees; NULL: no memory.
 */
char *stats_prometheus_encode(const struct stats *stats, const struct status *status);

#endif
