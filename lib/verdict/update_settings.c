/*
 * update_settings.c - the rows of update_settings.def as values, and what they say against each other; see update_settings.h.
 *
 * Refuses what could only fail later, in the middle of the night: a URL that nobody fetches, a name that no engine loads, a key that is
 * used nowhere.
 */
#include "verdict/update_settings.h"

#include "base/distance.h"
#include "verdict/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MIRROR_SCHEMES "http https"
#define FEED_SCHEMES   "http https file"
/* What libfreshclam knows. */
#define PROXY_SCHEMES "http https socks4 socks4a socks5 socks5h"

/* What may stand in the name of a database or of a header. */
#define LETTERS      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_LETTERS LETTERS "0123456789-_"

#define IN(structure, key) offsetof(struct structure, key)

static const struct setting update_rows[] = {
#define UPDATE_NUMBER(key, unit, min, max, def, text)                                                                  \
	{#key, SETTING_NUMBER, IN(update_settings, key), unit, min, max, def, NULL, text},
#define UPDATE_TEXT(key, def, text) {#key, SETTING_TEXT, IN(update_settings, key), NULL, 0, 0, 0, def, text},
#define UPDATE_LIST(key, def, text) {#key, SETTING_LIST, IN(update_settings, key), NULL, 0, 0, 0, def, text},
#define UPDATE_BOOL(key, def, text) {#key, SETTING_BOOL, IN(update_settings, key), NULL, 0, 0, def, NULL, text},
#define FEED_TEXT(key, def, text)
#define FEED_BOOL(key, def, text)
#include "verdict/update_settings.def"
#undef UPDATE_NUMBER
#undef UPDATE_TEXT
#undef UPDATE_LIST
#undef UPDATE_BOOL
#undef FEED_TEXT
#undef FEED_BOOL
};

static const struct setting feed_rows[] = {
#define UPDATE_NUMBER(key, unit, min, max, def, text)
#define UPDATE_TEXT(key, def, text)
#define UPDATE_LIST(key, def, text)
#define UPDATE_BOOL(key, def, text)
#define FEED_TEXT(key, def, text) {#key, SETTING_TEXT, IN(update_feed, key), NULL, 0, 0, 0, def, text},
#define FEED_BOOL(key, def, text) {#key, SETTING_BOOL, IN(update_feed, key), NULL, 0, 0, def, NULL, text},
#include "verdict/update_settings.def"
#undef UPDATE_NUMBER
#undef UPDATE_TEXT
#undef UPDATE_LIST
#undef UPDATE_BOOL
#undef FEED_TEXT
#undef FEED_BOOL
};

#define UPDATE_ROWS (sizeof update_rows / sizeof *update_rows)
#define FEED_ROWS   (sizeof feed_rows / sizeof *feed_rows)

const struct setting *update_settings_rows(size_t *ret_count)
{
	*ret_count = UPDATE_ROWS;
	return update_rows;
}

const struct setting *update_feed_rows(size_t *ret_count)
{
	*ret_count = FEED_ROWS;
	return feed_rows;
}

/* --- values ----------------------------------------------------------------------------------------------------- */

int update_settings_init(struct update_settings *ret_settings)
{
	*ret_settings = (struct update_settings){.feeds = NULL};
	int error = setting_defaults(update_rows, UPDATE_ROWS, ret_settings);
	if (error)
		update_settings_free(ret_settings);
	return error;
}

void update_settings_free(struct update_settings *settings)
{
	for (uint32_t i = 0; i < settings->feed_count; i++) {
		setting_free(feed_rows, FEED_ROWS, &settings->feeds[i]);
		free(settings->feeds[i].name);
	}
	free(settings->feeds);
	settings->feeds = NULL;
	settings->feed_count = 0;
	setting_free(update_rows, UPDATE_ROWS, settings);
}

int update_settings_set(struct update_settings *settings, const char *key, const char *value, struct why *why)
{
	const struct setting *row = setting_find(update_rows, UPDATE_ROWS, key);
	if (row)
		return setting_set(row, settings, value, why);
	struct distance_nearest nearest = {NULL, DISTANCE_MAX};
	for (size_t i = 0; i < UPDATE_ROWS; i++)
		distance_try(&nearest, key, update_rows[i].key);
	if (nearest.name)
		return why_set(why, -ENOENT, "there is no setting %.64s; did you mean %s?", key, nearest.name);
	return why_set(why, -ENOENT, "there is no setting %.64s; csapi.conf(5) lists them", key);
}

static bool feed_name_good(const char *name)
{
	size_t length = strlen(name);
	return length && length < DEFINITION_NAME_MAX && strspn(name, NAME_LETTERS ".") == length && name[0] != '.';
}

int update_settings_feed(struct update_settings *settings, const char *name, struct update_feed **ret_feed,
			 struct why *why)
{
	for (uint32_t i = 0; i < settings->feed_count; i++) {
		*ret_feed = &settings->feeds[i];
		if (strcmp(settings->feeds[i].name, name) == 0)
			return 0;
	}
	if (!feed_name_good(name))
		return why_set(why, -EINVAL, "\"%.64s\" is no name for a feed; it takes letters, digits, - _ and .",
			       name);
	if (settings->feed_count == UPDATE_FEEDS_MAX)
		return why_set(why, -E2BIG, "there are more than %u feeds", UPDATE_FEEDS_MAX);
	struct update_feed *feeds = reallocarray(settings->feeds, settings->feed_count + 1, sizeof *feeds);
	if (!feeds)
		return why_errno(why, -ENOMEM, "feed \"%s\"", name);
	settings->feeds = feeds;
	struct update_feed *feed = &feeds[settings->feed_count];
	*feed = (struct update_feed){.name = strdup(name)};
	if (!feed->name || setting_defaults(feed_rows, FEED_ROWS, feed)) {
		setting_free(feed_rows, FEED_ROWS, feed);
		free(feed->name);
		return why_errno(why, -ENOMEM, "feed \"%s\"", name);
	}
	settings->feed_count++;
	*ret_feed = feed;
	return 0;
}

void update_feed_file(const struct update_feed *feed, char ret_name[DEFINITION_NAME_MAX])
{
	const char *from = feed->file ? feed->file : feed->url ? feed->url : "";
	size_t length = strlen(from);
	if (!feed->file) {
		length = strcspn(from, "?#");
		const char *slash = memrchr(from, '/', length);
		length = slash ? length - (size_t)(slash + 1 - from) : 0;
		from = slash ? slash + 1 : from;
	}
	(void)snprintf(ret_name, DEFINITION_NAME_MAX, "%.*s", length < DEFINITION_NAME_MAX ? (int)length : 0, from);
}

bool update_feed_wants_key(const struct update_feed *feed)
{
	return (feed->url && strstr(feed->url, UPDATE_FEED_KEY)) ||
	       (feed->header && strstr(feed->header, UPDATE_FEED_KEY));
}

/* --- what they say against each other --------------------------------------------------------------------------- */

static int check_absolute(const char *key, const char *path, struct why *why)
{
	if (!path || path[0] == '/')
		return 0;
	return why_set(why, -EINVAL, "%s must be an absolute path, not \"%.64s\"", key, path);
}

static int check_paths(const struct update_settings *settings, struct why *why)
{
	bool word = settings->log && (strcmp(settings->log, "stderr") == 0 || strcmp(settings->log, "journal") == 0 ||
				      strcmp(settings->log, "none") == 0);
	int error = check_absolute("directory", settings->directory, why);
	error = error ? error : check_absolute("follow", settings->follow, why);
	error = error ? error : check_absolute("socket", settings->socket, why);
	if (error || word || !settings->log || settings->log[0] == '/')
		return error;
	return why_set(why, -EINVAL, "log must be an absolute path, stderr, journal or none, not \"%.64s\"",
		       settings->log);
}

static int check_mirrors(const char *key, char *const *urls, struct why *why)
{
	for (; *urls; urls++) {
		if (url_good(*urls, MIRROR_SCHEMES))
			continue;
		/* With an @ it may hold a password. */
		bool show = !strchr(*urls, '@');
		return why_set(why, -EINVAL, "%s takes URLs such as https://mirror.example.org%s%.128s", key,
			       show ? ", not " : "", show ? *urls : "");
	}
	return 0;
}

static int check_address(const char *address, struct why *why)
{
	struct in6_addr room;
	if (!address || inet_pton(AF_INET, address, &room) == 1 || inet_pton(AF_INET6, address, &room) == 1)
		return 0;
	return why_set(why, -EINVAL, "local_address takes an IP address of this machine, not \"%.64s\"", address);
}

static int check_network(const struct update_settings *settings, struct why *why)
{
	int error = check_mirrors("mirrors", settings->mirrors, why);
	error = error ? error : check_mirrors("private_mirrors", settings->private_mirrors, why);
	error = error ? error : check_address(settings->local_address, why);
	if (error)
		return error;
	if (settings->proxy && !url_good(settings->proxy, PROXY_SCHEMES))
		return why_set(why, -EINVAL, "proxy takes a URL such as http://proxy.example.org:3128");
	if (settings->proxy_user && !settings->proxy)
		return why_set(why, -EINVAL, "proxy_user is set, and proxy is not");
	if (settings->proxy_password && !settings->proxy_user)
		return why_set(why, -EINVAL, "proxy_password is set, and proxy_user is not");
	return 0;
}

static int check_databases(const struct update_settings *settings, struct why *why)
{
	char *const *databases = settings->databases;
	for (size_t i = 0; databases[i]; i++) {
		size_t length = strlen(databases[i]);
		if (length >= DEFINITION_NAME_MAX - sizeof ".cvd" || strspn(databases[i], NAME_LETTERS) != length)
			return why_set(why, -EINVAL, "databases takes names such as daily, without .cvd, not \"%.64s\"",
				       databases[i]);
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(databases[i], databases[k]) == 0)
				return why_set(why, -EINVAL, "databases names \"%s\" twice", databases[i]);
	}
	if (!databases[0] && !settings->feed_count && !settings->follow)
		return why_set(why, -EINVAL, "there is nothing to update: databases is empty, and there is no feed");
	if (databases[0] && !settings->mirrors[0] && !settings->private_mirrors[0] && !settings->follow)
		return why_set(why, -EINVAL, "there is nowhere to fetch from: mirrors and private_mirrors are empty");
	return 0;
}

