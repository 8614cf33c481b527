/*
 * pdf.h - encryption of a PDF that the engine does not notice.
 *
 * The engine looks for the word in the last bytes of a file only, and undoes the encryption where no password is needed. Behind
 * a large cross-reference stream, or spelled with escapes, it stays unseen, and nothing is said of it. Called by node.c.
 */
#ifndef CSAPI_SCAN_PDF_H
#define CSAPI_SCAN_PDF_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum pdf_encryption {
	PDF_PLAIN,   /* there is none, or it stands where the engine sees it */
	PDF_HIDDEN,  /* *ret_tail, put behind the file, shows it to the engine */
	PDF_CRYPTIC, /* it is encrypted, in a way that the engine would not understand */
};

/* Looks for it. *ret_tail is set up here and freed by the caller, whatever is returned. */
enum pdf_encryption pdf_encryption(const uint8_t *data, size_t size, struct buffer *ret_tail);

#endif
