/*
 * password.c - the words of a message that may be a password; see password.h.
 *
 * Knows words for "password" and what punctuation surrounds one, no grammar. Refuses to look at more than the begin of a text, and to
 * collect more than the list holds.
 */
#include "scan/password.h"

#include "base/utf8.h"
#include "scan/mime.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a text, and of a header, that are looked at. */
#define TEXT_LOOK   65536u
#define HEADER_LOOK 65536u
#define NAME_LOOK   256u
/* Places in one text that are looked at more closely, and texts of one message. */
#define TRIGGERS_MOST 64u
#define TEXTS_MOST    32u
/* Words behind and before one that says "password", and bytes that these may take; ours. */
#define AFTER_WORDS  12
#define AFTER_LOOK   200u
#define BEFORE_WORDS 4
#define BEFORE_LOOK  80u

/* In lower case; where a language has capitals beyond ASCII, with one too. Endings and what is put in front make no difference. */
static const char *const triggers[] = {
	"password",
	"passwd",
	"passcode",
	"passphrase",
	"pass phrase",
	"pass word",
	"pass code",
	"pwd",
	"pw:",
	"pw is",
	"pw=",
	"pass:",
	"pass is",
	"pin:",
	"pin code",
	"pin is",
	"key:",
	"unlock",
	"unzip",
	"decrypt",
	"code:",
	"kennwort",
	"passwort",
	"pa\xc3\x9fwort",
	"losungswort",
	"contrase\xc3\xb1"
	"a",
	"contrasena",
	"clave",
	"mot de passe",
	"mdp",
	"senha",
	"palavra-passe",
	"parola",
	"wachtwoord",
	"has\xc5\x82o",
	"has\xc5\x82"
	"em",
	"haslo",
	"heslo",
	"jelsz\xc3\xb3",
	"l\xc3\xb6senord",
	"losenord",
	"adgangskode",
	"passord",
	"salasana",
	"parool",
	"parole",
	"slapta\xc5\xbeodis",
	"lozinka",
	"\xc5\x9fifre",
	"sifre",
	"geslo",
	"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb",
	"\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb",
	"\xd0\x9f\xd0\x90\xd0\xa0\xd0\x9e\xd0\x9b", /* парол */
	"\xce\xba\xcf\x89\xce\xb4\xce\xb9\xce\xba",
	"\xce\x9a\xcf\x89\xce\xb4\xce\xb9\xce\xba", /* κωδικ */
	"\xe5\xaf\x86\xe7\xa0\x81",
	"\xe5\xaf\x86\xe7\xa2\xbc",                                     /* 密码 密碼 */
	"\xe5\x8f\xa3\xe4\xbb\xa4",                                     /* 口令 */
	"\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89", /* パスワード */
	"\xec\x95\x94\xed\x98\xb8",
	"\xeb\xb9\x84\xeb\xb0\x80\xeb\xb2\x88\xed\x98\xb8",  /* 암호 비밀번호 */
	"\xd7\xa1\xd7\x99\xd7\xa1\xd7\x9e",                  /* סיסמ */
	"\xd9\x83\xd9\x84\xd9\x85\xd8\xa9 \xd8\xa7\xd9\x84", /* كلمة ال */
	"m\xe1\xba\xadt kh\xe1\xba\xa9u",
	"kata sandi",
	"parol",
};

/* What stands around a password and is hardly ever part of one; the first ones are quotes, which come in pairs. */
static const struct mark {
	const char *open, *close;
} quotes[] = {
	{"\"", "\""},
	{"'", "'"},
	{"`", "`"},
	{"\xe2\x80\x9c", "\xe2\x80\x9d"}, /* “ ” */
	{"\xe2\x80\x9e", "\xe2\x80\x9c"}, /* „ “ */
	{"\xe2\x80\x98", "\xe2\x80\x99"}, /* ‘ ’ */
	{"\xe2\x80\x9a", "\xe2\x80\x98"}, /* ‚ ‘ */
	{"\xc2\xab", "\xc2\xbb"},         /* « » */
	{"\xc2\xbb", "\xc2\xab"},
	{"\xe3\x80\x8c", "\xe3\x80\x8d"}, /* 「 」 */
	{"\xe3\x80\x90", "\xe3\x80\x91"}, /* 【 】 */
	{"[", "]"},
	{"(", ")"},
	{"<", ">"},
	{"{", "}"},
};
static const char *const edges[] = {
	".",
	",",
	";",
	":",
	"!",
	"?",
	"*",
	"_",
	"=",
	"-",
	"~",
	"|",
	"\xef\xbc\x9a" /* ： */,
	"\xe3\x80\x82" /* 。 */,
	"\xef\xbc\x8c" /* ， */,
};

