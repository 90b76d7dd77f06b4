/* anomalyctl config */
#include <string.h>

#include "ctl/ctl.h"

/* The index-th of the words in a CHOICE's row. */
static const char *choice_word(const char *choices, int index, char word[32])
{
    while (index-- > 0 && strchr(choices, '|') != NULL)
        choices = strchr(choices, '|') + 1;
    snprintf(word, 32, "%.*s", (int)strcspn(choices, "|"), choices);
    return word;
}

static void print_json(const struct config *config)
{
    struct json_writer json = json_writer_to(stdout);
    char word[32];
    json_object_begin(&json, NULL);
#define JSON_BOOL(field, unit)                                              json_bool(&json, #field, config->field);
#define JSON_INT(field, unit)                                               json_integer(&json, #field, config->field);
#define JSON_SHARE(field, unit)                                             json_number(&json, #field, config->field);
#define JSON_DURATION_MS(field, unit)                                       json_integer(&json, #field "_ms", config->field##_ms);
#define JSON_BYTES(field, unit)                                             json_integer(&json, #field "_bytes", config->field##_bytes);
#define JSON_DAYS(field, unit)                                              json_integer(&json, #field "_days", config->field##_days);
#define JSON_CHOICE(field, unit)                                            json_text(&json, #field, choice_word(unit, config->field, word));
#define JSON_TEXT(field, unit)                                              json_text(&json, #field, config->field);
#define JSON_PATH(field, unit)                                              json_text(&json, #field, config->field);
#define JSON_LIST(field, unit)                                              json_text(&json, #field, config->field);
#define JSON_NETWORKS(field, unit)                                          json_text(&json, #field, config->field);
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help) JSON_##kind(field, unit)
#include "common/config_options.def"
#undef OPTION
    json_object_begin(&json, "answer_to_fault");
    for (enum fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++) {
        static const char *const NAMES[] = {"inherit", "allow", "step_up", "deny"};
        json_text(&json, fault_name(fault), NAMES[config_on_fault(config, fault)]);
    }
    json_object_end(&json);
    json_object_end(&json);
    fputc('\n', stdout);
}

int run_config(const struct command_line *line)
{
    const struct config_values *values = line->values;
    struct error error = ERROR_NONE;
    struct config config;
    if (values->defaults)
        config_init(&config);
    else if (!command_config(line, &config, &error))
        return command_fail(line, &error);
    if (line->json) {
        print_json(&config);
    } else if (!config_print(&config, stdout)) {
        error_set(&error, FAULT_CONFIG, "cannot write the output");
        return command_fail(line, &error);
    }
    return command_finish_output(line);
}
