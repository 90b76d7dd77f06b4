#include <string.h>

#include "common/config_value.h"

#define LINE_WIDTH 88

/* "# text", wrapped at spaces. */
static void print_comment(FILE *out, const char *text)
{
    size_t column = (size_t)fprintf(out, "#");
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column + 1 + word > LINE_WIDTH && column > 1) {
            (void)fputs("\n#", out);
            column = 1;
        }
        (void)fprintf(out, " %.*s", (int)word, text);
        column += 1 + word;
        text += word;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

static const char *describe_choices(const struct config_option *option, char *text, size_t capacity)
{
    size_t used = 0;
    for (const char *at = option->unit; *at != '\0' && used + 5 < capacity; at++) {
        if (*at != '|') {
            text[used++] = *at;
            continue;
        }
        bool last = strchr(at + 1, '|') == NULL;
        used += (size_t)snprintf(text + used, capacity - used, last ? " or " : ", ");
    }
    text[used] = '\0';
    return text;
}

/* What may be written, in words: "10ms to 5s", "yes or no", "file". */
static void describe_values(const struct config_option *option, char *text, size_t capacity)
{
    char least[32];
    char most[32];
    if (config_option_is_quantity(option))
        (void)snprintf(text, capacity, "%s to %s%s%s",
                       config_quantity_format(option, option->minimum, least, sizeof(least)),
                       config_quantity_format(option, option->maximum, most, sizeof(most)),
                       option->unit[0] != '\0' ? " " : "", option->unit);
    else if (option->kind == KIND_SHARE)
        (void)snprintf(text, capacity, "%d to %d, %s", (int)option->minimum, (int)option->maximum,
                       option->unit);
    else if (option->kind == KIND_BOOL)
        (void)snprintf(text, capacity, "yes or no");
    else if (option->kind == KIND_CHOICE)
        describe_choices(option, text, capacity);
    else if (option->kind == KIND_LIST || option->kind == KIND_NETWORKS)
        (void)snprintf(text, capacity, "%s, separated by spaces", option->unit);
    else if (option->kind == KIND_PATH)
        (void)snprintf(text, capacity, "absolute path of a %s", option->unit);
    else
        (void)snprintf(text, capacity, "%s", option->unit[0] != '\0' ? option->unit : "text");
}

static void print_option(const struct config *config, const struct config_option *option, FILE *out)
{
    char values[128];
    char line[256];
    char value[CONFIG_LIST_BYTES];
    describe_values(option, values, sizeof(values));
    config_value_format(option, config, value, sizeof(value));
    print_comment(out, option->help);
    (void)snprintf(line, sizeof(line), "(%s; default: %s)", values,
                   option->initial[0] != '\0' ? option->initial : "empty");
    print_comment(out, line);
    (void)fprintf(out, "%s =%s%s\n", option->name, value[0] != '\0' ? " " : "", value);
}

bool config_print(const struct config *config, FILE *out)
{
    (void)fputs("# Configuration of pam_anomaly, described in pam_anomaly.conf(5).\n"
                "# A line is \"name = value\"; a line that begins with # is a comment; an option "
                "that is left out\n"
                "# keeps its default. Check a change with: anomalyctl check\n",
                out);
    const char *section = "";
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        if (strcmp(option->section, section) != 0)
            (void)fprintf(out, "\n\n# ---- %s ----\n", option->section);
        section = option->section;
        (void)fputc('\n', out);
        print_option(config, option, out);
    }
    return fflush(out) == 0 && ferror(out) == 0;
}

void config_print_help(FILE *out)
{
    int width = 0;
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
        int length = (int)strlen(CONFIG_OPTIONS[i].name);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        (void)fprintf(out, "  %-*s  %s (%s)\n", width, option->name, option->help,
                      option->initial[0] != '\0' ? option->initial : "empty");
    }
}
