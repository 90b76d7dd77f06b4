/* One option and one value: what config.c and config_print.c share. */
#ifndef COMMON_CONFIG_VALUE_H
#define COMMON_CONFIG_VALUE_H

#include <stddef.h>

#include "common/config.h"

enum config_kind {
    KIND_BOOL,
    KIND_INT,
    KIND_SHARE,
    KIND_DURATION_MS,
    KIND_BYTES,
    KIND_DAYS,
    KIND_CHOICE,
    KIND_TEXT,
    KIND_PATH,
    KIND_LIST,
    KIND_NETWORKS,
};

struct config_option {
    const char *name;
    enum config_kind kind;
    size_t offset; /* of its field in its record */
    const char *initial;
    int64_t minimum, maximum;
    const char *unit; /* or the choices, '|' between */
    const char *section;
    const char *help;
};

#define CONFIG_OFFSET_BOOL(record, field)        offsetof(record, field)
#define CONFIG_OFFSET_INT(record, field)         offsetof(record, field)
#define CONFIG_OFFSET_SHARE(record, field)       offsetof(record, field)
#define CONFIG_OFFSET_DURATION_MS(record, field) offsetof(record, field##_ms)
#define CONFIG_OFFSET_BYTES(record, field)       offsetof(record, field##_bytes)
#define CONFIG_OFFSET_DAYS(record, field)        offsetof(record, field##_days)
#define CONFIG_OFFSET_CHOICE(record, field)      offsetof(record, field)
#define CONFIG_OFFSET_TEXT(record, field)        offsetof(record, field)
#define CONFIG_OFFSET_PATH(record, field)        offsetof(record, field)
#define CONFIG_OFFSET_LIST(record, field)        offsetof(record, field)
#define CONFIG_OFFSET_NETWORKS(record, field)    offsetof(record, field)

enum {
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help) CONFIG_INDEX_##field,
#include "common/config_options.def"
#undef OPTION
    CONFIG_OPTION_COUNT
};

extern const struct config_option CONFIG_OPTIONS[CONFIG_OPTION_COUNT];

/*
 * Reads a value as it stands in a file into the option's field of the record. On a bad one the
 * sentence says what is accepted, and the record is as it was.
 */
bool config_value_parse(const struct config_option *option, const char *value, void *record,
                        struct error *error) MUST_USE;

/* The text that parses back to the field's value, cut at capacity. Returns text. */
const char *config_value_format(const struct config_option *option, const void *record, char *text,
                                size_t capacity);

/* A number in the option's unit: "50ms", "8MiB", "400d". Returns text. */
const char *config_quantity_format(const struct config_option *option, int64_t number, char *text,
                                   size_t capacity);

/* Whether the option is a number between minimum and maximum. */
bool config_option_is_quantity(const struct config_option *option);

/* Finds a word in "a|b|c" and its index; or, by index, the word (*length long). */
bool config_choice_index(const char *choices, const char *word, int *index) MUST_USE;
const char *config_choice_word(const char *choices, int index, size_t *length);

#endif
