/*
 * generate.c - writes what can be written from the tables: completions, the manuals' lists, and the example of a configuration.
 *
 * `generate DIR [SOURCE]` writes completions/, man/ and share/ below DIR, the latter two from the templates in SOURCE/man and
 * SOURCE/share (SOURCE is the current directory when missing). A template's line .\"@NAME@ or #@NAME@ is replaced by the list NAME. Called
 * by `make generate`.
 */
#include "../cmd/limits/options.h"
#include "../cmd/option.h"
#include "../cmd/scan/options.h"
#include "../cmd/scanner/options.h"
#include "../cmd/update/options.h"
#include "../cmd/version/options.h"
#include "verdict/engine_settings.h"
#include "verdict/isolation.h"
#include "verdict/limits.h"
#include "verdict/report.h"
#include "verdict/scan_code.h"
#include "verdict/stats.h"
#include "verdict/update_settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_SIZE 4096 /* bytes of a template's line */

#define FOREWORD "Written by scripts/generate.c from the tables; edit those and run `make generate`."

static void fail(const char *what, const char *path)
{
	(void)fprintf(stderr, "generate: %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static FILE *open_file(const char *mode, const char *directory, const char *path)
{
	char whole[LINE_SIZE];
	errno = ENAMETOOLONG;
	bool fits = snprintf(whole, sizeof whole, "%s/%s", directory, path) < (int)sizeof whole;
	FILE *file = fits ? fopen(whole, mode) : NULL;
	if (!file)
		fail("cannot open", whole);
	return file;
}

static void close_file(FILE *file, const char *path)
{
	if (ferror(file) || fclose(file) != 0)
		fail("cannot write", path);
}

/* Prints `text` with a backslash before each character of `special`. */
static void put_escaped(FILE *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			(void)putc('\\', out);
		(void)putc(*text, out);
	}
}

/* --- manuals --- */

/* A line of text that roff takes as text, whatever it begins with. */
static void put_text(FILE *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		(void)fputs("\\&", out);
	for (; *text; text++)
		(void)fputs(*text == '\\' ? "\\e" : (char[]){*text, '\0'}, out);
	(void)putc('\n', out);
}

/* Sentences from the tables: roff wants each on a line of its own. */
static void put_sentences(FILE *out, const char *text)
{
	char line[LINE_SIZE];
	const char *end;
	while ((end = strstr(text, ". ")) != NULL) {
		(void)snprintf(line, sizeof line, "%.*s", (int)(end - text + 1), text);
		put_text(out, line);
		text = end + 2;
	}
	put_text(out, text);
}

/* A text of a table that is no sentence, made one. */
static void put_as_sentence(FILE *out, const char *text)
{
	char line[LINE_SIZE];
	(void)snprintf(line, sizeof line, "%c%s.", text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0],
		       text + 1);
	put_sentences(out, line);
}

static void put_options(FILE *out, const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = &rows[i];
		if (!row->key) {
			(void)fprintf(out, "%s%s:\n.Bl -tag -width Ds\n", i ? ".El\n.Pp\n" : "", row->text);
			continue;
		}
		char name[OPTION_NAME_MAX];
		option_name(row, name, sizeof name);
		(void)fputs(".It ", out);
		if (row->letter)
			(void)fprintf(out, "Fl %c%s%s , ", row->letter, row->argument ? " Ar " : "",
				      row->argument ? row->argument : "");
		if (option_is_optional(row))
			(void)fprintf(out, "Fl -%s Ns Op Ns = Ns Ar %s\n", name, row->argument + 1);
		else
			(void)fprintf(out, "Fl -%s%s%s\n", name, row->argument ? " Ns = Ns Ar " : "",
				      row->argument ? row->argument : "");
		put_as_sentence(out, row->text);
		if (row->manual[0])
			(void)fprintf(out, "%s\n", row->manual);
	}
	(void)fputs(".El\n", out);
}

