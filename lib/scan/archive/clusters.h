/*
 * clusters.h - files of FAT and exFAT: chains of clusters, each of which the table says the next of.
 *
 * Refuses chains that leave the volume or that run in circles: they are damage. Called by fat and exfat.
 */
#ifndef CSAPI_SCAN_ARCHIVE_CLUSTERS_H
#define CSAPI_SCAN_ARCHIVE_CLUSTERS_H

#include "scan/archive/volume.h"

struct clusters {
	struct volume *volume;
	unsigned bits;       /* of an entry of the table: 12, 16 or 32 */
	uint64_t table;      /* where it is; offsets are those in the volume */
	uint64_t data;       /* where the first cluster is, whose number is 2 */
	uint64_t bytes;      /* of a cluster */
	uint32_t count;      /* of clusters */
	size_t folder_bytes; /* of all folders read so far */
};

/* Clusters that belong together: from this one on, one behind the other or as the table says. */
struct chain {
	uint32_t first;
	bool straight;
};

/* Folders around the one at hand, by their first clusters. */
struct level {
	const struct level *up;
	uint32_t cluster;
};

/* The file of the volume's path, of so many bytes; those behind the first `valid` ones were not written, and are zeros. Of no byte: none is given. */
void clusters_file(struct clusters *clusters, struct chain chain, uint64_t size, uint64_t valid);
/*
 * The bytes of a folder in those: up to `most`, and no more than its chain has. The caller frees *ret_bytes in any case. False: it is one of those,
 * or too deep in them.
 */
bool clusters_folder(struct clusters *clusters, struct chain chain, uint64_t most, const struct level *up,
		     struct buffer *ret_bytes);

#endif
