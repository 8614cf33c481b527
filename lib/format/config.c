/*
 * config.c - csapi.conf by way of libconfuse; see config.h.
 *
 * The tables of the sections make the parser's options: every value comes to us as the text that stands in the file, at the moment when
 * the parser knows its line, and the row of the table decides about it. So a number in the octal notation of C is no surprise, and no
 * row is written twice. include() is not taken: what a file says should be in it.
 */
#include "format/config.h"

#include "base/distance.h"
#include "format/config/source.h"
#include "verdict/url.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* A kind of section: the rows that may stand in it, and where their values go. */
struct section {
	const char *name;
	bool titled;                                      /* NAME "TITLE" {}, any number of them */
	const struct setting *(*rows)(size_t *ret_count); /* NULL: none */
	/* Where the values of the section with that title lie (NULL: it has none). 0 or -errno with why. NULL: it means nothing here. */
	int (*values)(struct config *config, const char *title, void **ret_values, struct why *why);
	/* A value was set in that line. 0 or -errno with why. NULL: nobody wants to know. */
	int (*note)(struct config *config, void *values, const struct setting *row, unsigned line, struct why *why);
	const struct section *inner; /* sections in it */
	size_t inner_count;
};

/* --- one reading ------------------------------------------------------------------------------------------------ */

/* What an option of the parser stands for; the parser carries the number of it in a field that it leaves alone. */
struct meaning {
	const struct section *section;
	const struct setting *row; /* NULL: the section itself */
};
/* Bytes that libconfuse needs at most for a file that is not refused; ours, with a reserve. */
#define PARSER_MEMORY ((size_t)16 << 20)
#define MEANINGS_MAX  256

/* One at a time, since the parser has neither a place for a context nor a scanner for two. */
static struct reading {
	const char *path;
	struct config *config;
	cfg_t *parser;
	struct why *why;
	int error;          /* the first; 0: none so far */
	bool interval_said; /* update_interval, in section update */
	size_t count;
	struct meaning meanings[MEANINGS_MAX];
} reading;

/* Something to be told by --check-config. 0 or -ENOMEM. */
static int notice(unsigned line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int notice(unsigned line, const char *format, ...)
{
	struct config *config = reading.config;
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	char **notices = reallocarray(config->notices, config->notice_count + 1, sizeof *notices);
	if (!notices)
		return -ENOMEM;
	config->notices = notices;
	if (asprintf(&notices[config->notice_count], "%s:%u: %s", reading.path, line, text) < 0)
		return -ENOMEM;
	config->notice_count++;
	return 0;
}

/* --- sections --------------------------------------------------------------------------------------------------- */

static int update_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	(void)title;
	(void)why;
	*ret_values = &config->update;
	return 0;
}

static int update_note(struct config *config, void *values, const struct setting *row, unsigned line, struct why *why)
{
	(void)values;
	(void)line;
	(void)why;
	config->directory_said |= row && strcmp(row->key, "directory") == 0;
	reading.interval_said |= row && strcmp(row->key, "update_interval") == 0;
	return 0;
}

static int feed_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	struct update_feed *feed;
	int error = update_settings_feed(&config->update, title, &feed, why);
	*ret_values = feed;
	return error;
}

static const struct setting *antivirus_rows(size_t *ret_count)
{
	return engine_settings_rows(ENGINE_KIND_COUNT, ret_count);
}

static const struct setting *csapi_rows(size_t *ret_count)
{
	return engine_settings_rows(ENGINE_CSAPI, ret_count);
}

static const struct setting *clamav_rows(size_t *ret_count)
{
	return engine_settings_rows(ENGINE_CLAMAV, ret_count);
}

static int global_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	(void)title;
	(void)why;
	*ret_values = &config->engines.global;
	return 0;
}

static int antivirus_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	struct engine_settings *antivirus;
	int error = engines_settings_antivirus(&config->engines, title, &antivirus, why);
	*ret_values = antivirus;
	return error;
}

/* The title of the section antivirus that is being read: the last one. */
static const char *antivirus_title(void)
{
	cfg_opt_t *all = cfg_getopt(reading.parser, "antivirus");
	return cfg_title(cfg_opt_getnsec(all, cfg_opt_size(all) - 1));
}

