/*
 * config.c - csapi.conf: what is in it arrives, and whatever else is in it is refused with its line.
 */
#include "format/config.h"
#include "format/config/source.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/csapi-config-XXXXXX";
static struct config config;
static struct why why, warning;

static void put(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");
	if (!file || fwrite(text, 1, size, file) != size || fclose(file) != 0)
		abort();
}

static int read_text(const char *text)
{
	put(text, strlen(text));
	return config_read(path, &config, &warning, &why);
}

/* The text is refused at that line, with that in the line. */
static void refused(const char *text, unsigned line, const char *wanted)
{
	char where[64];
	(void)snprintf(where, sizeof where, "%s:%u: ", path, line);
	int error = read_text(text);
	bool good = error == -EINVAL && strncmp(why.text, where, strlen(where)) == 0 && strstr(why.text, wanted);
	okf(good, "refused: %s", wanted);
	if (!good)
		printf("# %d: %s\n", error, why.text);
	if (!error)
		config_free(&config);
}

static void taken(const char *text, bool (*holds)(void), const char *what)
{
	int error = read_text(text);
	okf(!error && holds(), "%s", what);
	if (error)
		printf("# %s\n", why.text);
	else
		config_free(&config);
}

static bool all_kinds(void)
{
	const struct update_settings *update = &config.update;
	return update->keep == 3 && !update->reload && strcmp(update->directory, "/d") == 0 &&
	       strcmp(update->databases[3], "test") == 0 && !update->databases[4] && !update->mirrors[0] &&
	       strcmp(update->private_mirrors[1], "http://b") == 0 && update->feed_count == 2 &&
	       strcmp(update->feeds[0].name, "one") == 0 && strcmp(update->feeds[0].key, "a b") == 0 &&
	       update->feeds[1].licensed;
}

static bool defaults(void)
{
	return config.update.keep == 2 && strcmp(config.update.databases[0], "main") == 0;
}

static bool keep_three(void)
{
	return config.update.keep == 3;
}

static bool directory_set(void)
{
	return strcmp(config.update.directory, "/from environment/x") == 0;
}

static bool directory_default(void)
{
	return strcmp(config.update.directory, "/other/x") == 0;
}

static bool directory_plain(void)
{
	return strcmp(config.update.directory, "/${HOME}#/") == 0;
}

static const char whole[] =
	"# a comment\nupdate {\n\tdirectory = \"/d\" // and another\n\tkeep = \"3\"\n\treload = off\n"
	"\tdatabases += {\"test\"}\n\tmirrors = {}\n\tprivate_mirrors = {\"http://a\", 'http://b'}\n"
	"\tfeed \"one\" { url = \"http://h/{key}/one.ndb\"\n\t\tkey = \"a b\" }\n\tfeed two {\n"
	"\t\tlicensed = true\n\t\turl = \"http://h/{key}/two.ndb\"\n\t}\n}\n";

static void test_taken(void)
{
	taken(whole, all_kinds, "all kinds of settings arrive");
	taken("", defaults, "an empty file is all defaults");
	taken("# nothing\n", defaults, "so is one of comments");
	taken("update {}\n", defaults, "and an empty section");
	taken("update { keep = 5 }\nupdate { keep = 3 }\n", keep_three,
	      "a section may come in pieces; the last value counts");
	taken("update { keep = 5\nkeep = 3 }", keep_three, "so may a value");
	taken("update { /* keep = 4\n */ keep = 3 # keep = 5\n }", keep_three, "comments do not count");
	(void)setenv("CSAPI_TEST", "from environment", 1);
	taken("update { directory = \"/${CSAPI_TEST}/x\" }", directory_set, "a variable of the environment");
	(void)unsetenv("CSAPI_TEST");
	taken("update { directory = \"/${CSAPI_TEST:-other}/x\" }", directory_default,
	      "and a text instead of one that is not set");
	taken("update { directory = '/${HOME}#/' }", directory_plain, "nothing is replaced in single quotes");
	taken("update { directory = \"/\\${HOME}#/\" }", directory_plain, "nor behind a backslash");
}