struct span {
	const char *data;
	size_t size;
};

static bool begins(struct span text, const char *with)
{
	size_t size = strlen(with);
	return text.size >= size && memcmp(text.data, with, size) == 0;
}

static bool ends(struct span text, const char *with)
{
	size_t size = strlen(with);
	return text.size >= size && memcmp(text.data + text.size - size, with, size) == 0;
}

/* Bytes of the blank that the text begins with, among them the ones that do not break a line; 0: it does not begin with any. */
static size_t blank(struct span text)
{
	if (text.size && (isspace((unsigned char)*text.data) || !*text.data))
		return 1;
	if (begins(text, "\xc2\xa0"))
		return 2;
	return begins(text, "\xe2\x80\x8b") || begins(text, "\xef\xbb\xbf") || begins(text, "\xe3\x80\x80") ? 3 : 0;
}

static struct span rest(struct span text, size_t from)
{
	return (struct span){text.data + from, text.size - from};
}

static void add(struct password_list *list, struct span word)
{
	char text[PASSWORD_MOST + 1];
	if (!word.size || word.size > PASSWORD_MOST || memchr(word.data, 0, word.size))
		return;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	(void)password_list_add(list, text);
}

/* Takes one mark off, at either end. */
static bool shave(struct span *word)
{
	const char *mark = NULL;
	bool front = false;
	for (size_t i = 0; !mark && i < sizeof quotes / sizeof *quotes; i++) {
		const char *both[] = {quotes[i].open, quotes[i].close};
		for (size_t k = 0; !mark && k < 2; k++)
			mark = (front = begins(*word, both[k])) || ends(*word, both[k]) ? both[k] : NULL;
	}
	for (size_t i = 0; !mark && i < sizeof edges / sizeof *edges; i++)
		mark = (front = begins(*word, edges[i])) || ends(*word, edges[i]) ? edges[i] : NULL;
	if (!mark)
		return false;
	word->data += front ? strlen(mark) : 0;
	word->size -= strlen(mark);
	return true;
}

/* As it stands, without the marks around it one by one, and what follows a colon or an equals sign in it. */
static void add_word(struct password_list *list, struct span word)
{
	while (word.size) {
		struct span bare = word;
		for (add(list, bare); shave(&bare);)
			add(list, bare);
		size_t at = 0;
		while (at < word.size && word.data[at] != ':' && word.data[at] != '=')
			at++;
		word = rest(word, at < word.size ? at + 1 : at);
	}
}

/* The first word of a text, and how far it goes with the blanks before it. Size 0: there is none. */
static struct span next_word(struct span text, size_t *ret_end)
{
	size_t at = 0, size;
	while (at < text.size && (size = blank(rest(text, at))) != 0)
		at += size;
	struct span word = {text.data + at, 0};
	while (at < text.size && !blank(rest(text, at))) {
		at++;
		word.size++;
	}
	*ret_end = at;
	return word;
}

/* What stands between quotes, blanks and all. */
static void add_quoted(struct password_list *list, struct span text)
{
	for (size_t at = 0; at < text.size; at++)
		for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
			struct span inner = rest(text, at);
			if (!begins(inner, quotes[i].open))
				continue;
			inner = rest(inner, strlen(quotes[i].open));
			const char *end =
				inner.size ? memmem(inner.data, inner.size, quotes[i].close, strlen(quotes[i].close))
					   : NULL;
			if (end)
				add(list, (struct span){inner.data, (size_t)(end - inner.data)});
		}
}

