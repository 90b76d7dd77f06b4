/* Lines of a configuration file, "name = value", read by a table of options over a plain record. */
#ifndef COMMON_CONFIG_LINE_H
#define COMMON_CONFIG_LINE_H

#include "common/config_value.h"

struct config_table {
    const struct config_option *options;
    size_t count;
    const char *manual; /* the page that lists them: "pam_anomaly.conf(5)" */
};

/* A part of a file's text without blanks around it; not ended by a NUL. */
struct config_line {
    const char *start;
    size_t length;
};

/*
 * Takes the next line that is neither empty nor a comment off *text. *number, 0 before the first,
 * counts all lines. False at the end.
 */
bool config_line_next(const char **text, unsigned *number, struct config_line *line);

/* Copies it and ends it with a NUL. False when it does not fit. */
bool config_line_copy(struct config_line line, char *copy, size_t capacity) MUST_USE;

/* NULL, with the name that may have been meant, when there is no such option. */
const struct config_option *config_option_find(const struct config_table *table, const char *name,
                                               struct error *error);

/*
 * Reads one line over the record that the options' offsets are of. seen: the line each option was
 * given on, 0 for none yet. On an error the record is as it was.
 */
bool config_line_parse(const struct config_table *table, struct config_line line, unsigned number,
                       unsigned *seen, void *record, struct error *error) MUST_USE;

/* One option by name. */
bool config_record_set(const struct config_table *table, const char *name, const char *value,
                       void *record, struct error *error) MUST_USE;

/* The defaults, by each option's own rules, over a record of zeros. */
void config_record_init(const struct config_table *table, void *record);

#endif