static int engine_values(struct config *config, enum engine_kind kind, const char *name, void **ret_values,
			 struct why *why)
{
	struct engine_settings *engine;
	int error = engines_settings_engine(&config->engines, antivirus_title(), kind, name, &engine, why);
	*ret_values = engine;
	return error;
}

static int csapi_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	return engine_values(config, ENGINE_CSAPI, title, ret_values, why);
}

static int clamav_values(struct config *config, const char *title, void **ret_values, struct why *why)
{
	return engine_values(config, ENGINE_CLAMAV, title, ret_values, why);
}

/* For an engine, the section around it, and the global one alike; a row of NULL: its block has ended. */
static int engine_note(struct config *config, void *values, const struct setting *row, unsigned line, struct why *why)
{
	struct engine_settings *engine = values;
	enum engine_kind kind = engine->name ? engine->kind : ENGINE_KIND_COUNT;
	(void)config;
	(void)why;
	if (!engine->line)
		engine->line = line;
	if (!row && engine->name && kind == ENGINE_CSAPI && !engine->lines[ENGINE_ROW_max_concurrency])
		return notice(line, "csapi \"%s\" does not set max_concurrency; the scanner has one worker",
			      engine->name);
	/* A list is told at the end of its block once more, whether it was there or not. */
	bool list = row && row->kind == SETTING_LIST;
	if (!row || (list && (!*setting_list(row, values) || engine->lines[engine_settings_row(row)])))
		return 0;
	engine->lines[engine_settings_row(row)] = line;
	const char *voided = engine_settings_void(kind, row);
	return voided ? notice(line, "%s has no effect: %s", row->key, voided) : 0;
}

/* What a file of the mail server has beside the engines. */
static const struct setting *script_rows(size_t *ret_count)
{
	static const struct setting rows[] = {{"source", SETTING_TEXT, 0, NULL, 0, 0, 0, NULL, ""}};
	*ret_count = 1;
	return rows;
}

static const struct section in_update[] = {
	{"feed", true, update_feed_rows, feed_values, NULL, NULL, 0},
};

static const struct section in_antivirus[] = {
	{"csapi", true, csapi_rows, csapi_values, engine_note, NULL, 0},
	{"clamav", true, clamav_rows, clamav_values, engine_note, NULL, 0},
};

static const struct section in_sieve[] = {
	{"script", true, script_rows, NULL, NULL, NULL, 0},
};

static const struct section in_file[] = {
	{"update", false, update_settings_rows, update_values, update_note, in_update,
	 sizeof in_update / sizeof *in_update},
	{"csapi", false, engine_global_rows, global_values, engine_note, NULL, 0},
	{"antivirus", true, antivirus_rows, antivirus_values, engine_note, in_antivirus,
	 sizeof in_antivirus / sizeof *in_antivirus},
	{"sieve", true, NULL, NULL, NULL, in_sieve, sizeof in_sieve / sizeof *in_sieve},
};
#define IN_FILE (sizeof in_file / sizeof *in_file)

/* --- faults ----------------------------------------------------------------------------------------------------- */

static int fault(cfg_t *at, int error, const char *text)
{
	if (!reading.error)
		reading.error = why_set(reading.why, error == -ENOMEM ? error : -EINVAL, "%s:%d: %s", reading.path,
					at->line, text);
	return -1;
}

/* --- unknown names ---------------------------------------------------------------------------------------------- */

/* The name of the section in which `name` would be right; NULL: in none. */
static const char *home_of(const struct section *sections, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		size_t rows = 0;
		const struct setting *row = sections[i].rows ? sections[i].rows(&rows) : NULL;
		/* What belongs to the mail server is no place to send anybody. */
		if (sections[i].values && setting_find(row, rows, name))
			return sections[i].name;
		for (size_t k = 0; k < sections[i].inner_count; k++)
			if (strcmp(sections[i].inner[k].name, name) == 0)
				return sections[i].name;
		const char *home = home_of(sections[i].inner, sections[i].inner_count, name);
		if (home)
			return home;
	}
	return NULL;
}

