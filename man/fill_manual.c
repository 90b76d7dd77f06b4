/*
 * Copies a manual page's template to stdout and puts the tables of the code where it says
 * @OPTIONS@, @FAULTS@, @FEATURES@, @ALERT_RULES@ or @ALERT_CHANNELS@: what the manual lists is what
 * the code has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *kind, *name, *initial, *unit, *section, *help;
} OPTIONS[] = {
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    {#kind, #field, initial, unit, section, help},
#include "common/config_options.def"
#undef OPTION
};

static const struct {
    const char *name, *meaning;
} FAULTS[] = {
#define FAULT(symbol, name, meaning) {name, meaning},
#include "common/fault.def"
#undef FAULT
};

static const struct {
    const char *group, *name, *unit, *meaning;
} FEATURES[] = {
#define FEATURE(symbol, group, name, unit, meaning, reason) {group, name, unit, meaning},
#include "scorer/features.def"
#undef FEATURE
};

struct alert_key {
    const char *kind, *name, *initial, *unit, *of, *help;
};

static const struct alert_key ALERT_RULE_KEYS[] = {
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)                         \
    {#kind, #field, initial, unit, "", help},
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

static const struct alert_key ALERT_CHANNEL_KEYS[] = {
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)                  \
    {#kind, #field, initial, unit, of, help},
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Text as mdoc(7) takes it; a letter in front keeps a dot from being a macro's. */
static void print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
        if (*text == '.' && text[1] == ' ')
            fputs("\\&", stdout); /* not the end of the manual's own sentence */
    }
}

static void print_sentence(const char *text)
{
    print_text(text);
    fputs(".\n", stdout);
}

static void print_initial(const char *initial)
{
    if (*initial == '\0') {
        puts("Default: empty.");
        return;
    }
    fputs("Default: ", stdout);
    print_text(initial);
    fputs("\n", stdout);
}

/* The name and what may be written there. */
static void print_item(const char *name, const char *kind, const char *unit)
{
    printf(".It Cm %s No = Ar ", name);
    print_text(*unit != '\0'                      ? unit
               : strcmp(kind, "BOOL") == 0        ? "yes|no"
               : strcmp(kind, "DURATION_MS") == 0 ? "duration"
               : strcmp(kind, "BYTES") == 0       ? "size"
               : strcmp(kind, "DAYS") == 0        ? "days"
               : strcmp(kind, "SHARE") == 0       ? "share"
               : strcmp(kind, "INT") == 0         ? "number"
                                                  : "value");
    putchar('\n');
}

static void print_options(void)
{
    const char *section = "";
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
        if (strcmp(section, OPTIONS[i].section) != 0) {
            printf("%s.Ss %s\n.Bl -tag -width Ds\n", i == 0 ? "" : ".El\n", OPTIONS[i].section);
            section = OPTIONS[i].section;
        }
        print_item(OPTIONS[i].name, OPTIONS[i].kind, OPTIONS[i].unit);
        print_sentence(OPTIONS[i].help);
        print_initial(OPTIONS[i].initial);
    }
    puts(".El");
}

static void print_faults(void)
{
    puts(".Bl -tag -width deadline -compact");
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++) {
        printf(".It Cm %s\n", FAULTS[i].name);
        print_text(FAULTS[i].meaning);
        putchar('\n');
    }
    puts(".El");
}

static void print_features(void)
{
    const char *group = "";
    for (size_t i = 0; i < COUNT_OF(FEATURES); i++) {
        if (strcmp(group, FEATURES[i].group) != 0) {
            printf("%s.Ss %s\n.Bl -tag -width Ds\n", i == 0 ? "" : ".El\n", FEATURES[i].group);
            group = FEATURES[i].group;
        }
        printf(".It Cm %s Pq ", FEATURES[i].name);
        print_text(FEATURES[i].unit);
        putchar('\n');
        print_sentence(FEATURES[i].meaning);
    }
    puts(".El");
}

static void print_alert_keys(const struct alert_key *keys, size_t count)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < count; i++) {
        print_item(keys[i].name, keys[i].kind, keys[i].unit);
        if (*keys[i].of != '\0')
            printf("Of the kind %s: ", keys[i].of);
        print_sentence(keys[i].help);
        print_initial(keys[i].initial);
    }
    puts(".El");
}

static void print_alert_rules(void)
{
    print_alert_keys(ALERT_RULE_KEYS, COUNT_OF(ALERT_RULE_KEYS));
}

static void print_alert_channels(void)
{
    print_alert_keys(ALERT_CHANNEL_KEYS, COUNT_OF(ALERT_CHANNEL_KEYS));
}

static const struct {
    const char *line;
    void (*print)(void);
} TABLES[] = {{"@OPTIONS@\n", print_options},
              {"@FAULTS@\n", print_faults},
              {"@FEATURES@\n", print_features},
              {"@ALERT_RULES@\n", print_alert_rules},
              {"@ALERT_CHANNELS@\n", print_alert_channels}};

int main(int argc, char **argv)
{
    FILE *template = argc == 2 ? fopen(argv[1], "r") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    if (template == NULL) {
        fputs("usage: fill_manual TEMPLATE\n", stderr);
        return 2;
    }
    while (getline(&line, &capacity, template) > 0) {
        size_t table = 0;
        while (table < COUNT_OF(TABLES) && strcmp(line, TABLES[table].line) != 0)
            table++;
        if (table < COUNT_OF(TABLES))
            TABLES[table].print();
        else
            fputs(line, stdout);
    }
    free(line);
    fclose(template);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
