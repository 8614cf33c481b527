/*
 * update_settings.c - the settings of updates keep to their table, and say what is wrong between them.
 */
#include "verdict/update_settings.h"
#include "tap.h"
#include "verdict/url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static struct update_settings settings;
static struct why why;

static void fresh(void)
{
	update_settings_free(&settings);
	if (update_settings_init(&settings))
		abort();
	why.text[0] = '\0';
}

static void test_numbers(void)
{
	size_t count;
	const struct setting *rows = update_settings_rows(&count);
	char text[64];
	for (size_t i = 0; i < count; i++) {
		const struct setting *row = &rows[i];
		if (row->kind != SETTING_NUMBER)
			continue;
		fresh();
		okf(setting_number(row, &settings) == row->number && row->number >= row->min && row->number <= row->max,
		    "%s: the default is in the range", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->max);
		okf(update_settings_set(&settings, row->key, text, &why) == 0 &&
			    setting_number(row, &settings) == row->max,
		    "%s: the most", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->max + 1);
		okf(update_settings_set(&settings, row->key, text, &why) == -ERANGE &&
			    setting_number(row, &settings) == row->max && strstr(why.text, row->key) &&
			    strstr(why.text, row->unit) && strstr(why.text, text),
		    "%s: one more is refused with range and unit, and the old value stays", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->min);
		okf(update_settings_set(&settings, row->key, text, &why) == 0 &&
			    setting_number(row, &settings) == row->min,
		    "%s: the least", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->min - 1);
		okf(update_settings_set(&settings, row->key, text, &why) == -ERANGE, "%s: one less", row->key);
	}
	static const char *const bad[] = {"", "-1", "+5", " 5", "5 ", "5k", "0x5", "5.0", "five", "5;"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		okf(update_settings_set(&settings, "keep", bad[i], &why) == -EINVAL, "no number: \"%s\"", bad[i]);
	ok(update_settings_set(&settings, "keep", "99999999999999999999999", &why) == -ERANGE, "beyond all numbers");
	ok(update_settings_set(&settings, "keep", "08", &why) == 0 && settings.keep == 8, "no octal numbers");
}

static void test_kinds(void)
{
	static const char *const yes[] = {"true", "YES", "on", "1"}, *const no[] = {"false", "No", "off", "0"};
	fresh();
	for (int i = 0; i < 4; i++) {
		ok(update_settings_set(&settings, "reload", no[i], &why) == 0 && !settings.reload, no[i]);
		ok(update_settings_set(&settings, "reload", yes[i], &why) == 0 && settings.reload, yes[i]);
	}
	ok(update_settings_set(&settings, "reload", "maybe", &why) == -EINVAL && settings.reload &&
		   strstr(why.text, "true or false"),
	   "what is neither is refused");
	ok(update_settings_set(&settings, "databases", "  a b\tc ", &why) == 0 && settings.databases[2] &&
		   !settings.databases[3] && strcmp(settings.databases[1], "b") == 0,
	   "a list of words");
	ok(update_settings_set(&settings, "databases", "", &why) == 0 && !settings.databases[0], "an empty list");
	char words[2 * SETTING_LIST_MAX + 3] = "";
	for (unsigned i = 0; i <= SETTING_LIST_MAX; i++)
		(void)strcat(words, "a ");
	ok(update_settings_set(&settings, "databases", words, &why) == -ERANGE && !settings.databases[0],
	   "a list too long is refused");
	words[2 * SETTING_LIST_MAX] = '\0';
	ok(update_settings_set(&settings, "databases", words, &why) == 0, "and taken one shorter");
	ok(update_settings_set(&settings, "user_agent", "a\nX-Evil: b", &why) == -EINVAL && !settings.user_agent,
	   "no text takes a second line");
	ok(update_settings_set(&settings, "user_agent", "a\xFF", &why) == -EINVAL, "or what is no UTF-8");
	ok(update_settings_set(&settings, "user-agent", "me/1", &why) == 0 && strcmp(settings.user_agent, "me/1") == 0,
	   "a text, its key with -");
	ok(update_settings_set(&settings, "user_agent", "", &why) == 0 && !settings.user_agent, "and unset again");
	ok(update_settings_set(&settings, "dns", "", &why) == 0 && settings.dns && !settings.dns[0],
	   "where empty is a value, it is one");
	ok(update_settings_set(&settings, "kep", "3", &why) == -ENOENT && strstr(why.text, "did you mean keep?"),
	   "the nearest key is named");
	ok(update_settings_set(&settings, "xyzzy", "3", &why) == -ENOENT && strstr(why.text, "csapi.conf(5)"),
	   "or where they are listed");
}

/* A feed with texts given as key, value, ..., NULL. */
static void feed(const char *name, const char *const *texts)
{
	struct update_feed *made = NULL;
	size_t count;
	const struct setting *rows = update_feed_rows(&count);
	if (update_settings_feed(&settings, name, &made, &why))
		abort();
	for (; texts[0]; texts += 2)
		if (setting_set(setting_find(rows, count, texts[0]), made, texts[1], &why))
			abort();
}
#define FEED(name, ...) feed(name, (const char *const[]){__VA_ARGS__, NULL})

static void refused(const char *what)
{
	okf(update_settings_check(&settings, &why) == -EINVAL && strstr(why.text, what), "refused: %s", what);
	if (!strstr(why.text, what))
		printf("# %s\n", why.text);
	fresh();
}

static void good(const char *what)
{
	int error = update_settings_check(&settings, &why);
	ok(!error, what);
	if (error)
		printf("# %s\n", why.text);
	fresh();
}

static void set(const char *key, const char *value)
{
	if (update_settings_set(&settings, key, value, &why))
		abort();
}

static void test_check(void)
{
	static const struct {
		const char *key, *value, *line;
	} bad[] = {
		{"directory", "here", "directory must be an absolute path"},
		{"directory", "", "directory must be an absolute path"},
		{"follow", "var/lib", "follow must be an absolute path"},
		{"socket", "s", "socket must be an absolute path"},
		{"log", "here.log", "log must be an absolute path, stderr, journal or none"},
		{"mirrors", "database.clamav.net", "mirrors takes URLs such as https://mirror.example.org, not"},
		{"mirrors", "ftp://a", "mirrors takes URLs"},
		{"mirrors", "https:// http://b", "mirrors takes URLs"},
		{"private_mirrors", "file:///a", "private_mirrors takes URLs"},
		{"proxy", "proxy:3128", "proxy takes a URL"},
		{"proxy_user", "me", "proxy_user is set, and proxy is not"},
		{"proxy_password", "p", "proxy_password is set, and proxy_user is not"},
		{"local_address", "host", "local_address takes an IP address"},
		{"databases", "daily.cvd", "without .cvd"},
		{"databases", "../x", "databases takes names"},
		{"databases", "daily Daily", "twice"},
		{"databases", "", "nothing to update"},
		{"mirrors", "", "nowhere to fetch from"},
	};
	fresh();
	good("the defaults are good");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		set(bad[i].key, bad[i].value);
		refused(bad[i].line);
	}
	set("mirrors", "http://me:secret@ bad");
	(void)update_settings_check(&settings, &why);
	ok(!strstr(why.text, "secret"), "a password is not shown");
	fresh();
	set("local_address", "::1");
	set("proxy", "socks5h://p:1080");
	set("proxy_user", "u");
	set("proxy_password", "p");
	set("log", "journal");
	set("private_mirrors", "http://127.0.0.1:8080/x");
	set("mirrors", "");
	good("all that is right");
	set("databases", "");
	set("follow", "/var/lib/clamav");
	good("following takes no databases");
}

