/*
 * json_memory.c - memory for jansson; see json_memory.h.
 *
 * Refuses nothing. Each block begins with its place in a ring: that of the reading under way, or one of its own.
 */
#include "format/json_memory.h"

#include <assert.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* In front of each block; as large as what malloc aligns to. */
struct block {
	_Alignas(max_align_t) struct block *before;
	struct block *after;
};

/* One document that is read. */
struct reading {
	struct block ring;
	jmp_buf out;
};

static _Thread_local struct reading *reading;
static bool guarded;

static void block_enter(struct block *ring, struct block *block)
{
	block->before = ring;
	block->after = ring->after;
	ring->after->before = block;
	ring->after = block;
}

static void block_leave(struct block *block)
{
	block->before->after = block->after;
	block->after->before = block->before;
}

static void *take(size_t size)
{
	struct block *block = size <= SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
	if (!block) {
		if (reading)
			longjmp(reading->out, 1);
		return NULL;
	}
	block->before = block->after = block;
	if (reading)
		block_enter(&reading->ring, block);
	return block + 1;
}

static void give(void *data)
{
	if (!data)
		return;
	struct block *block = (struct block *)data - 1;
	block_leave(block);
	free(block);
}

void json_memory_guard(void)
{
	json_set_alloc_funcs(take, give);
	guarded = true;
}

/* What a reading that had to end had taken. */
static void abandon(struct reading *own)
{
	while (own->ring.after != &own->ring)
		give(own->ring.after + 1);
}

static json_t *load(struct reading *own, const char *text, size_t size)
{
	if (setjmp(own->out)) {
		reading = NULL;
		abandon(own);
		return NULL;
	}
	reading = guarded ? own : NULL;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	reading = NULL;
	/* What is left belongs to the document. */
	block_leave(&own->ring);
	return json;
}

json_t *json_memory_load(const char *text, size_t size)
{
	struct reading own = {.ring = {&own.ring, &own.ring}};
	assert(!reading);
	return load(&own, text, size);
}