static void unknown_name(cfg_t *at, const char *name)
{
	struct distance_nearest nearest = {NULL, DISTANCE_MAX};
	bool section = false;
	for (cfg_opt_t *option = at->opts; option->name; option++) {
		distance_try(&nearest, name, option->name);
		section = nearest.name == option->name ? option->type == CFGT_SEC : section;
	}
	const char *home = nearest.distance ? home_of(in_file, IN_FILE, name) : NULL;
	struct why why;
	if (strcmp(name, "include") == 0)
		(void)why_set(&why, 0,
			      "include is not taken; write everything into one file, and keys into files of "
			      "their own (key_file)");
	else if (home)
		(void)why_set(&why, 0, "%.64s does not belong here, but into section %s {}", name, home);
	else if (nearest.name)
		(void)why_set(&why, 0, "unknown name %.64s; did you mean %s%s?", name, nearest.name,
			      section ? " {}" : "");
	else
		(void)why_set(&why, 0, "unknown name %.64s; csapi.conf(5) lists what there is", name);
	(void)fault(at, -EINVAL, why.text);
}

/* What the parser has to say. */
static void hear(cfg_t *at, const char *format, va_list arguments)
{
	static const char unknown[] = "no such option '", untitled[] = "missing title for section '";
	char text[256];
	(void)vsnprintf(text, sizeof text, format, arguments);
	if (strncmp(text, untitled, sizeof untitled - 1) == 0) {
		(void)snprintf(text, sizeof text,
			       "a name is missing here, in quotes and before the brace, as in NAME \"one\" {");
		(void)fault(at, -EINVAL, text);
		return;
	}
	if (strncmp(text, unknown, sizeof unknown - 1) != 0) {
		(void)fault(at, -EINVAL, text);
		return;
	}
	char *name = text + sizeof unknown - 1, *end = strrchr(name, '\'');
	if (end)
		*end = '\0';
	unknown_name(at, name);
}

/* --- values ----------------------------------------------------------------------------------------------------- */

static int take_list(const struct setting *row, void *values, cfg_opt_t *option, struct why *why)
{
	const char *words[SETTING_LIST_MAX + 1];
	unsigned count = cfg_opt_size(option);
	for (unsigned i = 0; i < count && i <= SETTING_LIST_MAX; i++)
		words[i] = cfg_opt_getnstr(option, i);
	return setting_set_list(row, values, words, count, why);
}

/* A value was read, or one more element of a list. */
static int take_value(cfg_t *at, cfg_opt_t *option)
{
	const struct meaning *meaning = &reading.meanings[option->def.number];
	const struct section *section = meaning->section;
	struct why why = {""};
	void *values;
	if (!section->values)
		return 0;
	int error = section->values(reading.config, at->title, &values, &why);
	if (!error)
		error = meaning->row->kind == SETTING_LIST
				? take_list(meaning->row, values, option, &why)
				: setting_set(meaning->row, values, cfg_opt_getnstr(option, 0), &why);
	if (!error && section->note)
		error = section->note(reading.config, values, meaning->row, (unsigned)at->line, &why);
	return error ? fault(at, error, why.text) : 0;
}

/* A section that means nothing here. The outermost is told. */
static int take_void(const struct section *section, cfg_t *at)
{
	bool outermost = section >= in_file && section < in_file + IN_FILE;
	if (outermost && notice((unsigned)at->line, "section %s has no effect: it is the mail server's", section->name))
		return fault(at, -ENOMEM, "no memory");
	return 0;
}

/* A section has ended: it is there even if it is empty, and so are its empty lists, of which the parser tells nothing else. */
static int take_section(cfg_t *at, cfg_opt_t *option)
{
	cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
	const struct meaning *meaning = &reading.meanings[option->def.number];
	struct why why = {""};
	void *values;
	/* The library goes on where it had no memory for the options of a section. */
	if (!section || !section->opts)
		return fault(at, -ENOMEM, "no memory");
	if (!meaning->section->values)
		return take_void(meaning->section, at);
	int error = meaning->section->values(reading.config, section->title, &values, &why);
	if (!error && meaning->section->note)
		error = meaning->section->note(reading.config, values, NULL, (unsigned)at->line, &why);
	if (error)
		return fault(at, error, why.text);
	for (cfg_opt_t *list = section->opts; list->name; list++)
		if ((list->flags & CFGF_LIST) && take_value(section, list))
			return -1;
	return 0;
}

/* --- options of the parser -------------------------------------------------------------------------------------- */

static long mean(const struct section *section, const struct setting *row)
{
	if (reading.count == MEANINGS_MAX)
		abort(); /* a table outgrew the reading */
	reading.meanings[reading.count] = (struct meaning){section, row};
	return (long)reading.count++;
}