static void man_options(FILE *out)
{
	put_options(out, scan_options, SCAN_OPTION_COUNT);
}

static void man_scanner_options(FILE *out)
{
	put_options(out, scanner_options, SCANNER_OPTION_COUNT);
}

static void man_version_options(FILE *out)
{
	put_options(out, version_options, VERSION_OPTION_COUNT);
}

static void man_limits_options(FILE *out)
{
	put_options(out, limits_options, LIMITS_OPTION_COUNT);
}

static void man_update_options(FILE *out)
{
	put_options(out, update_option_rows, UPDATE_OPTION_COUNT);
}

static void man_scanner_commands(FILE *out)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		(void)fprintf(out, ".It Cm %s\n", command_word(scanner_commands[i].command));
		put_as_sentence(out, scanner_commands[i].text);
		if (scanner_commands[i].manual[0])
			(void)fprintf(out, "%s\n", scanner_commands[i].manual);
	}
}

/* The counts of a scanner: member of the document and metric. */
static void man_stats(FILE *out)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		(void)fprintf(out, ".It Cm %s%s%s\n", row->key, *row->metric ? " , " : "", row->metric);
		put_as_sentence(out, row->text);
	}
}

static void man_layers(FILE *out)
{
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		const struct isolation_layer_row *row = isolation_layer_row((enum isolation_layer)i);
		(void)fprintf(out, ".It Cm %s\n", row->key);
		put_as_sentence(out, row->text);
		if (!row->promised)
			(void)fputs("Taken where it is to be had.\n", out);
	}
}

static void man_probes(FILE *out)
{
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		(void)fprintf(out, ".It\n%s\n", isolation_probe_row((enum isolation_probe)i)->text);
}

/* One item an exit status, with all that leads to it. */
static void man_exits(FILE *out)
{
	for (int exit_status = 0; exit_status <= 3; exit_status++) {
		(void)fprintf(out, ".It %d\n", exit_status);
		for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
			if (ec_av_status_exit((enum ec_av_status)i) == exit_status)
				(void)fprintf(out, ".Dv %s :\n%s.\n", ec_av_status_name((enum ec_av_status)i),
					      ec_av_status_text((enum ec_av_status)i));
		if (exit_status == 2)
			(void)fputs("Bad use as well.\n", out);
	}
}

static void man_statuses(FILE *out)
{
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++) {
		enum ec_av_status status = (enum ec_av_status)i;
		(void)fprintf(out, ".It Dv %s Pq %d\n", ec_av_status_name(status), ec_av_status_exit(status));
		put_as_sentence(out, ec_av_status_text(status));
	}
}

static const char *origin(enum scan_code_origin origin)
{
	switch (origin) {
	case SCAN_CODE_PRODUCED:
		return "Produced:";
	case SCAN_CODE_UPDATE:
		return "Produced by\n.Xr csapi-update 8 ,\nand by no scan:";
	case SCAN_CODE_REPAIR:
		return "Produced where a message is repaired, see\n.Fl Fl disinfect\nin\n.Xr csapi-scan 1 :";
	default:
		return "Never produced:";
	}
}

static void man_codes(FILE *out)
{
	for (int i = 1; i <= SCAN_CODE_COUNT; i++) {
		const struct scan_code_row *row = scan_code_row((enum scan_code)i);
		(void)fprintf(out, ".It Dv %s\n", row->name);
		put_sentences(out, row->text);
		if (row->status == EC_AV_CLEAN)
			(void)fputs("It is information and decides nothing.\n", out);
		else
			(void)fprintf(out, "Status\n.Dv %s .\n", ec_av_status_name(row->status));
		(void)fprintf(out, "%s\n", origin(row->origin));
		put_sentences(out, row->note);
	}
}

