/*
 * json_memory.h - makes the JSON library's reader safe when memory runs out.
 *
 * jansson goes on reading a word for which it got no memory, and then writes beyond what it has; and what stands in a document may come
 * from a worker that somebody took over. So the programs here give it memory of theirs: when there is none, reading ends at once, and what
 * it had taken is freed. A library may not do that to a program that uses jansson too: libcsapi reads as jansson does.
 * Called by every main that reads JSON, and by json_field.
 */
#ifndef CSAPI_FORMAT_JSON_MEMORY_H
#define CSAPI_FORMAT_JSON_MEMORY_H

#include <stddef.h>

struct json_t;

/* For the whole process, before its first use of JSON. */
void json_memory_guard(void);
/* As json_loadb with JSON_REJECT_DUPLICATES. */
struct json_t *json_memory_load(const char *text, size_t size);

#endif
