/*
 * lock.c - encrypted ZIP archives open by the right password, and damaged ones cost neither more tries nor the process.
 */
#include "scan/archive.h"
#include "tap.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (1u << 20)

static const char *const texts[] = {"a text that is packed, packed, packed and packed again", "another one"};

/* What the archive writer of the library makes. */
static size_t make(const char *encryption, const char *compression, uint8_t *room)
{
	struct archive *archive = archive_write_new();
	size_t used = 0;
	(void)archive_write_set_format_zip(archive);
	if (archive_write_set_format_option(archive, "zip", "encryption", encryption) != ARCHIVE_OK ||
	    archive_write_set_format_option(archive, "zip", "compression", compression) != ARCHIVE_OK ||
	    archive_write_set_passphrase(archive, "right") != ARCHIVE_OK)
		exit(99);
	(void)archive_write_open_memory(archive, room, ROOM, &used);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct archive_entry *entry = archive_entry_new();
		char name[8] = {(char)('a' + i), '\0'};
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (int64_t)strlen(texts[i]));
		if (archive_write_header(archive, entry) != ARCHIVE_OK ||
		    archive_write_data(archive, texts[i], strlen(texts[i])) < 0)
			exit(99);
		archive_entry_free(entry);
	}
	(void)archive_write_close(archive);
	(void)archive_write_free(archive);
	return used;
}

struct seen {
	const char *const *passwords;
	unsigned opened, closed, wrong, asked;
};

static int on_member(void *context, const struct archive_member *member)
{
	struct seen *seen = context;
	bool closed = false;
	for (unsigned i = 0; i < member->code_count; i++)
		closed = closed || member->codes[i].code == DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED;
	seen->opened += member->password != 0;
	seen->closed += closed;
	/* A damaged name may be another one's. */
	bool known = false;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		known = known ||
			(member->size == strlen(texts[i]) && memcmp(member->data, texts[i], member->size) == 0);
	seen->wrong += member->password && (!known || strcmp(seen->passwords[member->password - 1], "right") != 0);
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)context, (void)code, (void)text;
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context, (void)evasion, (void)text;
	return 0;
}

static int on_next(void *context, const char *name)
{
	(void)context, (void)name;
	return 0;
}

static const char *on_password(void *context, unsigned number)
{
	struct seen *seen = context;
	seen->asked++;
	for (unsigned i = 0; i < number; i++)
		if (!seen->passwords[i])
			return NULL;
	return seen->passwords[number - 1];
}

/* In a heap block of just that size, so that the sanitizer sees every byte read behind it. */
static struct seen walk(const uint8_t *data, size_t size, const char *const *passwords, unsigned *tries)
{
	struct seen seen = {.passwords = passwords};
	const struct archive_visitor visitor = {on_member,   on_code, on_evasion, on_next,
						on_password, tries,   NULL,       &seen};
	struct limits limits;
	struct budget budget;
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		exit(99);
	memcpy(exact, data, size);
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	(void)archive_walk(DETECT_ZIP, exact, size, &budget, &visitor);
	free(exact);
	return seen;
}

static const char *const good[] = {"wrong", "right", "other", NULL}, *const bad[] = {"wrong", "Right", NULL},
			 *const none[] = {NULL};

static void test(const char *encryption, const char *compression, bool aes)
{
	static uint8_t data[ROOM];
	unsigned tries;
	size_t size;
	struct seen seen;
	/* One in 256 wrong passwords looks right to the old encryption and costs a try: such an archive is made anew. */
	int chances = 20;
	do {
		tries = ARCHIVE_TRIES_MOST;
		size = make(encryption, compression, data);
		seen = walk(data, size, good, &tries);
	} while (!aes && tries != ARCHIVE_TRIES_MOST && --chances);
	okf(seen.opened == 2 && !seen.closed && !seen.wrong, "%s, %s: opened", encryption, compression);
	/* The one that opened the first member is tried first on the others. */
	okf(ARCHIVE_TRIES_MOST - tries == (aes ? 2u : 0u), "%s, %s: %u tries", encryption, compression,
	    ARCHIVE_TRIES_MOST - tries);
	seen = walk(data, size, bad, &tries);
	okf(!seen.opened && seen.closed == 2, "%s, %s: stays closed", encryption, compression);
	seen = walk(data, size, none, &tries);
	okf(!seen.opened && seen.closed == 2, "%s, %s: no password at all", encryption, compression);
	tries = 1;
	seen = walk(data, size, good, &tries);
	okf(seen.opened == (aes ? 0 : 2), "%s, %s: as many tries as there are", encryption, compression);
	uint32_t state = 1;
	unsigned wrong = 0;
	for (int round = 0; round < 1500; round++) {
		uint8_t kept[4];
		size_t places[4];
		for (int i = 0; i < 4; i++) {
			state = state * 1664525u + 1013904223u;
			places[i] = (size_t)((uint64_t)state * size >> 32);
			kept[i] = data[places[i]];
			data[places[i]] = (uint8_t)(state >> 8);
		}
		tries = 20;
		state = state * 1664525u + 1013904223u;
		seen = walk(data, round % 4 ? size : (size_t)((uint64_t)state * size >> 32), good, &tries);
		wrong += seen.wrong;
		for (int i = 4; i-- > 0;)
			data[places[i]] = kept[i];
	}
	okf(wrong == 0, "%s, %s: what damaged archives give is right or is not opened", encryption, compression);
}

int main(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	test("traditional", "store", false);
	test("traditional", "deflate", false);
	test("aes128", "deflate", true);
	test("aes256", "store", true);
	return tap_end();
}
