/*
 * walk.h - one walk through one container: what its readers share.
 *
 * Private to this folder. A reader begins a member, appends what it produces, notes what is wrong and ends it; the
 * budget and the visitor are served here and nowhere else. After a function said that the walk is over, a reader only
 * cleans up.
 */
#ifndef CSAPI_SCAN_ARCHIVE_WALK_H
#define CSAPI_SCAN_ARCHIVE_WALK_H

#include "base/buffer.h"
#include "scan/archive.h"

struct walk {
	enum detect_format format;
	const uint8_t *data; /* borrowed; from the archive's mark on */
	size_t size;
	struct budget *budget;
	const struct archive_visitor *visitor;
	int result;                   /* what a callback returned to end the walk */
	bool over;                    /* no more members: a callback or a limit ended it */
	uint64_t entries;             /* members, directories and links met */
	struct evasion_list evasions; /* told */
};

struct member {
	struct archive_member view;
	struct buffer bytes;
	char *name; /* owned */
	bool full;  /* a limit was reached: no more of it is wanted */
};

/* Tells the visitor something about the container. */
void walk_code(struct walk *walk, enum scan_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for an evasion; only the first of its kind is told. */
void walk_evasion(struct walk *walk, enum evasion evasion, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts and announces a member. False: the walk is over, and there is nothing to end. */
bool member_begin(struct walk *walk, struct member *ret_member, const char *name, size_t name_size, bool stream);
/* Charges and keeps bytes (data NULL: that many zeros, the hole of a sparse file). False: no more is wanted. */
bool member_append(struct walk *walk, struct member *member, const uint8_t *data, uint64_t size);
/* Notes what is wrong with a member; a code counts once, and there is room for few. */
void member_code(struct member *member, enum scan_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Notes that its container ends, or leads nowhere, before all of it is there: `whole` bytes. Nothing where a limit cut it. */
void member_short(struct member *member, uint64_t whole);
/* Notes the first evasion of a member. */
void member_evasion(struct member *member, enum evasion evasion, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Hands it to the visitor and frees it. */
void member_end(struct walk *walk, struct member *member);

/*
 * What stands behind the end of a container: nothing, padding, or bytes that are a container of their own. The latter
 * become a member without a name.
 */
void walk_rest(struct walk *walk, size_t offset);

/*
 * Ar and cpio: does a header follow each member, up to the end? Where none does, the library looks on for the next one
 * or takes it for the end, and says nothing. True for other formats.
 */
bool chain_is_whole(const struct walk *walk);
/* Behind the last whole frame of a Zstandard stream; 0: not even the first is whole. */
size_t chain_zstd_end(const uint8_t *data, size_t size);

/* The readers. Each leaves trouble as codes. */
void stream_walk(struct walk *walk);
void zip_walk(struct walk *walk);
void rar_walk(struct walk *walk);
void binhex_walk(struct walk *walk);
void yenc_walk(struct walk *walk);
void tnef_walk(struct walk *walk);
void cms_walk(struct walk *walk);
void rtf_walk(struct walk *walk);
void udf_walk(struct walk *walk);
void disk_walk(struct walk *walk);
void applesingle_walk(struct walk *walk);
void macbinary_walk(struct walk *walk);
void openpgp_walk(struct walk *walk);
void pdf_walk(struct walk *walk);
void activemime_walk(struct walk *walk);
void lzfu_walk(struct walk *walk);
void cd_sectors_walk(struct walk *walk);

/* The bytes of a member are packed in one stream: what comes out of it takes their place. */
enum stream_method {
	STREAM_STORED,  /* they stay */
	STREAM_ZLIB,    /* RFC 1950 */
	STREAM_DEFLATE, /* RFC 1951 */
	STREAM_BZIP2,
};
void stream_undo(struct walk *walk, struct member *member, enum stream_method method);
/* Appends what comes out of a stream, up to the cap of *out, and as far as it is whole. 0 or -ENOMEM. */
int stream_expand(enum stream_method method, const uint8_t *data, size_t size, struct buffer *out);

/*
 * Library: one pass of one libarchive reader over bytes of the container. `single`: only the first member.
 * `*ret_end` is the offset behind what was read, or 0 where the pass ended badly.
 */
struct pass {
	const uint8_t *data;
	size_t size;
	enum pass_reader {
		PASS_FORMAT, /* the reader of walk->format */
		PASS_ZIP_SEEKABLE,
		PASS_ZIP_STREAMABLE,
	} reader;
	bool single;
	/* May be NULL: notes on a member (from 0) before its data are read, and when they came without an error. */
	void (*facts)(void *context, uint64_t ordinal, struct member *member, bool *ret_unreadable);
	void (*checked)(void *context, struct member *member);
	/* May be NULL: gives an encrypted member its data. False: it stays closed. */
	bool (*unlock)(void *context, uint64_t ordinal, struct member *member);
	/* May be NULL: the member is not as long as was declared, or is damaged. */
	void (*missized)(void *context, struct member *member);
	void *context;
	uint64_t entries; /* result: members, directories and links in this pass */
	size_t end;       /* result */
	bool broken;      /* result: it ended with an error */
};
void library_pass(struct walk *walk, struct pass *pass);
/*
 * Reads the one member of a ZIP archive with this password into *ret_bytes, up to `most` bytes, which the caller frees in any case. True: it
 * came whole, with the right check sum, or there is more of it than that.
 */
bool library_unlock(const uint8_t *data, size_t size, const char *password, uint64_t most, struct buffer *ret_bytes);
/* A compressed stream that only libarchive undoes. */
void library_stream(struct walk *walk, int filter);

#endif
