/*
 * config_print.c - the configuration in force as it would be written; see config_print.h. Refuses to print what is secret.
 */
#include "config_print.h"

#include "base/utf8.h"
#include "complain.h"
#include "verdict/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 16 /* columns of a key, at least */

static bool secret(const char *key)
{
	return strcmp(key, "key") == 0 || strcmp(key, "proxy_password") == 0 || strcmp(key, "header") == 0;
}

/* In quotes, as it would be written. */
static void print_text(const char *text)
{
	char *shown = url_shown(text), *visible = shown ? utf8_visible(shown) : NULL;
	(void)putchar('"');
	for (const char *at = visible; at && *at; at++) {
		if (strchr("\"\\", *at) || (at[0] == '$' && at[1] == '{'))
			(void)putchar('\\');
		(void)putchar(*at);
	}
	(void)putchar('"');
	free(shown);
	free(visible);
}

static void print_list(char *const *list)
{
	(void)putchar('{');
	for (char *const *word = list; *word; word++) {
		if (word != list)
			(void)fputs(", ", stdout);
		print_text(*word);
	}
	(void)putchar('}');
}

static void print_word(const struct setting *row, unsigned place)
{
	int length;
	const char *word = setting_word_text(row, place, &length);
	(void)printf("\"%.*s\"", length, word);
}

static void print_row(const struct setting *row, const void *values, const char *indent, int width)
{
	const char *text = row->kind == SETTING_TEXT ? setting_text(row, values) : NULL;
	if (row->kind == SETTING_TEXT && !text) {
		(void)printf("%s# %s is not set\n", indent, row->key);
		return;
	}
	if (text && secret(row->key)) {
		(void)printf("%s# %s is set, and not shown\n", indent, row->key);
		return;
	}
	(void)printf("%s%-*s = ", indent, width, row->key);
	if (row->kind == SETTING_NUMBER)
		(void)printf("%" PRIu64 " # %s", setting_number(row, values), row->unit);
	else if (row->kind == SETTING_BOOL)
		(void)printf("%s", setting_bool(row, values) ? "true" : "false");
	else if (row->kind == SETTING_WORD)
		print_word(row, setting_word(row, values));
	else if (row->kind == SETTING_LIST)
		print_list(setting_list(row, values));
	else
		print_text(text);
	(void)putchar('\n');
}

static int width_of(const struct setting *rows, size_t count)
{
	int width = WIDTH;
	for (size_t i = 0; i < count; i++)
		width = (int)strlen(rows[i].key) > width ? (int)strlen(rows[i].key) : width;
	return width;
}

static void print_rows(const struct setting *rows, size_t count, const void *values, const char *indent)
{
	int width = width_of(rows, count);
	for (size_t i = 0; i < count; i++)
		print_row(&rows[i], values, indent, width);
}

void config_print_update(const struct update_settings *settings)
{
	size_t count, feed_count;
	const struct setting *rows = update_settings_rows(&count), *feed_rows = update_feed_rows(&feed_count);
	(void)puts("update {");
	print_rows(rows, count, settings, "\t");
	for (uint32_t i = 0; i < settings->feed_count; i++) {
		(void)printf("\tfeed \"%s\" {\n", settings->feeds[i].name);
		print_rows(feed_rows, feed_count, &settings->feeds[i], "\t\t");
		(void)puts("\t}");
	}
	(void)puts("}");
}

static void print_engine(const struct engine_settings *engine)
{
	size_t count;
	const struct setting *rows = engine_settings_rows(engine->kind, &count);
	int width = width_of(rows, count);
	for (size_t i = 0; i < count; i++)
		if (!engine_settings_void(engine->kind, &rows[i]))
			print_row(&rows[i], engine, "\t\t", width);
}

/* Each engine has what its section says for all, so the sections need not be printed beside it. */
void config_print_engines(const struct engines_settings *settings)
{
	const char *around = NULL;
	for (uint32_t i = 0; i < settings->engine_count; i++) {
		const struct engine_settings *engine = &settings->engines[i];
		const char *title = engine->antivirus ? engine->antivirus : "antivirus1";
		if (!around || strcmp(around, title) != 0) {
			(void)printf("%santivirus ", around ? "}\n" : "");
			print_text(title);
			(void)puts(" {");
		}
		around = title;
		(void)printf("\t%s ", engine_kind_word(engine->kind));
		print_text(engine->name);
		(void)puts(" {");
		print_engine(engine);
		(void)puts("\t}");
	}
	if (around)
		(void)puts("}");
}

void config_print_head(const struct config *config)
{
	char *path = config->path ? utf8_visible(config->path) : NULL;
	(void)printf("# %s\n", path ? path : "There is no configuration file; this is the default.");
	free(path);
	for (size_t i = 0; i < config->notice_count; i++)
		complain("%s", config->notices[i]);
}

int config_print(const struct config *config)
{
	struct why why = {""};
	if (update_settings_check(&config->update, &why)) {
		complain("%s%s%s", config->path ? config->path : "", config->path ? ": " : "", why.text);
		return CONFIG_PRINT_TROUBLE;
	}
	config_print_head(config);
	config_print_update(&config->update);
	config_print_engines(&config->engines);
	return complain_printed() ? 0 : CONFIG_PRINT_TROUBLE;
}
