/*
 * The configuration: `name = value` lines, '#' comments, every option a row of config_options.def.
 * A plain record with room for everything, so that it needs no memory and can be copied to a child.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/ip_address.h"

#define CONFIG_DEFAULT_PATH "/etc/security/pam_anomaly.conf"
#define CONFIG_MAX_BYTES    65536
#define CONFIG_TEXT_BYTES   512
#define CONFIG_LIST_BYTES   2048

enum config_mode { MODE_OBSERVE, MODE_ENFORCE };
enum config_on_fault { ON_FAULT_INHERIT, ON_FAULT_ALLOW, ON_FAULT_STEP_UP, ON_FAULT_DENY };

struct config {
#define CONFIG_FIELD_BOOL(field)        bool field;
#define CONFIG_FIELD_INT(field)         int64_t field;
#define CONFIG_FIELD_SHARE(field)       double field;
#define CONFIG_FIELD_DURATION_MS(field) int64_t field##_ms;
#define CONFIG_FIELD_BYTES(field)       int64_t field##_bytes;
#define CONFIG_FIELD_DAYS(field)        int64_t field##_days;
#define CONFIG_FIELD_CHOICE(field)      int field; /* index into the choices as written in the table */
#define CONFIG_FIELD_TEXT(field)        char field[CONFIG_TEXT_BYTES];
#define CONFIG_FIELD_PATH(field)        char field[CONFIG_TEXT_BYTES];
#define CONFIG_FIELD_LIST(field)        char field[CONFIG_LIST_BYTES]; /* words, one space between */
#define CONFIG_FIELD_NETWORKS(field)    char field[CONFIG_LIST_BYTES]; /* likewise */
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    CONFIG_FIELD_##kind(field)
#include "common/config_options.def"
#undef OPTION
};

void config_init(struct config *config); /* the defaults */

/*
 * Reads text over what config holds. On an error (an unknown option, a bad value, a line without
 * '=', an option twice) it says line, what and what to do, and *config is as it was. name: for
 * messages.
 */
bool config_parse(struct config *config, const char *text, const char *name,
                  struct error *error) MUST_USE;

/*
 * Reads a file that root or the caller owns over the defaults, whatever *config held. A missing
 * file at CONFIG_DEFAULT_PATH leaves the defaults and is no error; any other missing file is one.
 * On an error *config is as it was.
 */
bool config_load(struct config *config, const char *path, struct error *error) MUST_USE;

/* One option by name, as in a file. */
bool config_set(struct config *config, const char *name, const char *value,
                struct error *error) MUST_USE;

/* A commented configuration file; with defaults this is conf/pam_anomaly.conf. */
bool config_print(const struct config *config, FILE *out) MUST_USE;

/* Names and help, aligned, for --help. */
void config_print_help(FILE *out);

/* What on_fault or its override says for that fault; never ON_FAULT_INHERIT. */
enum config_on_fault config_on_fault(const struct config *config, enum fault fault);

/*
 * What a sound line on_fault_config says in a file that config_load() refused for other lines;
 * ON_FAULT_INHERIT when there is none or the file cannot be read at all.
 */
enum config_on_fault config_salvage_on_fault(const char *path);

/* Whether a word stands in a list option. */
bool config_list_has(const char *list, const char *word);

/* Whether a list of networks contains the address. */
bool config_networks_contain(const char *list, const struct ip_address *address);

#endif