/* The rest of the line behind a colon: a password of several words. */
static void add_line(struct password_list *list, struct span text)
{
	const char *end = memchr(text.data, '\n', text.size), *colon = memchr(text.data, ':', text.size);
	struct span line = {text.data, end ? (size_t)(end - text.data) : text.size};
	if (!colon || (size_t)(colon - text.data) >= line.size)
		return;
	line = rest(line, (size_t)(colon - text.data) + 1);
	while (line.size && isspace((unsigned char)*line.data))
		line = rest(line, 1);
	while (line.size && isspace((unsigned char)line.data[line.size - 1]))
		line.size--;
	add(list, line);
	if (shave(&line))
		add(list, line);
}

static void add_after(struct password_list *list, struct span text)
{
	struct span left = {text.data, text.size < AFTER_LOOK ? text.size : AFTER_LOOK};
	size_t end;
	add_quoted(list, left);
	add_line(list, left);
	for (int i = 0; i < AFTER_WORDS; i++) {
		struct span word = next_word(left, &end);
		if (!word.size)
			return;
		add_word(list, word);
		left = rest(left, end);
	}
}

/* The words before: those of the last bytes, without the first, which may be cut. */
static void add_before(struct password_list *list, const char *begin, size_t size)
{
	struct span words[BEFORE_LOOK], left = {begin, size};
	if (size > BEFORE_LOOK)
		left = rest(left, size - BEFORE_LOOK);
	int count = 0;
	size_t end;
	for (struct span word; (word = next_word(left, &end)).size; left = rest(left, end))
		words[count++] = word;
	for (int i = count - 1; i >= 0 && i >= count - BEFORE_WORDS && (i || size <= BEFORE_LOOK); i--)
		add_word(list, words[i]);
}

/* Does a word for "password" begin here? Its length, 0: no. */
static size_t trigger(struct span text)
{
	for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
		size_t size = strlen(triggers[i]);
		if (text.size >= size && strncasecmp(text.data, triggers[i], size) == 0)
			return size;
	}
	return 0;
}

static void add_near(struct password_list *list, struct span text)
{
	unsigned looks = TRIGGERS_MOST;
	for (size_t at = 0; at < text.size && looks; at++) {
		size_t size = trigger(rest(text, at));
		if (!size)
			continue;
		looks--;
		/* A colon may be part of what was looked for, and tells where the line goes on. */
		size_t from = at + size - (text.data[at + size - 1] == ':');
		add_after(list, rest(text, from));
		add_before(list, text.data, at);
		at += size - 1;
	}
}

/* --- HTML --------------------------------------------------------------------------------------------------------- */

static bool tag_is(struct span tag, const char *name)
{
	size_t size = strlen(name);
	return tag.size >= size && strncasecmp(tag.data, name, size) == 0 &&
	       (tag.size == size || !isalnum((unsigned char)tag.data[size]));
}

/* Tags that do not end a word. */
static bool is_inline(struct span tag)
{
	static const char *const names[] = {"b", "i",     "u",   "em",   "strong", "span", "font", "code", "tt",
					    "a", "small", "big", "mark", "kbd",    "samp", "wbr",  "o:p"};
	if (tag.size && *tag.data == '/')
		tag = rest(tag, 1);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (tag_is(tag, names[i]))
			return true;
	return false;
}

/* The entity that the text begins with: its length, 0: it is none. */
static size_t entity(struct span text, char ret[4], size_t *ret_size)
{
	static const struct {
		const char *name, *is;
	} names[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&nbsp;", " "}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (begins(text, names[i].name))
			return ret[0] = *names[i].is, *ret_size = 1, strlen(names[i].name);
	char digits[12] = "", *end;
	size_t size = 0;
	if (!begins(text, "&#"))
		return 0;
	while (size < sizeof digits - 1 && size + 2 < text.size && isalnum((unsigned char)text.data[size + 2])) {
		digits[size] = text.data[size + 2];
		size++;
	}
	bool hexadecimal = digits[0] == 'x' || digits[0] == 'X';
	unsigned long c = strtoul(digits + hexadecimal, &end, hexadecimal ? 16 : 10);
	if (*end || end == digits + hexadecimal || !c)
		return 0;
	*ret_size = c <= UINT32_MAX ? utf8_write((uint32_t)c, ret) : 0;
	return 2 + size + (size + 2 < text.size && text.data[size + 2] == ';');
}

/* The tag that the text begins with; what scripts and styles hold goes with it. Its length. */
static size_t skip_tag(struct span text, struct span *ret_tag)
{
	static const char *const hidden[] = {"style", "script"};
	const char *end = memchr(text.data, '>', text.size);
	size_t size = end ? (size_t)(end - text.data) + 1 : text.size;
	*ret_tag = (struct span){text.data + 1, size - 1};
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		if (!tag_is(*ret_tag, hidden[i]))
			continue;
		while (size < text.size && !(text.data[size] == '<' && text.size - size > 2 &&
					     text.data[size + 1] == '/' && tag_is(rest(text, size + 2), hidden[i])))
			size++;
	}
	return size;
}