static void man_evasions(FILE *out)
{
	for (int i = 1; i <= EVASION_COUNT; i++) {
		const struct evasion_row *row = evasion_row((enum evasion)i);
		(void)fprintf(out, ".It Cm %s\n", row->word);
		put_sentences(out, row->text);
		put_sentences(out, row->note);
	}
}

/* The containers, by who opens them; the openers have the names of those in scan/detect.h, which is not for this floor. */
enum opener { DETECT_ARCHIVE, DETECT_ENGINE_ONLY, DETECT_BOTH, DETECT_NOBODY, DETECT_LOCKED };

static void man_formats(FILE *out, enum opener opener)
{
	static const struct {
		enum opener opener;
		const char *text;
	} formats[] = {
#define DETECT_FORMAT(name, row_opener, type, row_text) {row_opener, row_text},
#include "verdict/container.def"
#undef DETECT_FORMAT
	};
	const char *last = NULL;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (formats[i].opener != opener)
			continue;
		if (last)
			(void)fprintf(out, "%s,\n", last);
		last = formats[i].text;
	}
	(void)fprintf(out, "%s.\n", last);
}

static void man_formats_archive(FILE *out)
{
	man_formats(out, DETECT_ARCHIVE);
}

static void man_formats_engine(FILE *out)
{
	man_formats(out, DETECT_ENGINE_ONLY);
}

static void man_formats_nobody(FILE *out)
{
	man_formats(out, DETECT_NOBODY);
}

static void man_formats_locked(FILE *out)
{
	man_formats(out, DETECT_LOCKED);
}

static void man_passwords(FILE *out)
{
	for (int i = PASSWORD_NONE + 1; i < PART_PASSWORD_COUNT; i++)
		(void)fprintf(out, ".It Cm %s\n%s\n", part_password_word((enum part_password)i),
			      part_password_text((enum part_password)i));
}

static void man_limits(FILE *out)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_row *row = limits_row((enum limit)i);
		(void)fprintf(out, ".It Cm %s\n", row->key);
		put_as_sentence(out, row->text);
		(void)fprintf(out, "From %llu to %llu %s, by default %llu.\nReached:\n.Dv %s .\n",
			      (unsigned long long)row->min, (unsigned long long)row->max, row->unit,
			      (unsigned long long)row->def, scan_code_name(row->code));
	}
}

static void man_kinds(FILE *out)
{
#define PART_KIND(name, word, text) (void)fprintf(out, ".It Cm %s\n%s\n", word, text);
#include "verdict/part.def"
#undef PART_KIND
}

static void man_routes(FILE *out)
{
#define PART_ROUTE(name, word, text) (void)fprintf(out, ".It Cm %s\n%s\n", word, text);
#include "verdict/part.def"
#undef PART_ROUTE
}

/* One item an exit status of csapi-update, with the outcomes that lead to it. */
static void man_update_exits(FILE *out)
{
	for (int exit_status = 0; exit_status < UPDATE_OUTCOME_COUNT; exit_status++) {
		bool first = true;
		for (int i = 0; i < UPDATE_OUTCOME_COUNT; i++) {
			enum update_outcome outcome = (enum update_outcome)i;
			if (update_outcome_exit(outcome) != exit_status)
				continue;
			if (first)
				(void)fprintf(out, ".It %d\n", exit_status);
			first = false;
			(void)fprintf(out, ".Sy %s :\n%s.\n", update_outcome_word(outcome),
				      update_outcome_text(outcome));
		}
	}
}

