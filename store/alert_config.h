/*
 * The file of alerts: sections [rule NAME] and [channel NAME] with lines "name = value", keys as in
 * alert_keys.def. What is loaded is sound: names are known, every condition means something.
 */
#ifndef STORE_ALERT_CONFIG_H
#define STORE_ALERT_CONFIG_H

#include <stddef.h>

#include "common/config.h"

#define ALERT_FILE_MAX_BYTES 65536
#define ALERT_NAME_BYTES     32
#define ALERT_RULES_MAX      64
#define ALERT_CHANNELS_MAX   16

enum alert_moment {
    ALERT_AUTO,
    ALERT_AT_ATTEMPT,
    ALERT_AT_ACCEPTED,
    ALERT_AT_OPENED,
    ALERT_AT_CLOSED,
    ALERT_AT_LABEL,
};
enum alert_label { ALERT_LABEL_ANY, ALERT_LABEL_ATTACK, ALERT_LABEL_LEGITIMATE };
enum alert_group_by { ALERT_BY_RULE, ALERT_BY_USER, ALERT_BY_SOURCE };
enum alert_channel_kind { ALERT_EMAIL, ALERT_WEBHOOK, ALERT_SYSLOG, ALERT_CHANNEL_KIND_COUNT };

struct alert_rule {
    char name[ALERT_NAME_BYTES]; /* on is never ALERT_AUTO, verdict an enum verdict */
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)                         \
    CONFIG_FIELD_##kind(field)
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

struct alert_channel {
    char name[ALERT_NAME_BYTES];
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)                  \
    CONFIG_FIELD_##kind(field)
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

struct alert_config {
    struct alert_rule *rules;
    struct alert_channel *channels;
    size_t rule_count, channel_count;
};

/* name: for messages. On success *config is the caller's to finish; on an error it is empty. */
bool alert_config_parse(struct alert_config *config, const char *text, const char *name,
                        struct error *error) MUST_USE;

/* The same of a file that root or the caller owns. One that is missing has no rules. */
bool alert_config_load(struct alert_config *config, const char *path, struct error *error) MUST_USE;
void alert_config_finish(struct alert_config *config);

/* NULL: there is none of that name. */
const struct alert_rule *alert_rule_find(const struct alert_config *config, const char *name);
const struct alert_channel *alert_channel_find(const struct alert_config *config, const char *name);

const char *alert_channel_kind_name(const struct alert_channel *channel);

/*
 * Where a channel leads, for people: of a web address scheme and host alone, for what follows is
 * often a secret. Returns text.
 */
const char *alert_channel_target(const struct alert_channel *channel, char *text, size_t capacity);

/*
 * The keys that a rule sets beyond their defaults, one after the other, as they would stand in the
 * file. Keys that say where and how often a message goes are left out. value is gone after the
 * call.
 */
typedef void alert_condition_visitor(void *context, const char *name, const char *value);
void alert_rule_conditions(const struct alert_rule *rule, alert_condition_visitor *visit,
                           void *context);

#endif
