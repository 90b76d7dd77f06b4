#include "store/alert_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config_line.h"
#include "common/trusted_file.h"
#include "scorer/features.h"

#define MANUAL "pam_anomaly.alerts(5)"

static const struct config_option RULE_KEYS[] = {
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)                         \
    {#field,  KIND_##kind, CONFIG_OFFSET_##kind(struct alert_rule, field),                         \
     initial, minimum,     maximum,                                                                \
     unit,    "",          help},
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

/* section: the kind of channel that knows the key. */
static const struct config_option CHANNEL_KEYS[] = {
#define ALERT_RULE_KEY(kind, field, initial, minimum, maximum, unit, help)
#define ALERT_CHANNEL_KEY(kind, field, initial, minimum, maximum, unit, of, help)                  \
    {#field,  KIND_##kind, CONFIG_OFFSET_##kind(struct alert_channel, field),                      \
     initial, minimum,     maximum,                                                                \
     unit,    of,          help},
#include "store/alert_keys.def"
#undef ALERT_RULE_KEY
#undef ALERT_CHANNEL_KEY
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define KEYS_MOST       (COUNT_OF(RULE_KEYS) + COUNT_OF(CHANNEL_KEYS))

static const struct config_table RULE_TABLE = {RULE_KEYS, COUNT_OF(RULE_KEYS), MANUAL};
static const struct config_table CHANNEL_TABLE = {CHANNEL_KEYS, COUNT_OF(CHANNEL_KEYS), MANUAL};

/* ---- what a section has to say -------------------------------------------------------------- */

static bool is_channel_key_given(const unsigned *seen, const char *name)
{
    const struct config_option *key = config_option_find(&CHANNEL_TABLE, name, NULL);

    return key && seen[key - CHANNEL_KEYS] > 0;
}

static bool is_family(const char *word)
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (strcmp(FEATURE_TABLE[i].group, word) == 0)
            return true;
    }
    return false;
}

static bool is_fault(const char *word)
{
    bool found = strcmp(word, "any") == 0;

    for (enum fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
        found = found || strcmp(word, fault_name(fault)) == 0;
    return found;
}

/* One a program takes as a recipient, and nothing that a header or an option could be made of. */
static bool is_mail_address(const char *word)
{
    size_t length = strlen(word);

    for (const char *at = word; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("@._+-=", *at))
            return false;
    }
    return length > 0 && length < 255 && word[0] != '-';
}

/* The first word of the list that does not fit is said. */
static bool check_words(const char *list, bool (*fits)(const char *word), const char *what,
                        struct error *error)
{
    char words[CONFIG_LIST_BYTES], *rest;

    memcpy(words, list, sizeof(words));
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!fits(word))
            return error_set(error, FAULT_CONFIG, "\"%.64s\" is not %s; see " MANUAL, word, what);
    }
    return true;
}

static bool has_condition(const struct alert_rule *rule)
{
    return rule->verdict > 0 || rule->risk > 0 || rule->user[0] || rule->group[0] ||
           rule->source[0] || rule->reasons[0] || rule->volume_bytes > 0 || rule->fault[0] ||
           rule->label != ALERT_LABEL_ANY || rule->on != ALERT_AUTO;
}

static bool finish_rule(struct alert_rule *rule, struct error *error)
{
    if (!check_words(rule->reasons, is_family, "a family of features", error) ||
        !check_words(rule->fault, is_fault, "a kind of fault", error))
        return false;
    if (!has_condition(rule))
        return error_set(error, FAULT_CONFIG,
                         "the rule has no condition; say on which logins: verdict, risk, user …");
    if (rule->channels[0] == '\0')
        return error_set(error, FAULT_CONFIG, "the rule names no channels");
    if (rule->on == ALERT_AUTO)
        rule->on = rule->label != ALERT_LABEL_ANY ? ALERT_AT_LABEL
                   : rule->volume_bytes > 0       ? ALERT_AT_CLOSED
                                                  : ALERT_AT_ATTEMPT;
    if (rule->volume_bytes > 0 && rule->on < ALERT_AT_CLOSED)
        return error_set(error, FAULT_CONFIG,
                         "a volume is known when a session ends; write on = closed");
    if (rule->label != ALERT_LABEL_ANY && rule->on != ALERT_AT_LABEL)
        return error_set(error, FAULT_CONFIG, "labels are given afterwards; write on = labelled");
    return true;
}

