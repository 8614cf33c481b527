/*
 * rewrite.c - unit test of lib/scan/archive/rewrite: archives of each kind written by the library, written anew, and read back. Prints TAP.
 */
#include "scan/archive/rewrite.h"
#include "mutate.h"
#include "tap.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#define MOST  (1u << 20)
#define MTIME 1700000000

struct kind {
	const char *name;
	enum detect_format format;
	int (*set)(struct archive *archive);
	bool links;        /* it knows symbolic links, and folders */
	const char *after; /* what stands in place of "b" */
};

static const struct kind kinds[] = {
	{"zip", DETECT_ZIP, archive_write_set_format_zip, true, "b.removed.txt"},
	{"7-zip", DETECT_SEVEN_ZIP, archive_write_set_format_7zip, true, "b.removed.txt"},
	{"tar of GNU", DETECT_TAR, archive_write_set_format_gnutar, true, "b.removed.txt"},
	{"ustar", DETECT_TAR, archive_write_set_format_ustar, true, "b.removed.txt"},
	{"pax", DETECT_TAR, archive_write_set_format_pax, true, "b.removed.txt"},
	{"cpio odc", DETECT_CPIO, archive_write_set_format_cpio_odc, true, "b.removed.txt"},
	{"cpio newc", DETECT_CPIO, archive_write_set_format_cpio_newc, true, "b.removed.txt"},
	{"ar", DETECT_AR, archive_write_set_format_ar_svr4, false, "member.txt"},
	{"iso", DETECT_ISO9660, archive_write_set_format_iso9660, true, "b.removed.txt"},
};

struct memory {
	char *data;
	size_t size;
};

static void put(struct archive *archive, const char *name, unsigned type, const char *content)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0640);
	archive_entry_set_mtime(entry, MTIME, 0);
	archive_entry_set_size(entry, 0);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, content);
	else if (type == AE_IFREG)
		archive_entry_set_size(entry, (la_int64_t)strlen(content));
	if (archive_write_header(archive, entry) != ARCHIVE_OK ||
	    (type == AE_IFREG && archive_write_data(archive, content, strlen(content)) != (la_ssize_t)strlen(content)))
		abort();
	archive_entry_free(entry);
}

/* A folder with a file, a link, and three files, of which the second is "bad". */
static struct memory make(const struct kind *kind)
{
	struct memory memory = {.data = malloc(MOST)};
	struct archive *archive = archive_write_new();
	if (!memory.data || !archive || kind->set(archive) != ARCHIVE_OK ||
	    archive_write_open_memory(archive, memory.data, MOST, &memory.size) != ARCHIVE_OK)
		abort();
	if (kind->links) {
		put(archive, "d", AE_IFDIR, "");
		put(archive, "d/e", AE_IFREG, "deep");
		put(archive, "l", AE_IFLNK, "a");
	}
	put(archive, "a", AE_IFREG, "first");
	put(archive, "b", AE_IFREG, "bad");
	put(archive, "c", AE_IFREG, "");
	if (archive_write_close(archive) != ARCHIVE_OK)
		abort();
	archive_write_free(archive);
	return memory;
}

static enum rewrite_fate on_member(void *context, const char *name, const uint8_t *data, size_t size,
				   struct buffer *ret)
{
	(void)context, (void)name;
	buffer_init(ret, 64);
	if (size == 3 && memcmp(data, "bad", 3) == 0)
		return buffer_append_text(ret, "note") ? REWRITE_GIVE_UP : REWRITE_NOTE;
	if (size == 4 && memcmp(data, "deep", 4) == 0)
		return buffer_append_text(ret, "other content") ? REWRITE_GIVE_UP : REWRITE_CONTENT;
	return REWRITE_KEEP;
}

static int rewrite(enum detect_format format, const void *data, size_t size, struct buffer *buffer, struct why *why)
{
	const struct rewrite_visitor visitor = {on_member, NULL};
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	return archive_rewrite(format, data, size, &budget, &visitor, buffer, why);
}

