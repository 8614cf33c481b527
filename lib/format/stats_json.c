/*
 * stats_json.c - the counts of a scanner as JSON; see stats_json.h. Refuses numbers out of range and missing ones.
 */
#include "format/stats_json.h"

#include "format/json_field.h"

#include <errno.h>
#include <string.h>

/* The name for reports that no code decided; no scan code is called so. */
#define NO_CODE "OK"

static void set_milliseconds(json_t **object, const char *key, uint64_t us)
{
	json_field_set(object, key, json_real((double)us / 1000));
}

static json_t *encode_statuses(const struct stats *stats)
{
	json_t *object = json_object();
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		json_field_set_number(&object, ec_av_status_name((enum ec_av_status)i), stats->statuses[i]);
	return object;
}

static json_t *encode_codes(const struct stats *stats)
{
	json_t *object = json_object();
	json_field_set_number(&object, NO_CODE, stats->code_ok);
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		json_field_set_number(&object, scan_code_name((enum scan_code)i), stats->codes[i - 1]);
	return object;
}

static json_t *encode_durations(const struct stats *stats)
{
	json_t *array = json_array();
	for (unsigned i = 0; i < STATS_BUCKET_COUNT; i++) {
		uint64_t bound = stats_bucket_bound(i);
		json_t *bucket = json_object();
		if (bound == UINT64_MAX)
			json_field_set(&bucket, "up_to_ms", json_null());
		else
			json_field_set_number(&bucket, "up_to_ms", bound);
		json_field_set_number(&bucket, "messages", stats->durations[i]);
		json_field_append(&array, bucket);
	}
	return array;
}

char *stats_json_encode(const struct stats *stats)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", STATS_JSON_VERSION);
	json_field_set_text(&object, "engine", "csapi");
	for (int i = 0; i < STAT_COUNT; i++)
		json_field_set_number(&object, stats_row((enum stats_field)i)->key,
				      stats_get(stats, (enum stats_field)i));
	set_milliseconds(&object, "mean_message_ms", stats_mean_message(stats));
	set_milliseconds(&object, "mean_part_ms", stats_mean_part(stats));
	set_milliseconds(&object, "mean_queue_ms", stats_mean_queue(stats));
	json_field_set(&object, "cache_hit_rate", json_real((double)stats_hit_rate(stats) / 1000));
	json_field_set(&object, "statuses", encode_statuses(stats));
	json_field_set(&object, "codes", encode_codes(stats));
	json_field_set(&object, "durations", encode_durations(stats));
	return json_field_print(object);
}

static int decode_names(const json_t *object, struct stats *stats)
{
	const json_t *statuses = json_object_get(object, "statuses"), *codes = json_object_get(object, "codes");
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		if (json_field_number(statuses, ec_av_status_name((enum ec_av_status)i), INT64_MAX,
				      &stats->statuses[i]))
			return -EBADMSG;
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		if (json_field_number(codes, scan_code_name((enum scan_code)i), INT64_MAX, &stats->codes[i - 1]))
			return -EBADMSG;
	return json_field_number(codes, NO_CODE, INT64_MAX, &stats->code_ok);
}

static int decode_durations(const json_t *object, struct stats *stats)
{
	const json_t *array;
	if (json_field_objects(object, "durations", STATS_BUCKET_COUNT, &array) ||
	    json_array_size(array) != STATS_BUCKET_COUNT)
		return -EBADMSG;
	for (unsigned i = 0; i < STATS_BUCKET_COUNT; i++) {
		const json_t *bucket = json_array_get(array, i);
		uint64_t bound = UINT64_MAX;
		if ((!json_is_null(json_object_get(bucket, "up_to_ms")) &&
		     json_field_number(bucket, "up_to_ms", INT64_MAX, &bound)) ||
		    bound != stats_bucket_bound(i) ||
		    json_field_number(bucket, "messages", INT64_MAX, &stats->durations[i]))
			return -EBADMSG;
	}
	return 0;
}

static int decode(const json_t *object, struct stats *stats)
{
	if (json_field_version(object, STATS_JSON_VERSION))
		return -EBADMSG;
	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		uint64_t value;
		if (json_field_number(object, row->key, row->most, &value))
			return -EBADMSG;
		stats_set(stats, (enum stats_field)i, value);
	}
	return decode_names(object, stats) || decode_durations(object, stats) ? -EBADMSG : 0;
}

int stats_json_decode(const char *text, size_t size, struct stats *ret_stats)
{
	json_t *object = json_field_parse(text, size);
	struct stats stats = {0};
	int error = decode(object, &stats);
	json_decref(object);
	if (!error)
		*ret_stats = stats;
	return error;
}
