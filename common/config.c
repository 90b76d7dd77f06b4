#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config_value.h"
#include "common/trusted_file.h"

#define NAME_BYTES 64

#define CONFIG_OFFSET_BOOL(field)        offsetof(struct config, field)
#define CONFIG_OFFSET_INT(field)         offsetof(struct config, field)
#define CONFIG_OFFSET_SHARE(field)       offsetof(struct config, field)
#define CONFIG_OFFSET_DURATION_MS(field) offsetof(struct config, field##_ms)
#define CONFIG_OFFSET_BYTES(field)       offsetof(struct config, field##_bytes)
#define CONFIG_OFFSET_DAYS(field)        offsetof(struct config, field##_days)
#define CONFIG_OFFSET_CHOICE(field)      offsetof(struct config, field)
#define CONFIG_OFFSET_TEXT(field)        offsetof(struct config, field)
#define CONFIG_OFFSET_PATH(field)        offsetof(struct config, field)
#define CONFIG_OFFSET_LIST(field)        offsetof(struct config, field)
#define CONFIG_OFFSET_NETWORKS(field)    offsetof(struct config, field)

const struct config_option CONFIG_OPTIONS[CONFIG_OPTION_COUNT] = {
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    {#field,  KIND_##kind, CONFIG_OFFSET_##kind(field), initial, minimum, maximum, unit,           \
     section, help},
#include "common/config_options.def"
#undef OPTION
};

void config_init(struct config *config)
{
    memset(config, 0, sizeof(*config));
    /* A unit test holds every default to its own option's rules. */
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
        if (!config_value_parse(&CONFIG_OPTIONS[i], CONFIG_OPTIONS[i].initial, config, NULL))
            continue;
}

static const struct config_option *find_option(const char *name)
{
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
        if (strcmp(CONFIG_OPTIONS[i].name, name) == 0)
            return &CONFIG_OPTIONS[i];
    return NULL;
}

/* Levenshtein's edit distance; both are shorter than NAME_BYTES. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[NAME_BYTES];
    size_t b_length = strlen(b);
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_length];
}

/* The option somebody may have meant, or NULL when none is near. */
static const char *nearest_option(const char *name)
{
    size_t length = strlen(name);
    if (length >= NAME_BYTES)
        return NULL;
    unsigned nearest = (unsigned)(length / 3 > 2 ? length / 3 : 2) + 1;
    const char *found = NULL;
    for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
        unsigned distance = edit_distance(name, CONFIG_OPTIONS[i].name);
        if (distance < nearest) {
            nearest = distance;
            found = CONFIG_OPTIONS[i].name;
        }
    }
    return found;
}

static bool refuse_name(const char *name, struct error *error)
{
    const char *meant = nearest_option(name);
    if (meant != NULL)
        return error_set(error, FAULT_CONFIG, "unknown option \"%.64s\"; did you mean \"%s\"?",
                         name, meant);
    return error_set(error, FAULT_CONFIG,
                     "unknown option \"%.64s\"; pam_anomaly.conf(5) lists those there are", name);
}

static bool set_option(struct config *config, const struct config_option *option, const char *value,
                       struct error *error)
{
    struct error reason = ERROR_NONE;
    if (config_value_parse(option, value, config, &reason))
        return true;
    return error_set(error, FAULT_CONFIG, "%s: %s", option->name, reason.text);
}

bool config_set(struct config *config, const char *name, const char *value, struct error *error)
{
    const struct config_option *option = find_option(name);
    if (option == NULL)
        return refuse_name(name, error);
    return set_option(config, option, value, error);
}