/* "NAME=CONTENT " for each file, "NAME/ " and "NAME>TARGET " for the rest, sorted by name where the format sorts. */
static void list(const uint8_t *data, size_t size, char ret_text[512], bool *ret_times)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	size_t used = 0;
	*ret_times = true;
	ret_text[0] = '\0';
	archive_read_support_format_all(archive);
	if (archive_read_open_memory(archive, data, size) != ARCHIVE_OK)
		abort();
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		char content[64] = "";
		const char *name = archive_entry_pathname(entry);
		if (strcmp(name, ".") == 0)
			continue;
		(void)archive_read_data(archive, content, sizeof content - 1);
		*ret_times &= archive_entry_mtime(entry) == MTIME;
		if (archive_entry_filetype(entry) == AE_IFLNK)
			used += (size_t)snprintf(ret_text + used, 512 - used, "%s>%s ", name,
						 archive_entry_symlink(entry));
		else if (archive_entry_filetype(entry) == AE_IFREG)
			used += (size_t)snprintf(ret_text + used, 512 - used, "%s=%s ", name, content);
	}
	archive_read_free(archive);
}

static bool holds(const char *text, const char *word)
{
	bool there = strstr(text, word) != NULL;
	if (!there)
		printf("# \"%s\" is not in: %s\n", word, text);
	return there;
}

static void test_kind(const struct kind *kind)
{
	struct memory memory = make(kind);
	struct buffer buffer;
	struct why why = {""};
	char text[512], note[64];
	bool times;
	buffer_init(&buffer, MOST);
	int error = rewrite(kind->format, memory.data, memory.size, &buffer, &why);
	okf(!error, "%s: %s", kind->name, error ? why.text : "it is written anew");
	if (!error) {
		list(buffer.data, buffer.size, text, &times);
		(void)snprintf(note, sizeof note, "%s=note ", kind->after);
		okf(holds(text, "a=first ") && holds(text, note) && holds(text, "c= ") && !strstr(text, "bad") &&
			    (!kind->links || (holds(text, "l>a ") && holds(text, "d/e=other content "))),
		    "%s: the bad one is a note, and all others are there", kind->name);
		okf(times, "%s: of the same day", kind->name);
	}
	buffer_free(&buffer);
	free(memory.data);
}

/* A limit on what comes out. */
static void test_cap(void)
{
	struct memory memory = make(&kinds[0]);
	struct buffer buffer;
	struct why why;
	buffer_init(&buffer, 100);
	ok(rewrite(DETECT_ZIP, memory.data, memory.size, &buffer, &why) == -EFBIG, "too large");
	buffer_free(&buffer);
	free(memory.data);
	buffer_init(&buffer, MOST);
	ok(rewrite(DETECT_RAR5, "Rar!\x1a\x07\x01\x00", 8, &buffer, &why) == -ENOTSUP, "a kind that nobody writes");
	ok(rewrite(DETECT_ZIP, "MZ stub PK\3\4", 12, &buffer, &why) == -ENOTSUP, "a program that is an archive");
	ok(rewrite(DETECT_ZIP, "PK\3\4", 4, &buffer, &why) == -EBADMSG, "one that cannot be read");
	buffer_free(&buffer);
}

static void test_mutants(const struct kind *kind, unsigned rounds)
{
	struct mutator mutator = {.seed = 3};
	struct memory memory = make(kind);
	unsigned good = 0, other = 0;
	for (unsigned n = 0; n < rounds; n++) {
		size_t size;
		struct buffer buffer;
		struct why why = {""};
		char *mutant = mutate(&mutator, memory.data, memory.size, &size);
		buffer_init(&buffer, MOST);
		int error = rewrite(kind->format, mutant, size, &buffer, &why);
		good += !error;
		other += error && !*why.text && error != -ENOMEM;
		buffer_free(&buffer);
		free(mutant);
	}
	okf(!other && good < rounds, "%s: damaged ones are written or refused with a reason", kind->name);
	free(memory.data);
}

int main(void)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		test_kind(&kinds[i]);
	test_cap();
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		test_mutants(&kinds[i], kinds[i].format == DETECT_ISO9660 ? 50 : 2000);
	return tap_end();
}
