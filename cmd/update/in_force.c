/*
 * in_force.c - prints the settings in force; see in_force.h. Refuses to print what is secret.
 */
#include "in_force.h"

#include "../complain.h"
#include "base/utf8.h"
#include "once.h"
#include "verdict/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 16 /* columns of a key */

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

static void print_row(const struct setting *row, const void *values, const char *indent)
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
	(void)printf("%s%-*s = ", indent, WIDTH, row->key);
	if (row->kind == SETTING_NUMBER)
		(void)printf("%" PRIu64 " # %s", setting_number(row, values), row->unit);
	else if (row->kind == SETTING_BOOL)
		(void)printf("%s", setting_bool(row, values) ? "true" : "false");
	else if (row->kind == SETTING_LIST)
		print_list(setting_list(row, values));
	else
		print_text(text);
	(void)putchar('\n');
}

static void print_all(const struct update_settings *settings)
{
	size_t count, feed_count;
	const struct setting *rows = update_settings_rows(&count), *feed_rows = update_feed_rows(&feed_count);
	(void)puts("update {");
	for (size_t i = 0; i < count; i++)
		print_row(&rows[i], settings, "\t");
	for (uint32_t i = 0; i < settings->feed_count; i++) {
		(void)printf("\tfeed \"%s\" {\n", settings->feeds[i].name);
		for (size_t k = 0; k < feed_count; k++)
			print_row(&feed_rows[k], &settings->feeds[i], "\t\t");
		(void)puts("\t}");
	}
	(void)puts("}");
}

int update_in_force(const struct update_invocation *invocation)
{
	struct config config;
	struct why why = {""}, warning = {""};
	if (update_invocation_configure(invocation, &config, &warning, &why))
		return update_once_refuse(invocation, why.text);
	if (*warning.text)
		complain("%s", warning.text);
	char *path = config.path ? utf8_visible(config.path) : NULL;
	(void)printf("# %s\n", path ? path : "There is no configuration file; this is the default.");
	if (config.update.private_mirrors[0])
		(void)puts("# private_mirrors are asked instead of mirrors, and DNS is not.");
	if (config.update.follow)
		(void)puts("# The databases are copied from the directory to follow; mirrors are only asked for their "
			   "versions.");
	print_all(&config.update);
	free(path);
	config_free(&config);
	return complain_printed() ? 0 : update_outcome_exit(UPDATE_FAILED);
}