/* "Name: value", for a header line. */
static bool header_good(const char *header)
{
	size_t name = strspn(header, NAME_LETTERS);
	return name && header[name] == ':' && header[name + 1 + strspn(header + name + 1, " ")];
}

static int check_key(const struct update_feed *feed, struct why *why)
{
	bool wanted = update_feed_wants_key(feed), given = feed->key || feed->key_file;
	if (feed->key && feed->key_file)
		return why_set(why, -EINVAL, "feed \"%s\": key and key_file exclude each other", feed->name);
	if (feed->key_file && feed->key_file[0] != '/')
		return why_set(why, -EINVAL, "feed \"%s\": key_file must be an absolute path", feed->name);
	if (wanted && !given && !feed->licensed)
		return why_set(why, -EINVAL,
			       "feed \"%s\": " UPDATE_FEED_KEY " has nothing to stand for; set key or key_file",
			       feed->name);
	if (!wanted && (given || feed->licensed))
		return why_set(why, -EINVAL,
			       "feed \"%s\": the key is used nowhere; write " UPDATE_FEED_KEY
			       " where it belongs in url or header",
			       feed->name);
	return 0;
}

/* Is it a file of one of the databases that come from mirrors? */
static bool is_database(const struct update_settings *settings, const char *file)
{
	static const char *const official[] = {"main", "daily", "bytecode", NULL};
	size_t length = strcspn(file, ".");
	for (size_t i = 0; official[i]; i++)
		if (strlen(official[i]) == length && strncasecmp(official[i], file, length) == 0)
			return true;
	for (char *const *name = settings->databases; *name; name++)
		if (strlen(*name) == length && strncasecmp(*name, file, length) == 0)
			return true;
	return false;
}