/* The default of a row as it would be written; "" where it is not set. */
static void default_text(const struct setting *row, char *ret_text, size_t size)
{
	size_t used = 0;
	switch (row->kind) {
	case SETTING_NUMBER:
		(void)snprintf(ret_text, size, "%llu", (unsigned long long)row->number);
		return;
	case SETTING_BOOL:
		(void)snprintf(ret_text, size, "%s", row->number ? "true" : "false");
		return;
	case SETTING_WORD: {
		int length;
		const char *word = setting_word_text(row, (unsigned)row->number, &length);
		(void)snprintf(ret_text, size, "\"%.*s\"", length, word);
		return;
	}
	case SETTING_TEXT:
		(void)snprintf(ret_text, size, row->words ? "\"%s\"" : "%s", row->words ? row->words : "");
		return;
	default:
		used = (size_t)snprintf(ret_text, size, "{");
		for (const char *word = row->words; *word;) {
			size_t length = strcspn(word, " ");
			used += (size_t)snprintf(ret_text + used, size - used, "%s\"%.*s\"", used > 1 ? ", " : "",
						 (int)length, word);
			word += length + (word[length] == ' ');
		}
		(void)snprintf(ret_text + used, size - used, "}");
	}
}

static void put_settings(FILE *out, const struct setting *rows, size_t count)
{
	static const char *const kinds[] = {"number", "text", "list", "true or false", "word"};
	char text[LINE_SIZE];
	for (size_t i = 0; i < count; i++) {
		default_text(&rows[i], text, sizeof text);
		(void)fprintf(out, ".It Cm %s Pq %s\n", rows[i].key, kinds[rows[i].kind]);
		put_as_sentence(out, rows[i].text);
		if (rows[i].kind == SETTING_NUMBER)
			(void)fprintf(out, "From %llu to %llu %s, by default %s.\n", (unsigned long long)rows[i].min,
				      (unsigned long long)rows[i].max, rows[i].unit, text);
		else if (*text && strcmp(text, "{}") != 0)
			(void)fprintf(out, "By default\n.Ql %s .\n", text);
		if (rows[i].kind == SETTING_WORD)
			(void)fprintf(out, "One of\n.Ql %s .\n", rows[i].words);
	}
}

/* The rows of an engine; a limit says by which code what exceeds it is told. */
static void put_engine_settings(FILE *out, enum engine_kind kind, bool shared)
{
	size_t count, shared_count;
	const struct setting *rows = engine_settings_rows(kind, &count),
			     *common = engine_settings_rows(ENGINE_KIND_COUNT, &shared_count);
	for (size_t i = 0; i < count; i++) {
		if (!shared && setting_find(common, shared_count, rows[i].key))
			continue;
		put_settings(out, &rows[i], 1);
		enum limit limit = limits_find(rows[i].key);
		if (limit != LIMIT_COUNT)
			(void)fprintf(out, "What exceeds it is told with\n.Dv %s .\n",
				      scan_code_name(limits_row(limit)->code));
	}
}

static void man_engine_settings(FILE *out)
{
	put_engine_settings(out, ENGINE_KIND_COUNT, true);
}

static void man_csapi_settings(FILE *out)
{
	put_engine_settings(out, ENGINE_CSAPI, false);
}

static void man_clamav_settings(FILE *out)
{
	put_engine_settings(out, ENGINE_CLAMAV, false);
}

static void man_update_settings(FILE *out)
{
	size_t count;
	const struct setting *rows = update_settings_rows(&count);
	put_settings(out, rows, count);
}

static void man_feed_settings(FILE *out)
{
	size_t count;
	const struct setting *rows = update_feed_rows(&count);
	put_settings(out, rows, count);
}

/* Rows of a configuration that say what is the default anyway, and therefore are comments. */
static void put_example(FILE *out, const struct setting *rows, size_t count, const char *indent)
{
	char text[LINE_SIZE];
	for (size_t i = 0; i < count; i++) {
		default_text(&rows[i], text, sizeof text);
		(void)fprintf(out, "%s%s# %c%s", i ? "\n" : "", indent,
			      rows[i].text[0] >= 'a' && rows[i].text[0] <= 'z' ? rows[i].text[0] - 'a' + 'A'
									       : rows[i].text[0],
			      rows[i].text + 1);
		if (rows[i].kind == SETTING_NUMBER)
			(void)fprintf(out, " (%llu to %llu %s)", (unsigned long long)rows[i].min,
				      (unsigned long long)rows[i].max, rows[i].unit);
		(void)fprintf(out, "\n%s#%s = %s\n", indent, rows[i].key, *text ? text : "\"\"");
	}
}

