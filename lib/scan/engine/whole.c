/*
 * whole.c - walks the tar in a signed database; see whole.h. Refuses more members, a longer list or more bytes than any database has.
 */
#include "scan/engine/whole.h"

#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER_SIZE 512 /* of the database, in front of the tar */
#define BLOCK_SIZE  512
#define NAME_SIZE   100
#define NAME_END    (NAME_SIZE + 1)
#define SIZE_AT     124
#define SIZE_DIGITS 12
#define TYPE_AT     156

/* The official ones have some thirty members and unpack to less than a gigabyte. */
#define MEMBERS_MAX 4096u
#define LIST_MAX    ((size_t)1 << 20)
#define BYTES_MAX   ((uint64_t)8 << 30)
/* Behind the last member of a tar stand some blocks of zeros, and perhaps members that are not listed; all of what is listed may be more. */
#define BEYOND_MAX (64u << 20)
/* What is skipped at a time in compressed data. */
#define STEP ((size_t)64 << 10)

struct member {
	char name[NAME_END];
	uint64_t size;
};

struct walk {
	gzFile stream;   /* reads what is not compressed as it is */
	uint64_t length; /* of the file behind its header */
	uint64_t at;     /* unpacked bytes read or skipped */
	struct member *members;
	unsigned count;
	struct buffer list; /* .info */
	uint8_t scratch[STEP];
};

/* Bytes read, fewer only at the end; -EINVAL: damaged. */
static ssize_t take(struct walk *walk, void *to, size_t size)
{
	int got = gzread(walk->stream, to, (unsigned)size);
	if (got < 0)
		return -EINVAL;
	walk->at += (uint64_t)got;
	return got;
}

static int cut_short(struct why *why, const char *name)
{
	return why_set(why, -EINVAL, "is cut short or damaged%s%.100s", *name ? " in " : "", name);
}

/* Seeking behind the end would succeed: what is compressed is read, and for the rest the length is known. */
static int skip(struct walk *walk, uint64_t size, const char *name, struct why *why)
{
	if (size > BYTES_MAX - walk->at)
		return why_set(why, -EINVAL, "holds more than a database does");
	if (gzdirect(walk->stream)) {
		if (walk->at > walk->length || size > walk->length - walk->at)
			return cut_short(why, name);
		walk->at += size;
		return gzseek(walk->stream, (z_off_t)size, SEEK_CUR) < 0 ? why_errno(why, -EIO, "cannot be read") : 0;
	}
	while (size) {
		ssize_t got = take(walk, walk->scratch, size < STEP ? (size_t)size : STEP);
		if (got <= 0)
			return cut_short(why, name);
		size -= (uint64_t)got;
	}
	return 0;
}

/* The last member needs no padding behind it. */
static int skip_padding(struct walk *walk, uint64_t size, struct why *why)
{
	size_t padding = (size_t)(-size % BLOCK_SIZE);
	return take(walk, walk->scratch, padding) < 0 ? cut_short(why, "") : 0;
}

static int keep_list(struct walk *walk, uint64_t size, struct why *why)
{
	if (walk->list.size || size > LIST_MAX)
		return why_set(why, -EINVAL, walk->list.size ? "has two lists" : "has too long a list");
	int error = buffer_reserve(&walk->list, (size_t)size);
	if (error)
		return why_errno(why, error, "cannot be looked through");
	ssize_t got = take(walk, walk->list.data, (size_t)size);
	if (got < 0 || (uint64_t)got != size)
		return cut_short(why, "its list");
	walk->list.size = (size_t)size;
	return 0;
}

static struct member *find(const struct walk *walk, const char *name)
{
	for (unsigned i = 0; i < walk->count; i++)
		if (strcmp(walk->members[i].name, name) == 0)
			return &walk->members[i];
	return NULL;
}

static int add(struct walk *walk, const struct member *member, struct why *why)
{
	if (find(walk, member->name))
		return why_set(why, -EINVAL, "holds %.100s twice", member->name);
	if (walk->count == MEMBERS_MAX)
		return why_set(why, -EINVAL, "holds more files than a database does");
	walk->members[walk->count++] = *member;
	return 0;
}

/* As the library reads it. */
static int parse_header(const uint8_t block[BLOCK_SIZE], struct member *ret_member, struct why *why)
{
	char digits[SIZE_DIGITS + 1] = "", *end;
	memcpy(ret_member->name, block, NAME_SIZE);
	ret_member->name[NAME_SIZE] = '\0';
	memcpy(digits, block + SIZE_AT, SIZE_DIGITS);
	ret_member->size = strtoull(digits, &end, 8);
	bool plain = block[TYPE_AT] == '0' || block[TYPE_AT] == '\0';
	if (!plain || strchr(ret_member->name, '/') || end == digits || strspn(end, " ") != strlen(end))
		return why_set(why, -EINVAL, "is damaged behind its header");
	return 0;
}

static int walk_members(struct walk *walk, bool to_the_end, struct why *why)
{
	while (to_the_end || !walk->list.size) {
		uint8_t block[BLOCK_SIZE];
		struct member member;
		ssize_t got = take(walk, block, sizeof block);
		if (got == 0 || (got == BLOCK_SIZE && block[0] == '\0'))
			return 0;
		if (got != BLOCK_SIZE)
			return cut_short(why, "");
		int error = parse_header(block, &member, why);
		error = error ? error : add(walk, &member, why);
		if (error)
			return error;
		const char *dot = strrchr(member.name, '.');
		error = dot && strcasecmp(dot, ".info") == 0 ? keep_list(walk, member.size, why)
							     : skip(walk, member.size, member.name, why);
		error = error ? error : skip_padding(walk, member.size, why);
		if (error)
			return error;
	}
	return 0;
}

