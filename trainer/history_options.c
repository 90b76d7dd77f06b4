#include "trainer/history_options.h"

const struct import_format *history_format(const struct command_line *line, const char *name)
{
    const struct import_format *format = name != NULL ? import_format_find(name) : NULL;

    if (name == NULL)
        (void)command_misused(line, "--format is missing");
    else if (format == NULL)
        (void)command_misused(line, "unknown format \"%s\"; known: " IMPORT_FORMAT_NAMES, name);
    return format;
}

bool history_open(const struct command_line *line, const struct history_values *values,
                  struct input *input, struct import_reading *reading, struct error *error)
{
    *reading =
        (struct import_reading){.input = input, .last_year = (int)values->year, .utc = line->utc};
    return input_open(input, line->operands[0], error);
}