static void example_update(FILE *out)
{
	size_t count;
	const struct setting *rows = update_settings_rows(&count);
	put_example(out, rows, count, "\t");
}

static void example_feed(FILE *out)
{
	size_t count;
	const struct setting *rows = update_feed_rows(&count);
	put_example(out, rows, count, "\t#\t");
}

/* What means nothing here need not stand in an example. */
static void example_engine(FILE *out, enum engine_kind kind)
{
	size_t count;
	const struct setting *rows = engine_settings_rows(kind, &count);
	bool first = true;
	for (size_t i = 0; i < count; i++) {
		if (engine_settings_void(kind, &rows[i]))
			continue;
		(void)fputs(first ? "" : "\n", out);
		put_example(out, &rows[i], 1, "#\t\t");
		first = false;
	}
}

static void example_csapi(FILE *out)
{
	example_engine(out, ENGINE_CSAPI);
}

static void example_clamav(FILE *out)
{
	example_engine(out, ENGINE_CLAMAV);
}

static const struct list {
	const char *marker;
	void (*write)(FILE *out);
} lists[] = {
	{".\\\"@OPTIONS@\n", man_options},
	{".\\\"@EXITS@\n", man_exits},
	{".\\\"@STATUSES@\n", man_statuses},
	{".\\\"@CODES@\n", man_codes},
	{".\\\"@EVASIONS@\n", man_evasions},
	{".\\\"@LIMITS@\n", man_limits},
	{".\\\"@KINDS@\n", man_kinds},
	{".\\\"@ROUTES@\n", man_routes},
	{".\\\"@FORMATS_ARCHIVE@\n", man_formats_archive},
	{".\\\"@FORMATS_ENGINE@\n", man_formats_engine},
	{".\\\"@FORMATS_NOBODY@\n", man_formats_nobody},
	{".\\\"@FORMATS_LOCKED@\n", man_formats_locked},
	{".\\\"@PASSWORDS@\n", man_passwords},
	{".\\\"@SCANNER_OPTIONS@\n", man_scanner_options},
	{".\\\"@COMMANDS@\n", man_scanner_commands},
	{".\\\"@STATS@\n", man_stats},
	{".\\\"@LAYERS@\n", man_layers},
	{".\\\"@PROBES@\n", man_probes},
	{".\\\"@UPDATE_OPTIONS@\n", man_update_options},
	{".\\\"@VERSION_OPTIONS@\n", man_version_options},
	{".\\\"@LIMITS_OPTIONS@\n", man_limits_options},
	{".\\\"@UPDATE_EXITS@\n", man_update_exits},
	{".\\\"@UPDATE_SETTINGS@\n", man_update_settings},
	{".\\\"@FEED_SETTINGS@\n", man_feed_settings},
	{".\\\"@ENGINE_SETTINGS@\n", man_engine_settings},
	{".\\\"@CSAPI_SETTINGS@\n", man_csapi_settings},
	{".\\\"@CLAMAV_SETTINGS@\n", man_clamav_settings},
	{"#@CSAPI_SETTINGS@\n", example_csapi},
	{"#@CLAMAV_SETTINGS@\n", example_clamav},
	{"#@UPDATE_SETTINGS@\n", example_update},
	{"#@FEED_SETTINGS@\n", example_feed},
};

static bool write_list(FILE *out, const char *line)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (strcmp(line, lists[i].marker) == 0) {
			lists[i].write(out);
			return true;
		}
	}
	return false;
}