static bool is_own_host(const char *host)
{
    static const char *const OWN[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < COUNT_OF(OWN); i++) {
        size_t length = strlen(OWN[i]);

        if (strncmp(host, OWN[i], length) == 0 && strchr(":/", host[length]))
            return true; /* strchr() finds the end, too */
    }
    return false;
}

static bool check_url(const char *url, struct error *error)
{
    bool plain = strncmp(url, "http://", 7) == 0;
    const char *host = url + (plain ? 7 : 8);

    if (!plain && strncmp(url, "https://", 8) != 0)
        return error_set(error, FAULT_CONFIG, "url: write an address that begins with https://");
    if (strcspn(host, "/?#") == 0 || memchr(host, '@', strcspn(host, "/?#")) || strchr(host, ' '))
        return error_set(error, FAULT_CONFIG,
                         "url: write https://HOST/PATH, without a name or password before the "
                         "host and without blanks");
    return !plain || is_own_host(host) ||
           error_set(error, FAULT_CONFIG,
                     "url: http would tell everybody on the way who logs in; write https://");
}

static bool finish_channel(const struct alert_channel *channel, const unsigned *seen,
                           struct error *error)
{
    const char *kind = alert_channel_kind_name(channel);

    if (!is_channel_key_given(seen, "kind"))
        return error_set(error, FAULT_CONFIG,
                         "the channel has no kind; write kind = email, webhook or syslog");
    for (size_t i = 0; i < COUNT_OF(CHANNEL_KEYS); i++) {
        const char *of = CHANNEL_KEYS[i].section;

        if (seen[i] > 0 && of[0] != '\0' && strcmp(of, kind) != 0)
            return error_set(error, FAULT_CONFIG, "%s is a key of the kind %s, not of %s",
                             CHANNEL_KEYS[i].name, of, kind);
    }
    switch ((enum alert_channel_kind)channel->kind) {
    case ALERT_EMAIL:
        if (channel->to[0] == '\0')
            return error_set(error, FAULT_CONFIG, "the channel says to nobody; write to = …");
        return check_words(channel->to, is_mail_address, "a mail address", error) &&
               (is_mail_address(channel->from) ||
                error_set(error, FAULT_CONFIG, "from: \"%.64s\" is not a mail address",
                          channel->from));
    case ALERT_WEBHOOK:
        if (channel->secret_file[0] == '\0')
            return error_set(error, FAULT_CONFIG,
                             "the channel has no secret_file; without one its receiver cannot "
                             "tell who sends");
        if (channel->ca_file[0] != '\0' && strncmp(channel->url, "http://", 7) == 0)
            return error_set(error, FAULT_CONFIG, "ca_file: http asks for no certificate");
        return check_url(channel->url, error);
    default:
        return true;
    }
}

static bool check_channels(const struct alert_config *config, const struct alert_rule *rule,
                           struct error *error)
{
    char words[CONFIG_LIST_BYTES], *rest;

    memcpy(words, rule->channels, sizeof(words));
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!alert_channel_find(config, word))
            return error_set(error, FAULT_CONFIG,
                             "the rule %s names a channel \"%.64s\" that the file does not have",
                             rule->name, word);
    }
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

enum section { SECTION_NONE, SECTION_RULE, SECTION_CHANNEL };

struct parsing {
    struct alert_config *config;
    enum section section;
    unsigned number;          /* of the line */
    unsigned heading;         /* the line that began the section */
    unsigned seen[KEYS_MOST]; /* of the section's keys: the line */
};