/* {"a", "b"} of "a b", for the parser to begin lists with, so that += adds to the default. Caller frees; NULL: no memory. */
static char *list_text(const char *words)
{
	char *text = malloc(4 * strlen(words) + sizeof "{}"), *to = text;
	if (!text)
		return NULL;
	*to++ = '{';
	for (const char *word = words; *word;) {
		size_t size = strcspn(word, " ");
		to += sprintf(to, "%s\"%.*s\"", to > text + 1 ? "," : "", (int)size, word);
		word += size + (word[size] == ' ');
	}
	(void)strcpy(to, "}");
	return text;
}

static void free_options(cfg_opt_t *options)
{
	for (cfg_opt_t *option = options; option && option->name; option++) {
		free(option->def.parsed);
		free_options(option->subopts);
	}
	free(options);
}

static cfg_opt_t *options_of(const struct section *sections, size_t count, const struct section *around);

/* One row, or one section. False: no memory. */
static bool row_option(const struct section *section, const struct setting *row, cfg_opt_t *ret_option)
{
	*ret_option = (cfg_opt_t){.name = row->key, .type = CFGT_STR, .flags = CFGF_NODEFAULT, .validcb = take_value};
	ret_option->def.number = mean(section, row);
	if (row->kind != SETTING_LIST)
		return true;
	ret_option->flags = CFGF_LIST;
	ret_option->def.parsed = list_text(row->words);
	return ret_option->def.parsed != NULL;
}

static bool section_option(const struct section *section, cfg_opt_t *ret_option)
{
	cfg_flag_t titled = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	*ret_option = (cfg_opt_t){.name = section->name,
				  .type = CFGT_SEC,
				  .flags = section->titled ? titled : CFGF_NONE,
				  .validcb = take_section};
	ret_option->def.number = mean(section, NULL);
	ret_option->subopts = options_of(section->inner, section->inner_count, section);
	return ret_option->subopts != NULL;
}

/* The options inside of a section (NULL: of the file), ended as the parser wants it. NULL: no memory. */
static cfg_opt_t *options_of(const struct section *sections, size_t count, const struct section *around)
{
	size_t rows = 0, used = 0;
	const struct setting *row = around && around->rows ? around->rows(&rows) : NULL;
	cfg_opt_t *options = calloc(rows + count + 1, sizeof *options);
	bool good = options != NULL;
	for (size_t i = 0; good && i < rows; i++)
		good = row_option(around, &row[i], &options[used++]);
	for (size_t i = 0; good && i < count; i++)
		good = section_option(&sections[i], &options[used++]);
	if (good)
		return options;
	free_options(options);
	return NULL;
}

/* --- a file ----------------------------------------------------------------------------------------------------- */

/* How far the parser came. */
static int last_line(cfg_t *at)
{
	int last = at->line;
	for (cfg_opt_t *option = at->opts; option->name; option++) {
		for (unsigned i = 0; option->type == CFGT_SEC && i < cfg_opt_size(option); i++) {
			int line = last_line(cfg_opt_getnsec(option, i));
			last = line > last ? line : last;
		}
	}
	return last;
}

/* What the sections say together. */
static int settle_engines(struct config *config, struct why *why)
{
	unsigned line;
	struct why that = {""};
	int error = engines_settings_settle(&config->engines, &line, &that);
	if (error)
		return line ? why_set(why, error, "%s:%u: %s", config->path, line, that.text)
			    : why_set(why, error, "%s", that.text);
	for (uint32_t i = 0; i < config->engines.engine_count; i++) {
		const struct engine_settings *engine = &config->engines.engines[i];
		if (engine->lines[ENGINE_ROW_update_interval] && !reading.interval_said)
			config->update.update_interval = engine->update_interval;
		/* The scanner that updates are told to. */
		if (engine->socket && !config->update.socket && !(config->update.socket = strdup(engine->socket)))
			return why_errno(why, -ENOMEM, "%s", config->path);
	}
	return 0;
}

/* libconfuse aborts, or crashes, where it gets no memory; so there has to be some, for a file of the largest size. */
static bool has_memory(void)
{
	void *block = malloc(PARSER_MEMORY);
	free(block);
	return block != NULL;
}

