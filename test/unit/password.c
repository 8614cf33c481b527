/*
 * password.c - the words that could be a password are found in texts of all kinds, and lists of them are kept within bounds.
 */
#include "scan/password.h"
#include "tap.h"
#include "verdict/password_list.h"

#include <stdlib.h>
#include <string.h>

static bool has(const struct password_list *list, const char *word)
{
	for (const char *at = NULL; (at = password_list_next(list, at)) != NULL;)
		if (strcmp(at, word) == 0)
			return true;
	return false;
}

/* The words of a text in a heap block of just that size, so that the sanitizer sees every byte read behind it; and cut anywhere. */
static struct password_list *words(const char *text, bool html)
{
	static struct password_list list;
	size_t size = strlen(text);
	for (size_t cut = 0; cut <= size; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		if (!exact)
			exit(99);
		memcpy(exact, text, cut);
		list.size = 0;
		password_words(exact, cut, html, &list);
		free(exact);
	}
	return &list;
}

static void test_texts(void)
{
	static const struct {
		const char *text, *word;
		bool html;
	} cases[] = {
		{"password: abc-123", "abc-123", false},
		{"PASSWORD:abc-123", "abc-123", false},
		{"The password is abc-123.", "abc-123", false},
		{"The password is abc-123...", "abc-123.", false},
		{"password (\"abc 123\")", "abc 123", false},
		{"password is \xe2\x80\x9e"
		 "abc 123\xe2\x80\x9c",
		 "abc 123", false},
		{"password: my dog is blue\n", "my dog is blue", false},
		{"abc-123 is the password", "abc-123", false},
		{"pwd=x=y", "x=y", false},
		{"pass: !x!", "!x!", false},
		{"mot de passe\xc2\xa0: abc", "abc", false},
		{"\xe5\xaf\x86\xe7\xa0\x81\xef\xbc\x9a"
		 "abc",
		 "abc", false},
		{"<b>Password</b>: a&amp;b", "a&b", true},
		{"Pass<span>word</span><br>x&#x41;&#66;", "xAB", true},
		{"<script>password: no</script>Kennwort x<y", "x", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ok(has(words(cases[i].text, cases[i].html), cases[i].word), cases[i].text);
	ok(words("Nothing is said here of how it opens: abc-123\n", false)->size == 0, "no such word, no words");
	ok(!has(words("<script>password: no</script>", true), "no"), "not from a script");
	ok(!has(words("password: a\xff\xfe", false), ""), "never an empty one");
}

/* A hostile text costs a bounded time and room. */
static void test_hostile(void)
{
	static const char *const pieces[] = {"pwd ",     "pwd:", "password:::::::::", "\"pwd", "<",
					     "<script>", "&#",   "pwd=\xe2\x80\x9c"};
	static struct password_list list;
	size_t size = 1u << 20;
	char *text = malloc(size);
	if (!text)
		exit(99);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		size_t length = strlen(pieces[i]);
		for (size_t at = 0; at + length <= size; at += length)
			memcpy(text + at, pieces[i], length);
		list.size = 0;
		password_words((const uint8_t *)text, size, false, &list);
		password_words((const uint8_t *)text, size, true, &list);
		okf(list.size <= PASSWORD_LIST_ROOM, "hostile text %zu", i);
	}
	free(text);
}

static void test_list(void)
{
	static struct password_list list, other;
	char word[32];
	int error = 0;
	ok(!password_list_next(&list, NULL), "an empty list");
	ok(!password_list_add(&list, "one") && !password_list_add(&list, "two") && !password_list_add(&list, "one"),
	   "added");
	size_t size = list.size;
	ok(size == 8, "each once");
	ok(!password_list_add(&other, "two") && !password_list_add(&other, "three"), "another list");
	password_list_join(&list, &other);
	ok(has(&list, "three") && list.size == size + 6, "joined");
	for (int i = 0; !error; i++) {
		(void)snprintf(word, sizeof word, "word %d", i);
		error = password_list_add(&list, word);
	}
	ok(list.size <= PASSWORD_LIST_ROOM && has(&list, "word 0"), "full");
	char most[PASSWORD_MOST + 2];
	memset(most, 'x', sizeof most - 1);
	most[PASSWORD_MOST + 1] = '\0';
	ok(!password_valid(most) && password_valid(most + 1), "the longest");
	ok(!password_valid("") && !password_valid("a\xff") && password_valid("\xc3\xa4"), "UTF-8 that is not empty");
}

int main(void)
{
	test_texts();
	test_hostile();
	test_list();
	return tap_end();
}
