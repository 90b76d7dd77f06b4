#include "common/command_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/utf8.h"

#define HELP_COLUMN 26

struct common_values {
    bool help, version, json, utc;
    const char *config, *store;
};

static const struct command_option COMMON_OPTIONS[] = {
    COMMAND_TEXT(struct common_values, config, "config", "FILE",
                 "the configuration; otherwise " CONFIG_DEFAULT_PATH),
    COMMAND_TEXT(struct common_values, store, "store", "DIR",
                 "the profile store; otherwise as configured"),
    COMMAND_FLAG(struct common_values, json, "json", "one JSON object on stdout"),
    COMMAND_FLAG(struct common_values, utc, "utc", "times are UTC instead of the local zone"),
    COMMAND_FLAG(struct common_values, help, "help", "print this and exit"),
    COMMAND_FLAG(struct common_values, version, "version", "print the version and exit"),
};
#define COMMON_OPTION_COUNT (sizeof COMMON_OPTIONS / sizeof COMMON_OPTIONS[0])

/* ---- messages ---- */

/* What it quotes may be of others' making. */
static void complain(const struct command_line *line, const char *format, va_list arguments)
{
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);

    if (length < 0)
        return;
    utf8_show(text, (size_t)length);
    fprintf(stderr, "%s: %s", line->program->name, text);
    free(text);
}

int command_fail(const struct command_line *line, const struct error *error)
{
    command_progress_end();
    fprintf(stderr, "%s: %s\n", line->program->name, error->text);
    return COMMAND_FAILED;
}

int command_misused(const struct command_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(line, format, arguments);
    va_end(arguments);
    if (line->command != NULL && line->command->name != NULL)
        fprintf(stderr, "; see %s %s --help\n", line->program->name, line->command->name);
    else
        fprintf(stderr, "; see %s --help\n", line->program->name);
    return COMMAND_USAGE;
}

void command_note(const struct command_line *line, const char *format, ...)
{
    va_list arguments;
    command_progress_end();
    va_start(arguments, format);
    complain(line, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static bool progress_shown;
static int64_t progress_last_us;

void command_progress(const char *doing, int64_t done, int64_t total)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us - progress_last_us < US_PER_S / 5)
        return;
    progress_last_us = now_us;
    if (!isatty(STDERR_FILENO))
        return;
    progress_shown = true;
    if (total > 0)
        fprintf(stderr, "\r\033[K%s: %" PRId64 " of %" PRId64, doing, done, total);
    else
        fprintf(stderr, "\r\033[K%s: %" PRId64, doing, done);
}

void command_progress_end(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

bool command_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(fileno(out)) && (no_color == NULL || *no_color == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

int command_finish_output(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return COMMAND_DONE;
    error_set_errno(&error, FAULT_STORE, errno, "cannot write the output");
    return command_fail(line, &error);
}

/* ---- help ---- */

static void print_options(const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct command_option *option = &options[i];
        int used = printf("  --%s%s%s", option->name, option->placeholder != NULL ? " " : "",
                          option->placeholder != NULL ? option->placeholder : "");
        printf("%*s%s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", option->help);
        if (option->kind == COMMAND_OPTION_INTEGER && option->initial != 0)
            printf(" (%" PRId64 ")", option->initial);
        putchar('\n');
    }
}

static void print_commands(const struct program *program)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const struct command *command = &program->commands[i];
        if (command->name == NULL)
            continue;
        bool takes = command->operands != NULL && command->operands[0] != '\0';
        int used =
            printf("  %s%s%s", command->name, takes ? " " : "", takes ? command->operands : "");
        printf("%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", command->help);
    }
}

static void print_command_help(const struct program *program, const struct command *command)
{
    bool named = command->name != NULL;
    bool takes = command->operands != NULL && command->operands[0] != '\0';
    printf("usage: %s%s%s [OPTION…]%s%s\n%s\n\n", program->name, named ? " " : "",
           named ? command->name : "", takes ? " " : "", takes ? command->operands : "",
           command->help);
    if (command->details != NULL)
        printf("%s\n\n", command->details);
    if (!named && program->command_count > 1) {
        print_commands(program);
        putchar('\n');
    }
    print_options(command->options, command->option_count);
    print_options(COMMON_OPTIONS, COMMON_OPTION_COUNT);
}

static void print_program_help(const struct program *program)
{
    printf("usage: %s COMMAND [OPTION…]\n%s\n\n", program->name, program->summary);
    print_commands(program);
    puts("\nOptions of every command (COMMAND --help lists its own):");
    print_options(COMMON_OPTIONS, COMMON_OPTION_COUNT);
}

/* ---- parsing ---- */

static bool integer_parse(const char *text, const struct command_option *option, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < option->minimum ||
        number > option->maximum)
        return false;
    *value = number;
    return true;
}

/* The option in a table that an argument names, "--name" or "--name=value". */
static const struct command_option *option_find(const struct command_option *options, size_t count,
                                                const char *argument, const char **value)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0) {
            *value = name[length] == '=' ? name + length + 1 : NULL;
            return &options[i];
        }
    }
    return NULL;
}

static int option_store(const struct command_line *line, const struct command_option *option,
                        const char *value, void *values)
{
    void *field = (char *)values + option->offset;
    int64_t number = 0;

    switch (option->kind) {
    case COMMAND_OPTION_FLAG:
        *(bool *)field = true;
        return COMMAND_DONE;
    case COMMAND_OPTION_TEXT:
        *(const char **)field = value;
        return COMMAND_DONE;
    case COMMAND_OPTION_INTEGER:
        if (!integer_parse(value, option, &number))
            return command_misused(
                line, "--%s needs a whole number from %" PRId64 " to %" PRId64 ", not \"%s\"",
                option->name, option->minimum, option->maximum, value);
        *(int64_t *)field = number;
        return COMMAND_DONE;
    }
    return COMMAND_USAGE;
}

