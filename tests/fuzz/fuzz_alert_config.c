/* No file of alerts crashes its reader, and what it takes has nothing in it that a check forbids.
 */
#include <stdlib.h>
#include <string.h>

#include "store/alert_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_channel(const struct alert_channel *channel)
{
    char target[64];

    (void)alert_channel_target(channel, target, sizeof(target));
    if (strpbrk(channel->to, "\r\n") != NULL || strpbrk(channel->from, "\r\n ") != NULL ||
        strpbrk(channel->url, "\r\n ") != NULL || channel->name[0] == '\0')
        abort();
}

static void check_rule(const struct alert_rule *rule, const struct alert_config *config)
{
    if (rule->name[0] == '\0' || rule->channels[0] == '\0' || rule->on == ALERT_AUTO ||
        alert_rule_find(config, rule->name) != rule)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error = ERROR_NONE;
    struct alert_config config;
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (alert_config_parse(&config, text, "alerts", &error) != (error.fault == FAULT_NONE))
        abort();
    for (size_t i = 0; i < config.channel_count; i++)
        check_channel(&config.channels[i]);
    for (size_t i = 0; i < config.rule_count; i++)
        check_rule(&config.rules[i], &config);
    alert_config_finish(&config);
    free(text);
    return 0;
}