static void *current(const struct parsing *parsing)
{
    const struct alert_config *config = parsing->config;

    if (parsing->section == SECTION_RULE)
        return &config->rules[config->rule_count - 1];
    return &config->channels[config->channel_count - 1];
}

/* What a section says as a whole is said of its first line. */
static bool end_section(struct parsing *parsing, struct error *error)
{
    parsing->number = parsing->heading;
    if (parsing->section == SECTION_RULE)
        return finish_rule(current(parsing), error);
    return parsing->section == SECTION_NONE ||
           finish_channel(current(parsing), parsing->seen, error);
}

static bool is_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("-_.", *at))
            return false;
    }
    return name[0] != '\0';
}

static bool add_rule(struct alert_config *config, const char *name, struct error *error)
{
    struct alert_rule *rules;

    if (alert_rule_find(config, name))
        return error_set(error, FAULT_CONFIG, "there is a rule %s already", name);
    if (config->rule_count == ALERT_RULES_MAX)
        return error_set(error, FAULT_CONFIG, "at most %d rules", ALERT_RULES_MAX);
    rules = reallocarray(config->rules, config->rule_count + 1, sizeof(*rules));
    if (!rules)
        return error_set(error, FAULT_CONFIG, "no memory for the rules");
    config->rules = rules;
    rules += config->rule_count++;
    memset(rules, 0, sizeof(*rules));
    strcpy(rules->name, name);
    config_record_init(&RULE_TABLE, rules);
    return true;
}

static bool add_channel(struct alert_config *config, const char *name, struct error *error)
{
    struct alert_channel *channels;

    if (alert_channel_find(config, name))
        return error_set(error, FAULT_CONFIG, "there is a channel %s already", name);
    if (config->channel_count == ALERT_CHANNELS_MAX)
        return error_set(error, FAULT_CONFIG, "at most %d channels", ALERT_CHANNELS_MAX);
    channels = reallocarray(config->channels, config->channel_count + 1, sizeof(*channels));
    if (!channels)
        return error_set(error, FAULT_CONFIG, "no memory for the channels");
    config->channels = channels;
    channels += config->channel_count++;
    memset(channels, 0, sizeof(*channels));
    strcpy(channels->name, name);
    config_record_init(&CHANNEL_TABLE, channels);
    return true;
}

/* "[rule NAME]" or "[channel NAME]". */
static bool begin_section(struct parsing *parsing, struct config_line line, struct error *error)
{
    char text[96], kind[16], name[ALERT_NAME_BYTES], end;
    bool sound = config_line_copy(line, text, sizeof(text)) &&
                 sscanf(text, "[%15[a-z] %31[^] ]%c", kind, name, &end) == 3 && end == ']' &&
                 text[strlen(text) - 1] == ']' && strchr(text, ']')[1] == '\0' && is_name(name);

    parsing->heading = parsing->number;
    memset(parsing->seen, 0, sizeof(parsing->seen));
    if (sound && strcmp(kind, "rule") == 0) {
        parsing->section = SECTION_RULE;
        return add_rule(parsing->config, name, error);
    }
    if (sound && strcmp(kind, "channel") == 0) {
        parsing->section = SECTION_CHANNEL;
        return add_channel(parsing->config, name, error);
    }
    return error_set(error, FAULT_CONFIG,
                     "\"%.*s\" is neither [rule NAME] nor [channel NAME], NAME of at most %d "
                     "letters, digits, '-', '_' or '.'",
                     line.length < 64 ? (int)line.length : 64, line.start, ALERT_NAME_BYTES - 1);
}