/* From SOURCE/NAME.in to DIRECTORY/NAME; `comment` begins a comment there. */
static void write_template(const char *directory, const char *source, const char *name, const char *comment)
{
	char from[LINE_SIZE], line[LINE_SIZE];
	(void)snprintf(from, sizeof from, "%s.in", name);
	FILE *in = open_file("r", source, from);
	FILE *out = open_file("w", directory, name);
	(void)fprintf(out, "%s %s\n", comment, FOREWORD);
	while (fgets(line, sizeof line, in)) {
		if (!write_list(out, line))
			(void)fputs(line, out);
	}
	close_file(in, from);
	close_file(out, name);
}

static const char *const manuals[] = {
	"csapi-scan.1",    "csapi-codes.7", "csapi-scanner.8", "csapi-update.8",
	"csapi-version.1", "csapi.conf.5",  "csapi-limits.1",
};

/* --- completions --- */

/* What the command line of a program is made of. */
struct program {
	const char *name, *function; /* the shells' function takes no "-" */
	const struct option_row *rows;
	size_t count;
	const struct scanner_command *commands; /* NULL: arguments are files, or there are none */
	bool bare;                              /* there are none */
};

static const struct program programs[] = {
	{"csapi-scan", "_csapi_scan", scan_options, SCAN_OPTION_COUNT, NULL, false},
	{"csapi-scanner", "_csapi_scanner", scanner_options, SCANNER_OPTION_COUNT, scanner_commands, false},
	{"csapi-update", "_csapi_update", update_option_rows, UPDATE_OPTION_COUNT, NULL, true},
	{"csapi-version", "_csapi_version", version_options, VERSION_OPTION_COUNT, NULL, true},
	{"csapi-limits", "_csapi_limits", limits_options, LIMITS_OPTION_COUNT, NULL, false},
};

static void put_codes(FILE *out)
{
	(void)fputs("all", out);
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		(void)fprintf(out, " %s", ec_av_status_name((enum ec_av_status)i));
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		(void)fprintf(out, " %s", scan_code_name((enum scan_code)i));
}

static void put_words(FILE *out, const struct option_row *row)
{
	if (row->values == OPTION_VALUES_CODES)
		put_codes(out);
	else if (row->words)
		(void)fputs(row->words, out);
}

/* The cases of the shell's `case` for the values of options. */
static void bash_values(FILE *out, const struct program *program)
{
	static const char *const flags[] = {[OPTION_VALUES_FILES] = "-f", [OPTION_VALUES_DIRECTORIES] = "-d"};
	for (size_t i = 0; i < program->count; i++) {
		const struct option_row *row = &program->rows[i];
		if (!row->key || !row->argument || option_is_optional(row))
			continue;
		char name[OPTION_NAME_MAX];
		option_name(row, name, sizeof name);
		(void)fprintf(out, "\t--%s", name);
		if (row->letter)
			(void)fprintf(out, " | -%c", row->letter);
		(void)fputs(")\n\t\t", out);
		if (row->values == OPTION_VALUES_FILES || row->values == OPTION_VALUES_DIRECTORIES) {
			(void)fprintf(out,
				      "compopt -o filenames 2>/dev/null\n"
				      "\t\tmapfile -t COMPREPLY < <(compgen %s -- \"$current\")\n",
				      flags[row->values]);
		} else if (row->values == OPTION_VALUES_NONE) {
			(void)fputs("COMPREPLY=()\n", out);
		} else {
			(void)fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
			put_words(out, row);
			(void)fputs("' -- \"$current\")\n", out);
		}
		(void)fputs("\t\treturn\n\t\t;;\n", out);
	}
}

static void bash_arguments(FILE *out, const struct program *program)
{
	if (program->bare) {
		(void)fputs("\t\tCOMPREPLY=()\n", out);
		return;
	}
	if (!program->commands) {
		(void)fputs("\t\tcompopt -o filenames 2>/dev/null\n"
			    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n",
			    out);
		return;
	}
	(void)fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", out);
	for (int i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "%s%s", i ? " " : "", command_word(program->commands[i].command));
	(void)fputs("' -- \"$current\")\n", out);
}

