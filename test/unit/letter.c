/*
 * letter.c - the table says of each byte what ctype(3) says of it in the C locale, and what else texts are searched for.
 */
#include "scan/letter.h"
#include "tap.h"

#include <ctype.h>
#include <string.h>

static bool stands_in(const char *list, int byte)
{
	return byte && strchr(list, byte);
}

int main(void)
{
	unsigned wrong[7] = {0};
	for (int byte = 0; byte <= UINT8_MAX; byte++) {
		uint8_t b = (uint8_t)byte;
		wrong[0] += letter_is(b, LETTER_WORD) != (isalnum(byte) != 0);
		wrong[1] += letter_is(b, LETTER_SMALL) != (islower(byte) != 0) ||
			    letter_is(b, LETTER_LARGE) != (isupper(byte) != 0);
		wrong[2] += letter_is(b, LETTER_DECIMAL) != (isdigit(byte) != 0) ||
			    letter_is(b, LETTER_HEXADECIMAL) != (isxdigit(byte) != 0);
		wrong[3] += letter_is(b, LETTER_SPACE) != (isspace(byte) != 0);
		wrong[4] += letter_is(b, LETTER_ADDRESS) != (isalnum(byte) || stands_in("+/=-_", byte));
		wrong[5] += letter_is(b, LETTER_BREAK) != (isspace(byte) || stands_in("_^`\"'+&\\", byte));
		wrong[6] += letter_is(b, LETTER_PREFIX) != stands_in("hHuUxX", byte) ||
			    letter_is(b, LETTER_QUOTE) != stands_in("\"'", byte) ||
			    letter_is(b, LETTER_SIGN) != stands_in("+/", byte) ||
			    letter_is(b, LETTER_BASE64) != (isalnum(byte) || stands_in("+/=", byte));
	}
	ok(!wrong[0], "letters and digits");
	ok(!wrong[1], "small and large");
	ok(!wrong[2], "digits");
	ok(!wrong[3], "blanks");
	ok(!wrong[4], "base64, and the same for addresses");
	ok(!wrong[5], "what breaks texts");
	ok(!wrong[6], "prefixes, quotes, signs");
	return tap_end();
}