/* --- the list ---------------------------------------------------------------------------------------------------- */

/* One line of it, NAME:SIZE:SHA256, against what was met. */
static int match(const struct walk *walk, const char *name, uint64_t size, struct why *why)
{
	const struct member *member = find(walk, name);
	if (!member)
		return why_set(why, -EINVAL, "is cut short: it holds no %.100s", name);
	if (member->size != size)
		return why_set(why, -EINVAL, "is damaged: %.100s has %" PRIu64 " bytes in place of %" PRIu64, name,
			       member->size, size);
	return 0;
}

static int parse_line(char *line, uint64_t *ret_size, struct why *why)
{
	char *size = strchr(line, ':'), *end = NULL;
	if (size && size > line) {
		*size++ = '\0';
		*ret_size = strtoull(size, &end, 10);
	}
	if (!end || *size < '0' || *size > '9' || *end != ':' || *ret_size > BYTES_MAX)
		return why_set(why, -EINVAL, "has a damaged list");
	return 0;
}

/* Every line against what was met, or, where the walk ended with the list, *ret_missing: the bytes that what is listed takes behind it. */
static int read_list(struct walk *walk, bool to_match, uint64_t *ret_missing, struct why *why)
{
	/* Its end as a text. */
	if (!walk->list.size || buffer_append(&walk->list, "", 1))
		return why_set(why, -EINVAL, "has no list of what it holds");
	unsigned lines = 0;
	char *rest = (char *)walk->list.data, *line;
	*ret_missing = 0;
	while ((line = strsep(&rest, "\n"))) {
		uint64_t size = 0;
		line[strcspn(line, "\r")] = '\0';
		if (strncmp(line, "DSIG:", strlen("DSIG:")) == 0)
			break;
		if (!*line || strncmp(line, "ClamAV-VDB:", strlen("ClamAV-VDB:")) == 0)
			continue;
		int error = parse_line(line, &size, why);
		error = error || !to_match ? error : match(walk, line, size, why);
		if (error)
			return error;
		if (!find(walk, line))
			*ret_missing += BLOCK_SIZE + (size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
		if (++lines == MEMBERS_MAX)
			return why_set(why, -EINVAL, "lists more files than a database holds");
	}
	return lines ? 0 : why_set(why, -EINVAL, "has an empty list of what it holds");
}

/*
 * Compressed data end with the length of what they are made of, modulo 2^32: where they are cut, other bytes stand there. What the walk has met and what
 * is listed behind it make that length, but for what follows the last member.
 */
static int match_length(const struct walk *walk, int fd, uint64_t missing, struct why *why)
{
	uint8_t end[4];
	if (pread(fd, end, sizeof end, (off_t)(HEADER_SIZE + walk->length - sizeof end)) != (ssize_t)sizeof end)
		return cut_short(why, "");
	uint32_t length = (uint32_t)end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24;
	uint32_t beyond = length - (uint32_t)(walk->at + missing);
	return beyond > BEYOND_MAX ? cut_short(why, "") : 0;
}

/* What is compressed has an end of its own, behind that of the tar. */
static int reach_end(struct walk *walk, struct why *why)
{
	ssize_t got;
	int error = Z_OK;
	while ((got = take(walk, walk->scratch, STEP)) > 0)
		if (walk->at > BYTES_MAX)
			return why_set(why, -EINVAL, "holds more than a database does");
	(void)gzerror(walk->stream, &error);
	return got < 0 || error != Z_OK ? cut_short(why, "") : 0;
}

static int check(struct walk *walk, int fd, bool quick, struct why *why)
{
	uint64_t missing = 0;
	bool to_the_end = !quick || gzdirect(walk->stream);
	int error = walk_members(walk, to_the_end, why);
	error = error ? error : read_list(walk, to_the_end, &missing, why);
	if (error || gzdirect(walk->stream))
		return error;
	return to_the_end ? reach_end(walk, why) : match_length(walk, fd, missing, why);
}

/* The stream has a descriptor of its own, with the same offset. */
static gzFile stream_open(int fd)
{
	int own = lseek(fd, HEADER_SIZE, SEEK_SET) < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	gzFile stream = own < 0 ? NULL : gzdopen(own, "rb");
	if (!stream && own >= 0)
		(void)close(own);
	return stream;
}

int whole_check(int fd, bool quick, struct why *why)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return why_errno(why, -errno, "cannot be read");
	if (status.st_size <= HEADER_SIZE)
		return cut_short(why, "");
	struct walk *walk = calloc(1, sizeof *walk);
	struct member *members = calloc(MEMBERS_MAX, sizeof *members);
	gzFile stream = walk && members ? stream_open(fd) : NULL;
	if (!stream) {
		free(members);
		free(walk);
		return why_errno(why, -ENOMEM, "cannot be looked through");
	}
	walk->stream = stream;
	walk->members = members;
	walk->length = (uint64_t)status.st_size - HEADER_SIZE;
	buffer_init(&walk->list, LIST_MAX + 1);
	int error = check(walk, fd, quick, why);
	(void)gzclose(stream);
	buffer_free(&walk->list);
	free(members);
	free(walk);
	return error;
}