static void write_bash(FILE *out, const struct program *program)
{
	(void)fprintf(out,
		      "# Completion of %s for bash. " FOREWORD "\n\n"
		      "%s()\n{\n"
		      "\tlocal current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word\n"
		      "\t# bash breaks --option=value into three words.\n"
		      "\tif [[ $current == '=' ]]; then\n\t\tcurrent=\n"
		      "\telif [[ $option == '=' ]]; then\n\t\toption=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
		      "\tcase $option in\n",
		      program->name, program->function);
	bash_values(out, program);
	(void)fputs("\tesac\n\tlocal only_files=\n"
		    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		    "\t\t[[ $word == -- ]] && only_files=yes\n\tdone\n"
		    "\tif [[ $current == -* && -z $only_files ]]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '",
		    out);
	for (size_t i = 0; i < program->count; i++) {
		const struct option_row *row = &program->rows[i];
		char name[OPTION_NAME_MAX];
		if (!row->key)
			continue;
		option_name(row, name, sizeof name);
		if (row->letter)
			(void)fprintf(out, "-%c ", row->letter);
		(void)fprintf(out, "--%s%s ", name, row->argument && !option_is_optional(row) ? "=" : "");
		/* Its values are completed along with it. */
		for (const char *word = option_is_optional(row) ? row->words : ""; *word;) {
			size_t length = strcspn(word, " ");
			(void)fprintf(out, "--%s=%.*s ", name, (int)length, word);
			word += length + strspn(word + length, " ");
		}
	}
	(void)fputs("' -- \"$current\")\n"
		    "\t\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
		    "\telse\n",
		    out);
	bash_arguments(out, program);
	(void)fprintf(out, "\tfi\n}\ncomplete -F %s %s\n", program->function, program->name);
}

