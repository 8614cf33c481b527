/*
 * password.h - the words of a message that may be a password for what is attached to it.
 *
 * Mail that carries an encrypted archive often says how to open it. The words are looked for only when something encrypted was met: then
 * the message is read once more for its texts, so that it does not matter which stands first, the archive or the word.
 * Called by decompose and node.
 */
#ifndef CSAPI_SCAN_PASSWORD_H
#define CSAPI_SCAN_PASSWORD_H

#include "scan/budget.h"
#include "verdict/password_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message while its parts are walked, and those that it lies in. Lives on the stack of who walks. */
struct password_source {
	const uint8_t *data; /* of the message; borrowed */
	size_t size;
	struct password_source *up; /* the message around it; NULL: none */
	bool gathered;
	unsigned texts, names;      /* of it that were met */
	struct password_list words; /* then */
};

/*
 * Collects what could be a password in the subject, the texts and the file names of a message: what follows, or stands close before, a word such as
 * "password" in one of many languages, less its punctuation, and quoted texts there; then the words of the subject. Best first. `budget` is not charged:
 * the same parts are walked for themselves too.
 */
void password_gather(struct password_source *source, const struct budget *budget);

/* The same for one text alone: adds to the list. `html`: tags are left out, and entities undone. */
void password_words(const uint8_t *text, size_t size, bool html, struct password_list *list);

#endif