/* The text of HTML. `ret_text` has room for all of it. */
static size_t unmark(struct span html, char *ret_text)
{
	size_t used = 0, size;
	for (size_t at = 0; at < html.size; at += size) {
		struct span left = rest(html, at), tag;
		char character[4];
		size_t count = 0;
		size = 1;
		if (*left.data == '<' && left.size > 1 &&
		    (isalpha((unsigned char)left.data[1]) || strchr("/!?", left.data[1]))) {
			size = skip_tag(left, &tag);
			if (!is_inline(tag))
				ret_text[used++] = tag_is(tag, "br") || tag_is(tag, "/p") ? '\n' : ' ';
		} else if (*left.data == '&' && (size = entity(left, character, &count)) != 0) {
			/* Of an entity there is never more than it takes itself. */
			memcpy(ret_text + used, character, count);
			used += count;
		} else {
			size = 1;
			ret_text[used++] = *left.data;
		}
	}
	return used;
}

void password_words(const uint8_t *text, size_t size, bool html, struct password_list *list)
{
	struct span all = {(const char *)text, size < TEXT_LOOK ? size : TEXT_LOOK};
	if (!html) {
		add_near(list, all);
		return;
	}
	char *bare = malloc(all.size + 1);
	if (!bare)
		return; /* it is told as encrypted then */
	add_near(list, (struct span){bare, unmark(all, bare)});
	free(bare);
}

/* --- the subject ----------------------------------------------------------------------------------------------------- */

