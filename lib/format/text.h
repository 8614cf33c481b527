/*
 * text.h - lines for people, put together piece by piece; failure is remembered and told once, at the end.
 *
 * Inside lib/format only: verdict_text, status_text, stats_text and stats_prometheus are written with it.
 */
#ifndef CSAPI_FORMAT_TEXT_H
#define CSAPI_FORMAT_TEXT_H

#include "base/buffer.h"

#include <stdbool.h>

struct text {
	struct buffer buffer;
	bool failed;
};

void text_init(struct text *text);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text from elsewhere (UTF-8): what a terminal would act on is made visible. */
void text_add_visible(struct text *text, const char *foreign);
/* The whole; caller frees. NULL: no memory, or more than 64 MiB. `text` needs no further care. */
char *text_take(struct text *text);

#endif
