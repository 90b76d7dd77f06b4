#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config_line.h"
#include "common/trusted_file.h"

#define NAME_BYTES 64

const struct config_option CONFIG_OPTIONS[CONFIG_OPTION_COUNT] = {
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help)                        \
    {#field,  KIND_##kind, CONFIG_OFFSET_##kind(struct config, field),                             \
     initial, minimum,     maximum,                                                                \
     unit,    section,     help},
#include "common/config_options.def"
#undef OPTION
};

static const struct config_table TABLE = {CONFIG_OPTIONS, CONFIG_OPTION_COUNT,
                                          "pam_anomaly.conf(5)"};

void config_init(struct config *config)
{
    memset(config, 0, sizeof(*config));
    config_record_init(&TABLE, config);
}

bool config_set(struct config *config, const char *name, const char *value, struct error *error)
{
    return config_record_set(&TABLE, name, value, config, error);
}

bool config_parse(struct config *config, const char *text, const char *name, struct error *error)
{
    struct config parsed = *config;
    unsigned seen[CONFIG_OPTION_COUNT] = {0}, number = 0;
    struct config_line line;
    while (config_line_next(&text, &number, &line)) {
        struct error reason = ERROR_NONE;
        if (!config_line_parse(&TABLE, line, number, seen, &parsed, &reason))
            return error_set(error, FAULT_CONFIG, "%s:%u: %s", name, number, reason.text);
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
    const struct config_option *options[] = {config_option_find(&TABLE, name, NULL),
                                             config_option_find(&TABLE, "on_fault", NULL)};
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
    const char *rest = text;
    unsigned number = 0;
    struct config_line line;
    while (config_line_next(&rest, &number, &line)) {
        unsigned seen[CONFIG_OPTION_COUNT] = {0};
        struct error faulty = ERROR_NONE;
        (void)!config_line_parse(&TABLE, line, number, seen, &parsed, &faulty);
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
        struct config_line item = {list, strcspn(list, " ")};
        char text[NAME_BYTES];
        struct ip_network network;
        if (config_line_copy(item, text, sizeof(text)) && ip_network_parse(text, &network, NULL) &&
            ip_network_contains(&network, address))
            return true;
        list += item.length;
        list += *list == ' ';
    }
    return false;
}
