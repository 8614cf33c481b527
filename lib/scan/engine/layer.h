/*
 * layer.h - what the engine takes out of containers that only it opens, kept for the decomposer.
 *
 * The decomposer opens formats, finds messages and knows encryption that the engine does not. Of an archive that only the engine opens
 * (ARJ, CHM, a disk image, an installer, a document) it gets the members from here, or what lies in one of them would be called clean
 * unseen. Kept are only those that it has to look into. Called by engine.c.
 */
#ifndef CSAPI_SCAN_ENGINE_LAYER_H
#define CSAPI_SCAN_ENGINE_LAYER_H

#include "scan/digest.h"
#include "scan/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Layers in each other that are told apart. The library follows fewer: our greatest depth and what engine.c adds to it. */
#define LAYER_LEVELS_MOST 128u

struct layer_level {
	size_t size;
	uint8_t digest[DIGEST_SIZE]; /* of its content */
	uint8_t owner[DIGEST_SIZE];  /* of the nearest layer around it that the decomposer has */
	bool met;                    /* the decomposer has it */
	bool opened;                 /* it is of a format whose members the decomposer takes out by itself */
};

/* All of one message. Starts as zeros: between messages nothing is kept. */
struct layer_list {
	struct engine_layer *first, *last; /* owned */
	struct digest_set *pairs; /* container and content, of those that are kept; owned; NULL: between messages */
	uint64_t bytes, bytes_most;
	struct layer_level levels[LAYER_LEVELS_MOST]; /* from the scanned bytes to the layer at hand */
};

/* Forgets all; of the next message `bytes_most` are kept at most. 0 or -ENOMEM. */
int layer_clear(struct layer_list *list, uint64_t bytes_most);
void layer_free(struct layer_list *list);

/* A layer as the library tells of them, each before those in it. Texts and data are borrowed. */
struct layer {
	const char *type; /* the library's word for its format; NULL: unknown */
	const char *name; /* NULL: none */
	const uint8_t *data;
	size_t size;
	const uint8_t *digest; /* of the data; NULL: not at hand, or not what lies in the container (rewritten) */
	size_t parent_size;    /* of the layer that it lies in */
	uint32_t level;        /* 0: the scanned bytes themselves */
};

/*
 * Keeps it if the decomposer has to look into it and does not have it. SCAN_CODE_NONE; DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED or
 * DEC_RESULT_OUT_OF_MEMORY: it had to be kept and was not.
 */
enum scan_code layer_meet(struct layer_list *list, const struct layer *layer);

#endif