static int parse(const char *path, const char *text, struct config *config, struct why *why)
{
	reading = (struct reading){.path = path, .config = config, .why = why};
	cfg_opt_t *options = has_memory() ? options_of(in_file, IN_FILE, NULL) : NULL;
	cfg_t *parser = options ? cfg_init(options, CFGF_NONE) : NULL;
	free_options(options);
	if (!parser)
		return why_errno(why, -ENOMEM, "%s", path);
	reading.parser = parser;
	(void)cfg_set_error_function(parser, hear);
	errno = 0;
	int status = cfg_parse_buf(parser, text);
	int error = reading.error;
	/* It says nothing about an option whose name is empty. */
	if (!error && status != CFG_SUCCESS)
		error = errno == ENOMEM ? why_errno(why, -ENOMEM, "%s", path)
					: why_set(why, -EINVAL, "%s:%d: here should be the name of an option", path,
						  last_line(parser));
	/* Nor does it look at what it frees then: better a leak than a crash. */
	if (error != -ENOMEM)
		(void)cfg_free(parser);
	reading.parser = NULL;
	return error ? error : settle_engines(config, why);
}

/* Does a header carry a secret that is not a file of its own? */
static bool header_secret(const struct update_feed *feed)
{
	static const char *const names[] = {"auth", "cookie", "key", "token", "secret"};
	if (!feed->header || strstr(feed->header, UPDATE_FEED_KEY))
		return false;
	char name[DEFINITION_NAME_MAX];
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(feed->header, ":"), feed->header);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasestr(name, names[i]))
			return true;
	return false;
}

/* What of the file should not be read by everybody; NULL: nothing. */
static const char *secret_in(const struct update_settings *update)
{
	if (update->proxy_password || (update->proxy && url_has_user(update->proxy)))
		return "the password of a proxy";
	for (char **url = update->mirrors; *url; url++)
		if (url_has_user(*url))
			return "the password of a mirror";
	for (char **url = update->private_mirrors; *url; url++)
		if (url_has_user(*url))
			return "the password of a mirror";
	for (uint32_t i = 0; i < update->feed_count; i++) {
		const struct update_feed *feed = &update->feeds[i];
		if (feed->key || header_secret(feed) || (feed->url && url_has_user(feed->url)))
			return "the key of a feed";
	}
	return NULL;
}

static int read_file(struct config *config, struct why *ret_warning, struct why *why)
{
	char *text;
	mode_t mode;
	int error = config_source_read(config->path, &text, &mode, why);
	if (error)
		return error;
	if (mode & S_IWOTH)
		error = why_set(why, -EPERM,
				"%s can be written by everybody, who would decide about definitions; chmod o-w",
				config->path);
	error = error ? error : config_source_settle(text, config->path, why);
	error = error ? error : parse(config->path, text, config, why);
	free(text);
	const char *secret = error ? NULL : secret_in(&config->update);
	if (secret && (mode & S_IROTH))
		(void)why_set(ret_warning, 0,
			      "%s can be read by everybody, and holds %s; keep keys in files of their own (key_file), "
			      "or let only those read it who scan: chmod o-r",
			      config->path, secret);
	return error;
}

int config_read(const char *path, struct config *ret_config, struct why *ret_warning, struct why *why)
{
	*ret_config = (struct config){.path = NULL};
	(void)why_set(ret_warning, 0, "%s", "");
	int error = update_settings_init(&ret_config->update);
	if (!error && (error = engines_settings_init(&ret_config->engines)))
		update_settings_free(&ret_config->update);
	if (error)
		return why_errno(why, error, "cannot read the configuration");
	if (path)
		error = (ret_config->path = strdup(path)) ? 0 : -ENOMEM;
	else
		error = config_source_find(&ret_config->path);
	if (error)
		(void)why_errno(why, error, "cannot read the configuration");
	else if (ret_config->path)
		error = read_file(ret_config, ret_warning, why);
	else
		error = settle_engines(ret_config, why);
	if (error)
		config_free(ret_config);
	return error;
}

void config_free(struct config *config)
{
	update_settings_free(&config->update);
	engines_settings_free(&config->engines);
	for (size_t i = 0; i < config->notice_count; i++)
		free(config->notices[i]);
	free(config->notices);
	config->notices = NULL;
	config->notice_count = 0;
	free(config->path);
	config->path = NULL;
}

const char *config_definitions(const struct config *config)
{
	return config->directory_said ? config->update.directory : NULL;
}