struct line {
    const char *start;
    size_t length;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct line trim(struct line line)
{
    while (line.length > 0 && is_blank(line.start[0])) {
        line.start++;
        line.length--;
    }
    while (line.length > 0 && is_blank(line.start[line.length - 1]))
        line.length--;
    return line;
}

/* Copies a part of the text and ends it with a NUL. False when it does not fit. */
static bool copy_part(struct line part, char *copy, size_t capacity)
{
    if (part.length >= capacity)
        return false;
    memcpy(copy, part.start, part.length);
    copy[part.length] = '\0';
    return true;
}

/* One line that is no comment. seen: the line each option was given on, 0 for none yet. */
static bool parse_line(struct config *config, struct line line, unsigned number,
                       unsigned seen[CONFIG_OPTION_COUNT], struct error *error)
{
    const char *equals = memchr(line.start, '=', line.length);
    if (equals == NULL || equals == line.start)
        return error_set(error, FAULT_CONFIG, "\"%.*s\" is not of the form name = value",
                         line.length < NAME_BYTES ? (int)line.length : NAME_BYTES, line.start);
    size_t left = (size_t)(equals - line.start);
    char name[NAME_BYTES + 1];
    char value[CONFIG_LIST_BYTES];
    struct line name_part = trim((struct line){line.start, left});
    if (!copy_part(name_part, name, sizeof(name)))
        return error_set(error, FAULT_CONFIG,
                         "unknown option \"%.*s…\"; pam_anomaly.conf(5) lists those there are",
                         NAME_BYTES, line.start);
    const struct config_option *option = find_option(name);
    if (option == NULL)
        return refuse_name(name, error);
    unsigned *before = &seen[option - CONFIG_OPTIONS];
    if (*before != 0)
        return error_set(error, FAULT_CONFIG, "%s stands on line %u already; keep one of them",
                         name, *before);
    *before = number;
    if (!copy_part(trim((struct line){equals + 1, line.length - left - 1}), value, sizeof(value)))
        return error_set(error, FAULT_CONFIG, "%s: the value is too long; at most %d bytes fit",
                         name, CONFIG_LIST_BYTES - 1);
    return set_option(config, option, value, error);
}

bool config_parse(struct config *config, const char *text, const char *name, struct error *error)
{
    struct config parsed = *config;
    unsigned seen[CONFIG_OPTION_COUNT] = {0};
    for (unsigned number = 1; *text != '\0'; number++) {
        size_t length = strcspn(text, "\n");
        struct line line = trim((struct line){text, length});
        struct error reason = ERROR_NONE;
        if (line.length > 0 && line.start[0] != '#' &&
            !parse_line(&parsed, line, number, seen, &reason))
            return error_set(error, FAULT_CONFIG, "%s:%u: %s", name, number, reason.text);
        text += length;
        text += *text == '\n';
    }
    *config = parsed;
    return true;
}

bool config_load(struct config *config, const char *path, struct error *error)
{
    struct config loaded;
    config_init(&loaded);
    struct error reason = ERROR_NONE;
    char *text;
    size_t size;
    if (!trusted_file_read(path, geteuid(), CONFIG_MAX_BYTES, FAULT_CONFIG, &text, &size,
                           &reason)) {
        if (errno != ENOENT || strcmp(path, CONFIG_DEFAULT_PATH) != 0)
            return error_set(error, FAULT_CONFIG, "%s", reason.text);
        *config = loaded;
        return true;
    }
    bool done = config_parse(&loaded, text, path, error);
    free(text);
    if (done)
        *config = loaded;
    return done;
}

enum config_on_fault config_on_fault(const struct config *config, enum fault fault)
{
    static const char ANSWERS[] = "inherit|allow|step_up|deny"; /* as enum config_on_fault */
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "on_fault_%s", fault_name(fault));
    const struct config_option *options[] = {find_option(name), find_option("on_fault")};
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        char word[NAME_BYTES];
        int answer;
        if (options[i] == NULL)
            continue;
        config_value_format(options[i], config, word, sizeof(word));
        if (config_choice_index(ANSWERS, word, &answer) && answer != ON_FAULT_INHERIT)
            return (enum config_on_fault)answer;
    }
    return ON_FAULT_ALLOW;
}

enum config_on_fault config_salvage_on_fault(const char *path)
{
    struct config parsed;
    char *text;
    size_t size;
    config_init(&parsed);
    if (!trusted_file_read(path, geteuid(), CONFIG_MAX_BYTES, FAULT_CONFIG, &text, &size, NULL))
        return ON_FAULT_INHERIT;
    for (const char *at = text; *at != '\0'; at += *at == '\n') {
        struct line line = {at, strcspn(at, "\n")};
        unsigned seen[CONFIG_OPTION_COUNT] = {0};
        struct error faulty = ERROR_NONE;
        at += line.length;
        line = trim(line);
        if (line.length > 0 && line.start[0] != '#')
            (void)!parse_line(&parsed, line, 1, seen, &faulty);
    }
    free(text);
    return (enum config_on_fault)parsed.on_fault_config;
}

bool config_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0') {
        size_t item = strcspn(list, " ");
        if (item > 0 && item == length && memcmp(list, word, length) == 0)
            return true;
        list += item;
        list += *list == ' ';
    }
    return false;
}

bool config_networks_contain(const char *list, const struct ip_address *address)
{
    while (*list != '\0') {
        struct line item = {list, strcspn(list, " ")};
        char text[NAME_BYTES];
        struct ip_network network;
        if (copy_part(item, text, sizeof(text)) && ip_network_parse(text, &network, NULL) &&
            ip_network_contains(&network, address))
            return true;
        list += item.length;
        list += *list == ' ';
    }
    return false;
}