static bool parse_line(struct parsing *parsing, struct config_line line, struct error *error)
{
    unsigned number = parsing->number;

    if (line.start[0] == '[') {
        if (!end_section(parsing, error))
            return false;
        parsing->number = number;
        return begin_section(parsing, line, error);
    }
    if (parsing->section == SECTION_NONE)
        return error_set(error, FAULT_CONFIG,
                         "a line before the first section; begin with [rule NAME] or "
                         "[channel NAME]");
    return config_line_parse(parsing->section == SECTION_RULE ? &RULE_TABLE : &CHANNEL_TABLE, line,
                             number, parsing->seen, current(parsing), error);
}

bool alert_config_parse(struct alert_config *config, const char *text, const char *name,
                        struct error *error)
{
    struct parsing parsing = {.config = config};
    struct error reason = ERROR_NONE;
    struct config_line line;
    bool done = true;

    memset(config, 0, sizeof(*config));
    while (done && config_line_next(&text, &parsing.number, &line))
        done = parse_line(&parsing, line, &reason);
    done = done && end_section(&parsing, &reason);
    if (!done)
        error_set(error, FAULT_CONFIG, "%s:%u: %s", name, parsing.number, reason.text);
    for (size_t i = 0; done && i < config->rule_count; i++)
        done = check_channels(config, &config->rules[i], &reason) ||
               error_set(error, FAULT_CONFIG, "%s: %s", name, reason.text);
    if (!done)
        alert_config_finish(config);
    return done;
}

bool alert_config_load(struct alert_config *config, const char *path, struct error *error)
{
    struct error reason = ERROR_NONE;
    size_t size;
    char *text;
    bool done;

    memset(config, 0, sizeof(*config));
    if (!trusted_file_read(path, geteuid(), ALERT_FILE_MAX_BYTES, FAULT_CONFIG, &text, &size,
                           &reason))
        return errno == ENOENT || error_set(error, FAULT_CONFIG, "%s", reason.text);
    done = alert_config_parse(config, text, path, error);
    free(text);
    return done;
}

void alert_config_finish(struct alert_config *config)
{
    free(config->rules);
    free(config->channels);
    memset(config, 0, sizeof(*config));
}

/* ---- looking things up ---------------------------------------------------------------------- */

const struct alert_rule *alert_rule_find(const struct alert_config *config, const char *name)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        if (strcmp(config->rules[i].name, name) == 0)
            return &config->rules[i];
    }
    return NULL;
}

const struct alert_channel *alert_channel_find(const struct alert_config *config, const char *name)
{
    for (size_t i = 0; i < config->channel_count; i++) {
        if (strcmp(config->channels[i].name, name) == 0)
            return &config->channels[i];
    }
    return NULL;
}

const char *alert_channel_kind_name(const struct alert_channel *channel)
{
    static const char *const NAMES[] = {"email", "webhook", "syslog"};

    return NAMES[channel->kind];
}

const char *alert_channel_target(const struct alert_channel *channel, char *text, size_t capacity)
{
    const char *host = strstr(channel->url, "://");

    if (channel->kind == ALERT_EMAIL)
        snprintf(text, capacity, "%s", channel->to);
    else if (channel->kind == ALERT_SYSLOG || !host)
        snprintf(text, capacity, "%s", channel->socket);
    else
        snprintf(text, capacity, "%.*s",
                 (int)(host - channel->url + 3) + (int)strcspn(host + 3, "/?#"), channel->url);
    return text;
}

static bool is_about_messages(const char *name)
{
    static const char *const NAMES[] = {"group_by", "wait", "quiet", "channels"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    }
    return false;
}

void alert_rule_conditions(const struct alert_rule *rule, alert_condition_visitor *visit,
                           void *context)
{
    char value[CONFIG_LIST_BYTES];

    for (size_t i = 0; i < COUNT_OF(RULE_KEYS); i++) {
        config_value_format(&RULE_KEYS[i], rule, value, sizeof(value));
        if (!is_about_messages(RULE_KEYS[i].name) && strcmp(value, RULE_KEYS[i].initial) != 0)
            visit(context, RULE_KEYS[i].name, value);
    }
}