static int base64_digit(unsigned char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static size_t from_base64(struct span text, char *ret)
{
	unsigned bits = 0;
	int count = 0;
	size_t used = 0;
	for (size_t i = 0; i < text.size; i++) {
		int digit = base64_digit((unsigned char)text.data[i]);
		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		if ((count += 6) >= 8)
			ret[used++] = (char)(bits >> (count -= 8) & 0xff);
	}
	return used;
}

static size_t from_quoted(struct span text, char *ret)
{
	size_t used = 0;
	for (size_t i = 0; i < text.size; i++) {
		char pair[3] = "";
		if (text.data[i] == '=' && text.size - i > 2) {
			memcpy(pair, text.data + i + 1, 2);
			ret[used++] = (char)strtoul(pair, NULL, 16);
			i += 2;
		} else {
			ret[used++] = text.data[i] == '_' ? ' ' : text.data[i];
		}
	}
	return used;
}

/* The encoded word (RFC 2047) that the text begins with: its length, 0: it is none. What comes out is shorter than it. */
static size_t encoded_word(struct span text, char *ret, size_t *ret_size)
{
	const char *charset = begins(text, "=?") ? text.data + 2 : NULL;
	const char *stop = text.data + text.size;
	const char *how = charset ? memchr(charset, '?', (size_t)(stop - charset)) : NULL;
	if (!how || stop - how < 4 || how[2] != '?')
		return 0;
	struct span inner = {how + 3, (size_t)(stop - how - 3)};
	const char *end = memmem(inner.data, inner.size, "?=", 2);
	if (!end)
		return 0;
	inner.size = (size_t)(end - inner.data);
	*ret_size = how[1] == 'b' || how[1] == 'B' ? from_base64(inner, ret) : from_quoted(inner, ret);
	return (size_t)(end + 2 - text.data);
}

/* Undoes encoded words; between two of them blanks mean nothing. `ret` has room for all of it. */
static size_t decode_field(struct span field, char *ret)
{
	size_t used = 0, size, kept = 0;
	bool encoded = false;
	for (size_t at = 0; at < field.size; at += size) {
		size_t count = 0;
		size = encoded_word(rest(field, at), ret + used, &count);
		if (size && encoded && kept < used) {
			memmove(ret + kept, ret + used, count);
			used = kept;
		}
		if (size) {
			used += count;
			kept = used;
			encoded = true;
			continue;
		}
		size = 1;
		encoded = encoded && isspace((unsigned char)field.data[at]);
		ret[used++] = field.data[at];
	}
	return used;
}

/* The value of the first field "Subject" with its folded lines; size 0: there is none. */
static struct span find_subject(const uint8_t *data, size_t size)
{
	static const char name[] = "subject:";
	struct span left = {(const char *)data, size < HEADER_LOOK ? size : HEADER_LOOK}, none = {NULL, 0};
	while (left.size) {
		const char *end = memchr(left.data, '\n', left.size);
		size_t line = end ? (size_t)(end - left.data) + 1 : left.size;
		if (line <= 1 || (line == 2 && *left.data == '\r'))
			return none;
		if (line < sizeof name - 1 || strncasecmp(left.data, name, sizeof name - 1) != 0) {
			left = rest(left, line);
			continue;
		}
		while (line < left.size && (left.data[line] == ' ' || left.data[line] == '\t')) {
			end = memchr(left.data + line, '\n', left.size - line);
			line = end ? (size_t)(end - left.data) + 1 : left.size;
		}
		return (struct span){left.data + sizeof name - 1, line - (sizeof name - 1)};
	}
	return none;
}

/* What stands near such a word in it, else all its words. */
static void add_subject(const uint8_t *data, size_t size, bool near, struct password_list *list)
{
	struct span subject = find_subject(data, size);
	char *text = subject.size ? malloc(subject.size) : NULL;
	size_t end;
	if (!text)
		return;
	subject = (struct span){text, decode_field(subject, text)};
	if (near)
		add_near(list, subject);
	for (struct span word; !near && (word = next_word(subject, &end)).size; subject = rest(subject, end))
		add_word(list, word);
	free(text);
}

/* --- the message ---------------------------------------------------------------------------------------------------- */

/* What a file name says of a password, less its ending: "invoice_password_1234.zip". */
static void add_name(const char *name, struct password_list *list)
{
	char text[NAME_LOOK];
	const char *dot = strrchr(name, '.');
	size_t size = dot ? (size_t)(dot - name) : strlen(name);
	size = size < sizeof text ? size : sizeof text;
	memcpy(text, name, size);
	add_near(list, (struct span){text, size});
	for (size_t i = 0; i < size; i++)
		text[i] = name[i] == '_' ? ' ' : name[i];
	add_near(list, (struct span){text, size});
}

static int on_part(void *context, const struct mime_part *part)
{
	struct password_source *source = context;
	if (part->name && source->names++ < TEXTS_MOST)
		add_name(part->name, &source->words);
	if (part->kind == PART_MESSAGE && part->data)
		add_subject(part->data, part->size, true, &source->words);
	else if (part->data && part->size && part->type && strncmp(part->type, "text/", 5) == 0 &&
		 source->texts++ < TEXTS_MOST)
		password_words(part->data, part->size, strcmp(part->type, "text/html") == 0, &source->words);
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

void password_gather(struct password_source *source, const struct budget *budget)
{
	struct budget own = *budget;
	own.usage = (struct usage){0};
	const struct mime_visitor visitor = {on_part, on_code, on_evasion, source};
	source->gathered = true;
	source->words.size = 0;
	add_subject(source->data, source->size, true, &source->words);
	/* Its depth was charged when it was opened. */
	(void)mime_walk(source->data, source->size, 0, &own, &visitor);
	add_subject(source->data, source->size, false, &source->words);
	/* As it stands: what is no message, and what no reader makes a text of. */
	password_words(source->data, source->size, false, &source->words);
}
