/*
 * config_print.h - prints the configuration in force as configuration text: --check-config of every program.
 *
 * Linked into the programs. Secrets are not shown.
 */
#ifndef CSAPI_CMD_CONFIG_PRINT_H
#define CSAPI_CMD_CONFIG_PRINT_H

#include "format/config.h"

#define CONFIG_PRINT_TROUBLE 2

/* All of it on standard output, what is without effect on standard error. Exit status of the program: 0, or CONFIG_PRINT_TROUBLE. */
int config_print(const struct config *config);
/* Parts of it. */
void config_print_head(const struct config *config);
void config_print_update(const struct update_settings *settings);
void config_print_engines(const struct engines_settings *settings);

#endif