static void test_refused(void)
{
	refused("\n/* two\nlines */ /* one */\nupdate {\n kepp = 3\n}\n", 5, "unknown name kepp; did you mean keep?");
	refused("updte {\n}\n", 1, "did you mean update {}?");
	refused("update {\n fed \"x\" {}\n}\n", 2, "did you mean feed {}?");
	refused("update {\n xyzzy = 1\n}\n", 2, "csapi.conf(5)");
	refused("keep = 3\n", 1, "keep does not belong here, but into section update {}");
	refused("update {\n key = \"k\"\n}\n", 2, "key does not belong here, but into section feed {}");
	refused("update {\n feed \"x\" {\n  mirrors = {}\n }\n}\n", 3, "into section update {}");
	refused("update {\n\n keep = 1\n}\n", 3, "keep must be 2 to 20 sets, not 1");
	refused("update {\n keep = many }", 2, "keep takes a whole number of sets, 2 to 20, not \"many\"");
	refused("update {\n keep = 0x3 }", 2, "keep takes a whole number");
	refused("update {\n keep = {3} }", 2, "unexpected token");
	refused("update {\n keep += 3 }", 2, "append");
	refused("update {\n reload = 2 }", 2, "reload takes true or false");
	refused("update {\n keep 3 }", 2, "keep");
	refused("update {\n mirrors = {\"http://a\" \"http://b\"} }", 2, "unexpected token");
	refused("update {\n mirrors = {\"\"} }", 2, "mirrors takes no empty elements");
	refused("update {\n user_agent = \"a\\nb\" }", 2, "no control characters");
	refused("update {\n feed {} }", 2, "a name is missing");
	refused("update {\n feed \"a/b\" {} }", 2, "no name for a feed");
	refused("update {\n feed \"a\" {}\n feed \"a\" {}\n}", 3, "duplicate");
	refused("update {\n keep = 3\n\n", 1, "not closed");
	refused("update {}\n}\n", 2, "closing brace");
	refused("update {\n directory = \"/a\n}\n", 2, "no end on its line");
	refused("update {\n directory = '/a\n}\n", 2, "no end on its line");
	refused("update {}\n/* for ever\n\n", 2, "no end");
	refused("update {\n directory = \"/${CSAPI_TEST}/x\" }", 2, "no variable CSAPI_TEST");
	refused("update {\n keep = ${CSAPI_TEST} }", 2, "no variable CSAPI_TEST");
	refused("update {\n directory = \"/${HOME\" }", 2, "without its }");
	refused("update|keep = 3", 1, "inside the braces");
	refused("\ninclude(\"/etc/csapi/more.conf\")\n", 2, "include is not taken");
	refused("=", 1, "unexpected");
	refused("update {\n keep = 3\n \"\" = 5\n}\n", 3, "should be the name of an option");
}

static void test_many(void)
{
	char text[8192] = "update { mirrors = {";
	for (unsigned i = 0; i <= SETTING_LIST_MAX; i++)
		(void)strcat(text, "\"http://a\",\n");
	(void)strcat(text, "} }");
	refused(text, SETTING_LIST_MAX + 1, "up to 32 elements");
	(void)strcpy(text, "update {\n");
	for (unsigned i = 0; i <= UPDATE_FEEDS_MAX; i++)
		(void)snprintf(text + strlen(text), 32, "feed \"f%u\" {}\n", i);
	(void)strcat(text, "}");
	refused(text, UPDATE_FEEDS_MAX + 2, "more than 64 feeds");
}