/* Takes argv[*at] as an option of the command or a common one, with its value from the next. */
static int take_option(struct command_line *line, int argc, char **argv, int *at, void *values,
                       struct common_values *common)
{
    const char *argument = argv[*at];
    const char *value = NULL;
    void *target = values;
    const struct command_option *option = NULL;

    if (line->command != NULL)
        option = option_find(line->command->options, line->command->option_count, argument, &value);
    if (option != NULL) {
        line->given |= UINT64_C(1) << (option - line->command->options);
    } else {
        option = option_find(COMMON_OPTIONS, COMMON_OPTION_COUNT, argument, &value);
        target = common;
    }
    if (option == NULL)
        return command_misused(line, "unknown option %s", argument);
    if (option->kind == COMMAND_OPTION_FLAG) {
        if (value != NULL)
            return command_misused(line, "--%s takes no value", option->name);
    } else if (value == NULL) {
        if (*at + 1 >= argc)
            return command_misused(line, "--%s needs a value", option->name);
        value = argv[++*at];
    }
    return option_store(line, option, value, target);
}

/* Options may stand before, between and behind operands; "--" ends them, "-" is an operand. Moves
 * the operands to the front of argv. */
static int parse_arguments(struct command_line *line, int argc, char **argv, void *values,
                           struct common_values *common)
{
    bool options_ended = false;

    line->operands = argv;
    for (int i = 0; i < argc; i++) {
        if (!options_ended && strcmp(argv[i], "--") == 0) {
            options_ended = true;
        } else if (!options_ended && strncmp(argv[i], "--", 2) == 0) {
            int status = take_option(line, argc, argv, &i, values, common);
            if (status != COMMAND_DONE)
                return status;
        } else if (!options_ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            return command_misused(line, "unknown option %s", argv[i]);
        } else {
            argv[line->operand_count++] = argv[i];
        }
    }
    return COMMAND_DONE;
}

static int run_command(struct command_line *line, int argc, char **argv)
{
    union {
        max_align_t align;
        unsigned char bytes[COMMAND_VALUES_BYTES];
    } values = {.bytes = {0}};
    struct common_values common = {.help = false};
    const struct command *command = line->command;

    if (command->values_bytes > sizeof values || command->option_count > 64)
        abort();
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].kind == COMMAND_OPTION_INTEGER)
            memcpy(values.bytes + command->options[i].offset, &command->options[i].initial,
                   sizeof(int64_t));
    }
    int status = parse_arguments(line, argc, argv, &values, &common);
    if (status != COMMAND_DONE)
        return status;
    if (common.help) {
        print_command_help(line->program, command);
        return command_finish_output(line);
    }
    if (common.version) {
        printf("%s %s\n", line->program->name, PAM_ANOMALY_VERSION);
        return command_finish_output(line);
    }
    if (line->operand_count < command->operands_min)
        return command_misused(line, "%s is missing", command->operands);
    if (line->operand_count > command->operands_max)
        return command_misused(line, "\"%s\" is one word too many",
                               line->operands[command->operands_max]);
    line->config = common.config;
    line->store = common.store;
    line->json = common.json;
    line->utc = common.utc;
    line->values = &values;
    return command->run(line);
}

static const struct command *command_find(const struct program *program, const char *name)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const char *known = program->commands[i].name;
        if (known != NULL && strcmp(known, name) == 0)
            return &program->commands[i];
    }
    return NULL;
}

/* --help and --version before any command, and what is wrong with the first word otherwise. */
static int answer_without_command(const struct command_line *line, int argc, char **argv)
{
    if (argc < 2)
        return command_misused(line, "a command is missing");
    if (strcmp(argv[1], "--help") == 0) {
        print_program_help(line->program);
        return command_finish_output(line);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("%s %s\n", line->program->name, PAM_ANOMALY_VERSION);
        return command_finish_output(line);
    }
    return command_misused(line, "unknown command %s", argv[1]);
}

int program_run(const struct program *program, int argc, char **argv)
{
    struct command_line line = {.program = program};

    if (argc >= 2)
        line.command = command_find(program, argv[1]);
    if (line.command == NULL && program->commands[0].name == NULL) {
        line.command = &program->commands[0];
        return run_command(&line, argc > 0 ? argc - 1 : 0, argv + (argc > 0));
    }
    if (line.command == NULL)
        return answer_without_command(&line, argc, argv);
    return run_command(&line, argc - 2, argv + 2);
}

bool command_option_given(const struct command_line *line, const char *name)
{
    for (size_t i = 0; i < line->command->option_count; i++) {
        if (strcmp(line->command->options[i].name, name) == 0)
            return (line->given >> i & 1) != 0;
    }
    return false;
}

bool command_config(const struct command_line *line, struct config *config, struct error *error)
{
    char directory[CONFIG_TEXT_BYTES];
    char here[CONFIG_TEXT_BYTES];

    config_init(config);
    const char *path = line->config != NULL ? line->config : CONFIG_DEFAULT_PATH;
    if (!config_load(config, path, error))
        return false;
    if (line->store == NULL)
        return true;
    if (line->store[0] == '/')
        return config_set(config, "store", line->store, error);
    if (getcwd(here, sizeof here) == NULL)
        return error_set_errno(error, FAULT_CONFIG, errno, "cannot tell the current directory");
    int length = snprintf(directory, sizeof directory, "%s/%s", here, line->store);
    if (length < 0 || (size_t)length >= sizeof directory)
        return error_set(error, FAULT_CONFIG, "the path of --store %s is too long", line->store);
    return config_set(config, "store", directory, error);
}