static void test_feeds(void)
{
	char name[DEFINITION_NAME_MAX];
	fresh();
	FEED("a", "url", "https://h/d/a.ndb?x=1/b.hdb#c");
	update_feed_file(&settings.feeds[0], name);
	same(name, "a.ndb", "the name is the last part of the path");
	good("a feed");
	FEED("a", "file", "a.ndb");
	refused("has no url");
	FEED("a", "url", "ftp://h/a.ndb");
	refused("url must begin with http://, https:// or file:///");
	FEED("a", "url", "file:///d/a.ndb");
	good("a feed from a file");
	FEED("a", "url", "https://h/");
	refused("is no name that definitions are loaded by; set file, such as a.ndb");
	FEED("a", "url", "https://h/a.exe");
	refused("\"a.exe\" is no name");
	FEED("a", "url", "https://h/x", "file", "../a.ndb");
	refused("is no name");
	FEED("a", "url", "https://h/x", "file", "Daily.ndb");
	refused("belongs to the official databases");
	set("databases", "test");
	FEED("a", "url", "https://h/test.cvd");
	refused("belongs to the official databases");
	FEED("a", "url", "https://h/a.ign2");
	refused("takes detection away; set exceptions = true");
	FEED("a", "url", "https://h/a.ign2", "exceptions", "true");
	good("where that is meant");
	FEED("a", "url", "https://h/x.ndb");
	FEED("b", "url", "https://i/X.ndb");
	refused("are both kept as X.ndb");
	FEED("a", "url", "https://h/{key}/a.ndb");
	refused("{key} has nothing to stand for");
	FEED("a", "url", "https://h/{key}/a.ndb", "licensed", "yes");
	good("a licence may be missing; the update says so");
	FEED("a", "url", "https://h/{key}/a.ndb", "key", "k");
	good("a key in the URL");
	FEED("a", "url", "https://h/a.ndb", "header", "X-Key: {key}", "key_file", "/k");
	good("a key in a header");
	FEED("a", "url", "https://h/a.ndb", "key", "k");
	refused("the key is used nowhere");
	FEED("a", "url", "https://h/a.ndb", "licensed", "1");
	refused("the key is used nowhere");
	FEED("a", "url", "https://h/{key}/a.ndb", "key", "k", "key_file", "/k");
	refused("exclude each other");
	FEED("a", "url", "https://h/{key}/a.ndb", "key_file", "k");
	refused("key_file must be an absolute path");
	FEED("a", "url", "https://h/a.ndb", "header", "X-Key");
	refused("header takes one line");
	struct update_feed *made;
	static const char *const bad[] = {"", ".x", "a/b", "a b", "\xC3\xA4"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		okf(update_settings_feed(&settings, bad[i], &made, &why) == -EINVAL, "no name for a feed: %zu", i);
	for (unsigned i = 0; i < UPDATE_FEEDS_MAX; i++) {
		(void)snprintf(name, sizeof name, "f%u", i);
		(void)update_settings_feed(&settings, name, &made, &why);
	}
	ok(settings.feed_count == UPDATE_FEEDS_MAX && update_settings_feed(&settings, "f0", &made, &why) == 0 &&
		   update_settings_feed(&settings, "one-more", &made, &why) == -E2BIG,
	   "feeds have a cap");
}

static void test_urls(void)
{
	static const char *const good_ones[] = {"http://h", "HTTPS://h/", "http://u:p@h:80/x?y#z", "http://[::1]:80/"};
	static const char *const bad_ones[] = {"http://",    "http:///x", "http://u@",  "http://:80/", "://h", "h",
					       "http://h /", "http:/h",   "https ://h", "ttp://h",     ""};
	for (size_t i = 0; i < sizeof good_ones / sizeof *good_ones; i++)
		okf(url_good(good_ones[i], "http https"), "a URL: %s", good_ones[i]);
	for (size_t i = 0; i < sizeof bad_ones / sizeof *bad_ones; i++)
		okf(!url_good(bad_ones[i], "http https"), "no URL: %s", bad_ones[i]);
	ok(url_good("file:///x", "file") && !url_good("file://h/x", "file") && !url_good("file:///", "file"),
	   "files have a path and no host");
	char *shown = url_shown("https://me:s@cret@h/a@b");
	same(shown, "https://h/a@b", "shown without user and password");
	free(shown);
	ok(!url_has_user("https://h/a@b") && !url_has_user("https://h?x@y"), "an @ in the path is none");
}

int main(void)
{
	test_numbers();
	test_kinds();
	test_check();
	test_feeds();
	test_urls();
	update_settings_free(&settings);
	return tap_end();
}