static void test_files(void)
{
	struct why none;
	ok(config_read("/nonexistent/csapi.conf", &config, &warning, &why) == -ENOENT &&
		   strstr(why.text, "/nonexistent"),
	   "one that is named and missing is an error");
	ok(config_read("/tmp", &config, &warning, &why) == -EINVAL && strstr(why.text, "no regular file"),
	   "a directory too");
	put("a\0b", 3);
	ok(config_read(path, &config, NULL, &why) == -EINVAL && strstr(why.text, "NUL byte"), "a NUL byte too");
	char *large = malloc(CONFIG_SIZE_MAX + 1);
	if (!large)
		abort();
	memset(large, '\n', CONFIG_SIZE_MAX + 1);
	put(large, CONFIG_SIZE_MAX + 1);
	ok(config_read(path, &config, NULL, &why) == -EFBIG, "a file over 1 MiB too");
	put(large, CONFIG_SIZE_MAX);
	ok(config_read(path, &config, NULL, &none) == 0 && config.update.keep == 2, "and not one of just that size");
	config_free(&config);
	free(large);
	static const struct {
		const char *text;
		bool secret;
	} texts[] = {
		{"update { keep = 3 }", false},
		{"update { proxy_password = \"p\" }", true},
		{"update { mirrors = \"http://u:p@h\" }", true},
		{"update { feed \"a\" { key = \"k\" } }", true},
		{"update { feed \"a\" { key_file = \"/k\" header = \"X-Key: {key}\" } }", false},
		{"update { feed \"a\" { header = \"Authorization: Basic eA==\" } }", true},
		{"update { feed \"a\" { header = \"Accept: text/plain\" } }", false},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		(void)chmod(path, 0644);
		bool read = read_text(texts[i].text) == 0;
		okf(read && (strstr(warning.text, "chmod o-r") != NULL) == texts[i].secret, "everybody may read: %s",
		    texts[i].text);
		config_free(&config);
		(void)chmod(path, 0640);
		okf(read_text(texts[i].text) == 0 && !*warning.text, "not everybody: %s", texts[i].text);
		config_free(&config);
	}
	(void)chmod(path, 0646);
	ok(config_read(path, &config, NULL, &why) == -EPERM && strstr(why.text, "chmod o-w"),
	   "nor one that everybody may write");
	(void)chmod(path, 0600);
}

static void test_places(void)
{
	char home[] = "/tmp/csapi-home-XXXXXX", folder[64], file[128];
	if (!mkdtemp(home))
		abort();
	(void)snprintf(folder, sizeof folder, "%s/csapi", home);
	(void)snprintf(file, sizeof file, "%s/csapi.conf", folder);
	(void)read_text("update { keep = 3 }");
	config_free(&config);
	(void)setenv("XDG_CONFIG_HOME", home, 1);
	(void)setenv("CSAPI_CONFIG", path, 1);
	ok(config_read(NULL, &config, NULL, &why) == 0 && config.update.keep == 3 && strcmp(config.path, path) == 0,
	   "CSAPI_CONFIG names the file");
	config_free(&config);
	(void)setenv("CSAPI_CONFIG", "/nonexistent", 1);
	ok(config_read(NULL, &config, NULL, &why) == -ENOENT, "which must be there");
	(void)setenv("CSAPI_CONFIG", "", 1);
	if (mkdir(folder, 0700) || symlink(path, file))
		abort();
	ok(config_read(NULL, &config, NULL, &why) == 0 && config.path && strcmp(config.path, file) == 0,
	   "then the user's own counts");
	config_free(&config);
	(void)unlink(file);
	bool system_file = access("/etc/csapi/csapi.conf", F_OK) == 0;
	int error = config_read(NULL, &config, NULL, &why);
	if (system_file)
		skip("and without a file all is default", "there is one in /etc");
	else
		ok(error == 0 && !config.path && config.update.keep == 2, "and without a file all is default");
	if (!error)
		config_free(&config);
	(void)rmdir(folder);
	(void)rmdir(home);
}

static int read_mutant(const char *text, size_t size)
{
	put(text, size);
	int error = config_read(path, &config, &warning, &why);
	if (error == 0)
		config_free(&config);
	return error == -EINVAL ? -EBADMSG : error;
}

/* --- engines ---------------------------------------------------------------------------------------------------- */

/* The stanzas of the module's own documentation, with the braces that a stanza ends with. */
static const char stanza[] = "csapi {}\n# note that this module is\n# also nested inside the antivirus module\n"
			     "antivirus \"antivirus1\" {\n  csapi \"csapi1\" {\n    enabled = false\n"
			     "    action = \"pass\"\n    context_variable = \"csapi_status\"\n"
			     "    skip_context_variable = \"skip_virus_check\"\n    max_concurrency = 5\n  }\n}\n";