/* A description inside brackets inside single quotes. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\''", out);
		else
			put_escaped(out, (char[]){*text, '\0'}, "[]:\\");
	}
}

static void zsh_action(FILE *out, const struct option_row *row)
{
	if (option_is_optional(row))
		(void)fprintf(out, "::%s:", row->argument + 1);
	else
		(void)fprintf(out, ":%s:", row->argument);
	if (row->values == OPTION_VALUES_FILES) {
		(void)fputs("_files", out);
	} else if (row->values == OPTION_VALUES_DIRECTORIES) {
		(void)fputs("_files -/", out);
	} else if (row->values != OPTION_VALUES_NONE) {
		(void)fputs("(", out);
		put_words(out, row);
		(void)fputs(")", out);
	}
}

static void zsh_arguments(FILE *out, const struct program *program)
{
	if (program->bare) {
		(void)fputs("\t'*: :_message -r \"it takes options only\"'\n", out);
		return;
	}
	if (!program->commands) {
		(void)fputs("\t'*:file or directory:_files'\n", out);
		return;
	}
	(void)fputs("\t'1:command:((", out);
	for (int i = 0; i < COMMAND_COUNT; i++) {
		(void)fprintf(out, "%s%s\\:\"", i ? " " : "", command_word(program->commands[i].command));
		zsh_text(out, program->commands[i].text);
		(void)fputs("\"", out);
	}
	(void)fputs("))'\n", out);
}

static void write_zsh(FILE *out, const struct program *program)
{
	(void)fprintf(out, "#compdef %s\n# Completion of %s for zsh. " FOREWORD "\n\n_arguments -s -S \\\n",
		      program->name, program->name);
	for (size_t i = 0; i < program->count; i++) {
		const struct option_row *row = &program->rows[i];
		if (!row->key)
			continue;
		char name[OPTION_NAME_MAX];
		option_name(row, name, sizeof name);
		if (row->letter)
			(void)fprintf(out, "\t'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, name, row->letter,
				      row->argument ? "+" : "", name, row->argument ? "=" : "");
		else
			(void)fprintf(out, "\t'--%s%s[", name,
				      option_is_optional(row) ? "=-"
				      : row->argument         ? "="
							      : "");
		zsh_text(out, row->text);
		(void)fputs("]", out);
		if (row->argument)
			zsh_action(out, row);
		(void)fputs("' \\\n", out);
	}
	zsh_arguments(out, program);
}

static void fish_commands(FILE *out, const struct program *program)
{
	(void)fprintf(out, "complete -c %s -f\n", program->name);
	for (int i = 0; i < COMMAND_COUNT; i++) {
		(void)fprintf(out, "complete -c %s -n __fish_use_subcommand -a %s -d '", program->name,
			      command_word(program->commands[i].command));
		put_escaped(out, program->commands[i].text, "'\\");
		(void)fputs("'\n", out);
	}
}

static void write_fish(FILE *out, const struct program *program)
{
	(void)fprintf(out, "# Completion of %s for fish. " FOREWORD "\n\n", program->name);
	if (program->commands)
		fish_commands(out, program);
	else if (program->bare)
		(void)fprintf(out, "complete -c %s -f\n", program->name);
	for (size_t i = 0; i < program->count; i++) {
		const struct option_row *row = &program->rows[i];
		if (!row->key)
			continue;
		char name[OPTION_NAME_MAX];
		option_name(row, name, sizeof name);
		(void)fprintf(out, "complete -c %s -l %s", program->name, name);
		if (row->letter)
			(void)fprintf(out, " -s %c", row->letter);
		if (row->argument && !option_is_optional(row))
			(void)fputs(row->values == OPTION_VALUES_FILES ? " -r -F" : " -x", out);
		if (row->values == OPTION_VALUES_DIRECTORIES)
			(void)fputs(" -a '(__fish_complete_directories)'", out);
		if (row->words || row->values == OPTION_VALUES_CODES) {
			(void)fputs(" -a '", out);
			put_words(out, row);
			(void)fputs("'", out);
		}
		(void)fputs(" -d '", out);
		put_escaped(out, row->text, "'\\");
		(void)fputs("'\n", out);
	}
}

/* One file, called PREFIX PROGRAM SUFFIX. */
static void write_completion(const char *directory, const struct program *program, const char *prefix,
			     const char *suffix, void (*write)(FILE *out, const struct program *program))
{
	char name[128];
	(void)snprintf(name, sizeof name, "%s%s%s", prefix, program->name, suffix);
	FILE *out = open_file("w", directory, name);
	write(out, program);
	close_file(out, name);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		fail("cannot make", path);
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		(void)fputs("usage: generate DIR [SOURCE]\n", stderr);
		return 2;
	}
	const char *source = argc == 3 ? argv[2] : ".";
	char completions[LINE_SIZE], man[LINE_SIZE], share[LINE_SIZE], templates[LINE_SIZE];
	(void)snprintf(completions, sizeof completions, "%s/completions", argv[1]);
	(void)snprintf(man, sizeof man, "%s/man", argv[1]);
	(void)snprintf(share, sizeof share, "%s/share", argv[1]);
	make_directory(argv[1]);
	make_directory(completions);
	make_directory(man);
	make_directory(share);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		write_completion(completions, &programs[i], "", ".bash", write_bash);
		write_completion(completions, &programs[i], "_", "", write_zsh);
		write_completion(completions, &programs[i], "", ".fish", write_fish);
	}
	(void)snprintf(templates, sizeof templates, "%s/man", source);
	for (size_t i = 0; i < sizeof manuals / sizeof *manuals; i++)
		write_template(man, templates, manuals[i], ".\\\"");
	(void)snprintf(templates, sizeof templates, "%s/share", source);
	write_template(share, templates, "csapi.conf.example", "#");
	return 0;
}
