/*
 * What every front shares: a table of commands, each with a table of options; from them come
 * parsing, --help and dispatch. --help, --version, --config FILE, --store DIR, --json and --utc are
 * understood by every command. Exit status: 0 done, 1 failed with one sentence on stderr, 2 wrong
 * usage.
 *
 *     struct show_values { bool all; const char *user; int64_t most; };
 *     static const struct command_option SHOW_OPTIONS[] = {
 *         COMMAND_FLAG(struct show_values, all, "all", "show everything"),
 *         COMMAND_TEXT(struct show_values, user, "user", "NAME", "of this user only"),
 *         COMMAND_INTEGER(struct show_values, most, "most", "N", 1, 1000, 20, "at most so many"),
 *     };
 *     static const struct command COMMANDS[] = {
 *         {.name = "show", .operands = "user NAME", .operands_min = 2, .operands_max = 2,
 *          .help = "what is known", .options = SHOW_OPTIONS, .option_count = 3,
 *          .values_bytes = sizeof(struct show_values), .run = run_show},
 *     };
 */
#ifndef COMMON_COMMAND_LINE_H
#define COMMON_COMMAND_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/config.h"

#define COMMAND_DONE   0
#define COMMAND_FAILED 1
#define COMMAND_USAGE  2

#define COMMAND_VALUES_BYTES 256 /* the most a command's values may take */

enum command_option_kind { COMMAND_OPTION_FLAG, COMMAND_OPTION_TEXT, COMMAND_OPTION_INTEGER };

struct command_option {
    enum command_option_kind kind;
    const char *name;        /* without the dashes */
    const char *placeholder; /* of its value in --help; NULL for a flag */
    const char *help;
    size_t offset; /* in the command's values: of a bool, const char * or int64_t */
    int64_t minimum, maximum, initial;
};

#define COMMAND_FLAG(type, field, option, text)                                                    \
    {                                                                                              \
        .kind = COMMAND_OPTION_FLAG, .name = (option), .help = (text),                             \
        .offset = offsetof(type, field)                                                            \
    }
#define COMMAND_TEXT(type, field, option, value, text)                                             \
    {                                                                                              \
        .kind = COMMAND_OPTION_TEXT, .name = (option), .placeholder = (value), .help = (text),     \
        .offset = offsetof(type, field)                                                            \
    }
#define COMMAND_INTEGER(type, field, option, value, least, most, otherwise, text)                  \
    {                                                                                              \
        .kind = COMMAND_OPTION_INTEGER, .name = (option), .placeholder = (value), .help = (text),  \
        .offset = offsetof(type, field), .minimum = (least), .maximum = (most),                    \
        .initial = (otherwise)                                                                     \
    }

struct program;
struct command;

/* What one call of a program asked for. Texts point into argv. */
struct command_line {
    const struct program *program;
    const struct command *command;
    const char *config; /* NULL: CONFIG_DEFAULT_PATH */
    const char *store;  /* NULL: as configured */
    bool json;
    bool utc;
    int operand_count;
    char **operands;
    const void *values; /* as the command's options say; zero, or initial, where not given */
    uint64_t given;     /* bit i: the command's option i was; see command_option_given() */
};

struct command {
    const char *name;
    const char *operands; /* for the usage line, "" when there are none */
    int operands_min, operands_max;
    const char *help;    /* one line */
    const char *details; /* more lines below the usage, or NULL */
    const struct command_option *options;
    size_t option_count;
    size_t values_bytes;
    int (*run)(const struct command_line *line); /* returns the exit status */
};

/* A first command whose name is NULL is run when no other one is named. */
struct program {
    const char *name;
    const char *summary; /* one line */
    const struct command *commands;
    size_t command_count;
};

/* Parses, answers --help and --version, runs the command; returns the exit status. */
int program_run(const struct program *program, int argc, char **argv);

/* Whether the command's option of that name was on the command line, be it with its usual value. */
bool command_option_given(const struct command_line *line, const char *name);

/* The configuration that --config names, with --store over it (relative to the current directory).
 */
bool command_config(const struct command_line *line, struct config *config,
                    struct error *error) MUST_USE;

/* One sentence on stderr behind the program's name; returns COMMAND_FAILED. */
int command_fail(const struct command_line *line, const struct error *error);

/* The same for wrong usage, with a pointer to --help; returns COMMAND_USAGE. */
int command_misused(const struct command_line *line, const char *format, ...) PRINTF_LIKE(2, 3);

/* Something a person should know, on stderr; not a failure. */
void command_note(const struct command_line *line, const char *format, ...) PRINTF_LIKE(2, 3);

/* "doing: done of total" on one line of a terminal's stderr, at most a few times a second; total 0:
 * not known. command_progress_end() clears it. Nothing is printed elsewhere. */
void command_progress(const char *doing, int64_t done, int64_t total);
void command_progress_end(void);

/* Whether colour may be used there: a terminal, NO_COLOR not set, TERM not dumb. */
bool command_colour(FILE *out);

/* Flushes stdout; COMMAND_DONE, or COMMAND_FAILED with a sentence when writing failed. */
int command_finish_output(const struct command_line *line);

#endif