static const char sieve_stanza[] =
	"csapi {}\nantivirus \"antivirus1\" {\n  csapi \"csapi1\" {\n    enabled = false\n    action = \"pass\"\n"
	"    context_variable = \"virus\"\n    max_concurrency = 4\n  }\n}\n\nsieve \"sieve1\" {\n"
	"  script \"data_phase1\" {\n    source = \"/path/to/csapi_scan.siv\"\n  }\n"
	"  script \"each_rcpt_phase1\" {\n    source = \"/path/to/csapi_process.siv\"\n  }\n}\n";

static const struct engine_settings *engine(uint32_t number)
{
	return &config.engines.engines[number];
}

static bool has_notice(const char *wanted)
{
	for (size_t i = 0; i < config.notice_count; i++)
		if (strstr(config.notices[i], wanted))
			return true;
	return false;
}

static bool the_stanza(void)
{
	return config.engines.engine_count == 1 && strcmp(engine(0)->name, "csapi1") == 0 && !engine(0)->enabled &&
	       engine(0)->action == ENGINE_PASS && engine(0)->max_concurrency == 5 &&
	       strcmp(engine_context_variable(engine(0)), "csapi_status") == 0 &&
	       strcmp(engine(0)->skip_context_variable, "skip_virus_check") == 0 &&
	       strcmp(engine(0)->antivirus, "antivirus1") == 0 && engine(0)->lines[ENGINE_ROW_max_concurrency] == 10 &&
	       !config.notice_count;
}

static bool the_sieve_stanza(void)
{
	return config.engines.engine_count == 1 && strcmp(engine_context_variable(engine(0)), "virus") == 0 &&
	       engine(0)->max_concurrency == 4 && config.notice_count == 1 &&
	       has_notice("section sieve has no effect: it is the mail server's");
}

static bool none_configured(void)
{
	return config.engines.engine_count == 1 && strcmp(engine(0)->name, "csapi") == 0 && !engine(0)->antivirus &&
	       engine(0)->limits.value[LIMIT_max_extract_depth] == 10 && !engine(0)->limits.set[LIMIT_timeout] &&
	       engine(0)->cache_size == 1000 && engine(0)->error_code == 451 && !engine(0)->use_wire_rep;
}

static bool empty_section(void)
{
	return config.engines.engine_count == 0;
}

static bool kinds_and_inheritance(void)
{
	const struct engine_settings *one = engine(0), *two = engine(1), *three = engine(2);
	return config.engines.engine_count == 3 && one->kind == ENGINE_CSAPI && two->kind == ENGINE_CLAMAV &&
	       one->action == ENGINE_REJECT && two->action == ENGINE_PASS && three->action == ENGINE_PASS &&
	       one->limits.value[LIMIT_timeout] == 30 && one->limits.set[LIMIT_timeout] &&
	       two->limits.value[LIMIT_timeout] == 20 && three->limits.value[LIMIT_timeout] == 10 &&
	       one->lines[ENGINE_ROW_LIMITS + LIMIT_timeout] == 7 && strcmp(two->daemon[0], "127.0.0.1:3310") == 0 &&
	       !two->daemon[1] && strcmp(three->daemon[1], "/run/clamd") == 0 && three->lines[ENGINE_ROW_daemon] == 11;
}

static bool all_passive(void)
{
	return !engine(0)->enabled && engine(0)->debug_level == 4 && engine(1)->enabled && engine(1)->debug_level == 3;
}

static bool without_effect(void)
{
	return config.notice_count == 4 && has_notice(":3: pool has no effect") &&
	       has_notice(":4: prefer_mem has no effect") && has_notice("does not set max_concurrency") &&
	       has_notice(":8: cache_size has no effect: what clamd keeps");
}

static bool one_interval(void)
{
	return config.update.update_interval == 7200 && strcmp(config.update.socket, "/run/s") == 0;
}

static bool other_interval(void)
{
	return config.update.update_interval == 86400;
}