static int check_file(const struct update_settings *settings, uint32_t number, struct why *why)
{
	const struct update_feed *feed = &settings->feeds[number];
	char file[DEFINITION_NAME_MAX], other[DEFINITION_NAME_MAX];
	update_feed_file(feed, file);
	if (!definition_name_good(file))
		return why_set(
			why, -EINVAL,
			"feed \"%s\": \"%.64s\" is no name that definitions are loaded by; set file, such as %s.ndb",
			feed->name, file, feed->name);
	if (is_database(settings, file))
		return why_set(why, -EINVAL,
			       "feed \"%s\": %s belongs to the official databases; set file to another name",
			       feed->name, file);
	if (definition_name_exception(file) && !feed->exceptions)
		return why_set(why, -EINVAL,
			       "feed \"%s\": %s takes detection away; set exceptions = true if that is meant",
			       feed->name, file);
	for (uint32_t i = 0; i < number; i++) {
		update_feed_file(&settings->feeds[i], other);
		if (strcasecmp(file, other) == 0)
			return why_set(why, -EINVAL,
				       "feeds \"%s\" and \"%s\" are both kept as %s; set file in one of them",
				       settings->feeds[i].name, feed->name, file);
	}
	return 0;
}

static int check_feed(const struct update_settings *settings, uint32_t number, struct why *why)
{
	const struct update_feed *feed = &settings->feeds[number];
	if (!feed->url)
		return why_set(why, -EINVAL, "feed \"%s\" has no url", feed->name);
	/* What is wrong in it may be the key, so it is not shown. */
	if (!url_good(feed->url, FEED_SCHEMES))
		return why_set(why, -EINVAL,
			       "feed \"%s\": url must begin with http://, https:// or file:///, without blanks",
			       feed->name);
	if (feed->header && !header_good(feed->header))
		return why_set(why, -EINVAL,
			       "feed \"%s\": header takes one line such as \"X-Key: " UPDATE_FEED_KEY "\"", feed->name);
	int error = check_key(feed, why);
	return error ? error : check_file(settings, number, why);
}

int update_settings_check(const struct update_settings *settings, struct why *why)
{
	int error = check_paths(settings, why);
	error = error ? error : check_network(settings, why);
	error = error ? error : check_databases(settings, why);
	for (uint32_t i = 0; !error && i < settings->feed_count; i++)
		error = check_feed(settings, i, why);
	return error;
}
