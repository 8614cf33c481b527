/*
 * pdf.c - encryption of a PDF that the engine does not notice; see pdf.h.
 *
 * Reads the dictionaries behind "trailer", and those of cross-reference streams. Words in a text are not taken for encryption: what is named
 * must be an object that looks like it. Decrypts nothing.
 */
#include "scan/pdf.h"

#include "scan/pdf/syntax.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Where the engine looks: so many bytes before the end. */
#define ENGINE_LOOKS 2048u
/* Claims of encryption that are looked into, and objects that one may name: each look costs a search. */
#define CLAIMS_MOST  16u
#define OBJECTS_MOST 64u
/* Longest value of a key that is passed on. */
#define VALUE_MOST 1024u

/* Does "12 0 R" name an object here that says how something is encrypted? */
static bool names_encryption(const uint8_t *data, size_t size, struct syntax_span reference)
{
	size_t at = 0;
	for (unsigned looks = OBJECTS_MOST; looks && syntax_object_next(data, size, reference, &at); looks--) {
		struct syntax_cursor cursor = {data, size, at};
		struct syntax_dictionary dictionary;
		if (syntax_dictionary_read(&cursor, &dictionary) && dictionary.filter.size && dictionary.version)
			return true;
	}
	return false;
}

/* Does the engine see the word? It looks from the end of the file up to its last end mark. */
static bool engine_sees(const uint8_t *data, size_t size)
{
	const uint8_t *from = size > ENGINE_LOOKS ? data + size - ENGINE_LOOKS : data;
	const uint8_t *end = NULL, *at = from;
	while ((at = memmem(at, (size_t)(data + size - at), "%%EOF", 5)))
		end = at++;
	return end && memmem(from, (size_t)(end - from), "startxref", 9) &&
	       memmem(from, (size_t)(data + size - from), "/Encrypt", 8);
}

/* The same words once more, where the engine looks. 0 or -errno. */
static int write_tail(const struct syntax_dictionary *dictionary, struct buffer *tail)
{
	static const char begin[] = "\ntrailer\n<< /Encrypt ", id[] = "\n/ID ";
	static const char end[] = "\n>>\nstartxref\n0\n%%EOF\n";
	int error = buffer_append(tail, begin, sizeof begin - 1);
	error = error ? error : buffer_append(tail, dictionary->encrypt.data, dictionary->encrypt.size);
	if (!error && dictionary->id.size && dictionary->id.size <= VALUE_MOST) {
		error = buffer_append(tail, id, sizeof id - 1);
		error = error ? error : buffer_append(tail, dictionary->id.data, dictionary->id.size);
	}
	return error ? error : buffer_append(tail, end, sizeof end - 1);
}

static enum pdf_encryption judge(const uint8_t *data, size_t size, const struct syntax_dictionary *found,
				 struct buffer *tail)
{
	bool reference = isdigit(found->encrypt.data[0]);
	if (reference && !names_encryption(data, size, found->encrypt))
		return PDF_PLAIN;
	if (!reference && !(found->encrypt.size > 2 && memcmp(found->encrypt.data, "<<", 2) == 0))
		return PDF_PLAIN;
	return reference && found->encrypt.size <= VALUE_MOST && write_tail(found, tail) == 0 ? PDF_HIDDEN
											      : PDF_CRYPTIC;
}

enum pdf_encryption pdf_encryption(const uint8_t *data, size_t size, struct buffer *ret_tail)
{
	struct syntax_search search = syntax_search_begin(data, size);
	unsigned claims = CLAIMS_MOST;
	buffer_init(ret_tail, 8 * VALUE_MOST);
	if (engine_sees(data, size))
		return PDF_PLAIN;
	while (syntax_search_next(&search)) {
		if (!search.found.encrypt.size || (!search.trailer && !search.found.xref))
			continue;
		enum pdf_encryption answer = judge(data, size, &search.found, ret_tail);
		if (answer != PDF_PLAIN)
			return answer;
		if (!--claims)
			return PDF_CRYPTIC;
	}
	return PDF_PLAIN;
}