static void test_engines(void)
{
	taken(stanza, the_stanza, "the stanza of the module's documentation");
	taken(sieve_stanza, the_sieve_stanza, "and the one with its scripts");
	taken("", none_configured, "without a section there is one engine, with all its defaults");
	taken("antivirus \"a\" {\n}\n", empty_section, "an empty section has none");
	taken("antivirus \"a\" {\n csapi \"one\" {max_concurrency = 2}\n action = REJECT\n clamav \"two\" {\n"
	      "  daemon = 127.0.0.1:3310\n timeout = \"20\" action = pass }\n timeout = 30\n}\n"
	      "antivirus \"b\" {\n clamav \"three\" {\n  daemon = {\"h\", \"/run/clamd\"}\n }\n}\n",
	      kinds_and_inheritance, "engines of both kinds; a section says what its engines do not");
	taken("csapi { enabled = false debug_level = \"INFO\" }\nantivirus \"a\" { csapi \"one\" { enabled = true\n"
	      "max_concurrency = 1 } clamav \"two\" { daemon = \"h\" } }",
	      all_passive, "the global section is for all csapi engines");
	taken("antivirus \"a\" {\n csapi \"one\" {\n  pool = \"CPU\"\n  prefer_mem = true\n }\n clamav \"two\" {\n"
	      "  daemon = \"h\"\n  cache_size = 5\n }\n}\n",
	      without_effect, "what has no effect is taken, and told");
	taken("antivirus \"a\" { csapi \"one\" { update_interval = 7200 socket = \"/run/s\" max_concurrency = 1 } }",
	      one_interval, "an engine's update_interval and socket are those of updates");
	taken("update { update_interval = 86400 }\nantivirus \"a\" { csapi \"one\" { update_interval = 7200 "
	      "max_concurrency = 1 } }",
	      other_interval, "where section update does not say them itself");
}

static void test_engines_refused(void)
{
	refused("antivirus \"a\" {\n csapi \"c\" {\n  max_concurency = 3\n }\n}\n", 3, "did you mean max_concurrency?");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  daemon = \"h\"\n }\n}\n", 3,
		"daemon does not belong here, but into section clamav {}");
	refused("antivirus \"a\" {\n max_extract_depth = 3\n}\n", 2,
		"max_extract_depth does not belong here, but into section csapi {}");
	refused("csapi {\n max_concurrency = 3\n}\n", 2, "max_concurrency does not belong here");
	refused("antivirus \"a\" {\n clamv \"c\" {\n }\n}\n", 2, "did you mean clamav {}?");
	refused("antivirus {\n}\n", 1, "a name is missing");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  max_extract_depth = 51\n }\n}\n", 3,
		"max_extract_depth must be 1 to 50 levels, not 51");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  max_cumulative_extract_size = 2147483649\n }\n}\n", 3,
		"must be 0 to 2147483648 bytes");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  max_concurrency = 0\n }\n}\n", 3, "1 to 256 workers");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  action = \"discard\"\n }\n}\n", 3,
		"action takes one of the words pass reject, not \"discard\"");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  error_code = 250\n }\n}\n", 3, "error_code must be 400 to 599");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  enabled = maybe\n }\n}\n", 3, "enabled takes true or false");
	refused("antivirus \"a\" {\n csapi \"c\" {\n\n  context_variable = \"a b\"\n }\n}\n", 4,
		"context_variable takes a name");
	refused("antivirus \"a\" {\n csapi \"c\" {\n\n  scanner_path = \"bin/scanner\"\n }\n}\n", 4,
		"scanner_path must be an absolute path");
	refused("antivirus \"a\" {\n clamav \"c\" {\n  timeout = 3\n }\n}\n", 3, "has no clamd to ask");
	refused("antivirus \"a\" {\n csapi \"c\" {\n  timeout = 3\n }\n}\nantivirus \"b\" {\n csapi \"c\" {\n"
		"  timeout = 4\n }\n}\n",
		8, "there is an engine \"c\" already");
	refused("antivirus \"a\" {\n csapi \"12345678901234567890123456789012345678901\" {\n  timeout = 3\n }\n}\n", 3,
		"is longer than 40 characters");
}

int main(void)
{
	int fd = mkstemp(path);
	if (fd < 0)
		abort();
	(void)close(fd);
	test_taken();
	test_refused();
	test_engines();
	test_engines_refused();
	test_many();
	test_files();
	test_places();
	ok(mutate_all(whole, 1, 3000, read_mutant), "damaged files are refused, or taken");
	taken(whole, all_kinds, "and what comes after them is read as ever");
	(void)unlink(path);
	return tap_end();
}
