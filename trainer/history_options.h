/* A history that a command is given as its first operand, and the options that say what it is. */
#ifndef TRAINER_HISTORY_OPTIONS_H
#define TRAINER_HISTORY_OPTIONS_H

#include "common/command_line.h"
#include "trainer/import_format.h"

struct history_values {
    const char *format;
    int64_t year;
};

/* Rows of the command's options; member: of its values, a struct history_values. */
#define HISTORY_OPTIONS(type, member)                                                              \
    COMMAND_TEXT(type, member.format, "format", IMPORT_FORMAT_NAMES, "what the file is (needed)"), \
        COMMAND_INTEGER(type, member.year, "year", "Y", 1970, 2100, 0,                             \
                        "the year of the last line, for dates without one; otherwise the file's")

/* NULL after it said what is wrong with the name, or that it is missing: COMMAND_USAGE. */
const struct import_format *history_format(const struct command_line *line, const char *name);

/* Opens the first operand, which *input is then to be closed of, for a reading of nobody yet. */
bool history_open(const struct command_line *line, const struct history_values *values,
                  struct input *input, struct import_reading *reading,
                  struct error *error) MUST_USE;

#endif
