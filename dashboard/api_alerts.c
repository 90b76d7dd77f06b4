/* Alerts: what was raised and sent, the rules, and words on both. */
#include <string.h>

#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_cursor.h"
#include "dashboard/spoken.h"
#include "store/alert_json.h"

/* ---- the list ------------------------------------------------------------------------------- */

struct alerts {
    struct list_numbered numbered;
    enum alert_state which;
};

static bool begin_alerts(struct worker *worker, const struct request *request, void *state,
                         struct reply *reply)
{
    const char *which = request_query(request, "state");
    struct alerts *alerts = state;

    (void)worker;
    alerts->which = ALERT_STATE_ALL;
    if (which != NULL && !alert_state_from_name(which, &alerts->which))
        return !reply_refuse(reply, 400, "state has to be open, acknowledged or all");
    return list_begin_numbered(request, &alerts->numbered, reply);
}

static bool give_alert(void *context, const struct alert *alert)
{
    return list_give_numbered(context, alert->id, &(struct list_item){.alert = alert});
}

static bool read_alerts(void *state, struct list_page *page)
{
    struct alerts *alerts = state;

    list_page_numbered(&alerts->numbered, page);
    return store_alerts(page->store, alerts->which, alerts->numbered.before,
                        (int64_t)page->limit + 1, give_alert, &alerts->numbered, page->error);
}

static bool write_alert(struct list_page *page, const struct list_item *item)
{
    return alert_json(page->json, page->store, item->alert, page->error);
}

bool answer_alerts(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    static const struct list ALERTS = {.name = "alerts",
                                       .columns = 1u << COLUMNS_ALERT,
                                       .state_bytes = sizeof(struct alerts),
                                       .rows_most = EXPORT_ROWS_MOST,
                                       .begin = begin_alerts,
                                       .read = read_alerts,
                                       .write = write_alert,
                                       .write_next = list_write_next_number};

    return list_answer(worker, request, &ALERTS, reply, error);
}

/* ---- rules and channels --------------------------------------------------------------------- */

static void write_condition(void *context, const char *name, const char *value)
{
    json_text(context, name, value);
}

static void write_words(struct json_writer *json, const char *name, const char *list)
{
    char words[CONFIG_LIST_BYTES], *rest = words, *word;

    (void)snprintf(words, sizeof(words), "%s", list);
    json_array_begin(json, name);
    while ((word = strsep(&rest, " ")) != NULL) {
        if (*word != '\0')
            json_text(json, NULL, word);
    }
    json_array_end(json);
}

static void write_rule(struct json_writer *json, const struct alert_rule *rule)
{
    static const char *const GROUPS[] = {"rule", "user", "source"};

    json_object_begin(json, NULL);
    json_text(json, "name", rule->name);
    json_object_begin(json, "condition");
    alert_rule_conditions(rule, write_condition, json);
    json_object_end(json);
    json_text(json, "group_by", GROUPS[rule->group_by]);
    json_integer(json, "quiet_s", rule->quiet_ms / 1000);
    write_words(json, "channels", rule->channels);
    json_object_end(json);
}

/* last_ok: a moment; last_error: when and what. */
static bool write_channel(struct json_writer *json, struct store *store,
                          const struct alert_channel *channel, struct error *error)
{
    struct alert_delivery done, failed;
    bool once_done, once_failed;
    char target[CONFIG_LIST_BYTES];

    if (!store_delivery_latest(store, channel->name, DELIVERY_DONE, &done, &once_done, error) ||
        !store_delivery_latest(store, channel->name, DELIVERY_FAILED, &failed, &once_failed, error))
        return false;
    json_object_begin(json, NULL);
    json_text(json, "name", channel->name);
    json_text(json, "kind", alert_channel_kind_name(channel));
    json_text(json, "target", alert_channel_target(channel, target, sizeof(target)));
    json_time(json, "last_ok", once_done ? done.time_us : 0);
    if (once_failed) {
        json_object_begin(json, "last_error");
        json_time(json, "time", failed.time_us);
        json_text(json, "message", failed.message);
        json_object_end(json);
    } else {
        json_null(json, "last_error");
    }
    json_object_end(json);
    return true;
}

bool answer_alert_rules(struct worker *worker, const struct request *request, struct reply *reply,
                        struct error *error)
{
    struct json_writer *json = &reply->json;
    struct store *store = worker_store(worker, error);
    struct error problem = ERROR_NONE;
    struct alert_config config;
    bool done = true;

    (void)request;
    if (store == NULL)
        return false;
    /* What is wrong with the file is told beside what there is, which then is nothing. */
    (void)!alert_config_load(&config, worker->config->alerts, &problem);
    json_object_begin(json, NULL);
    json_text(json, "file", worker->config->alerts);
    json_array_begin(json, "problems");
    if (problem.fault != FAULT_NONE)
        json_text(json, NULL, problem.text);
    json_array_end(json);
    json_array_begin(json, "rules");
    for (size_t i = 0; i < config.rule_count; i++)
        write_rule(json, &config.rules[i]);
    json_array_end(json);
    json_array_begin(json, "channels");
    for (size_t i = 0; done && i < config.channel_count; i++)
        done = write_channel(json, store, &config.channels[i], error);
    json_array_end(json);
    json_object_end(json);
    alert_config_finish(&config);
    return done;
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool parse_id(const char *text, int64_t *id)
{
    *id = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (__builtin_mul_overflow(*id, 10, id) || __builtin_add_overflow(*id, *text - '0', id))
            return false;
    }
    return *text == '\0' && *id > 0;
}

/* Who did so first stands. */
bool acknowledge_alert(struct worker *worker, const struct request *request, struct reply *reply,
                       struct error *error)
{
    struct store *store = worker_store(worker, error);
    struct json_writer *json = &reply->json;
    struct alert alert;
    struct word word;
    bool found = false;
    int64_t id;

    if (store == NULL)
        return false;
    if (parse_id(request->parameter, &id) && !store_alert_load(store, id, &alert, &found, error))
        return false;
    if (!found)
        return reply_not_found(reply, "alert", request->parameter);
    spoken_begin(&word, request);
    word.kind = WORD_ALERT_SEEN;
    word.alert = (uint64_t)id;
    if (alert.acknowledged_us == 0 && !word_append(worker->config->store, &word, error))
        return false;
    json_object_begin(json, NULL);
    json_integer(json, "id", id);
    json_object_begin(json, "acknowledged");
    json_text(json, "by", alert.acknowledged_us > 0 ? alert.acknowledged_by : word.by);
    json_time(json, "time", alert.acknowledged_us > 0 ? alert.acknowledged_us : word.time_us);
    json_object_end(json);
    json_object_end(json);
    return true;
}

struct recent {
    const char *channel;
    int64_t now_us;
    bool found;
};

static bool is_recent(void *context, const struct alert_delivery *delivery)
{
    struct recent *recent = context;

    recent->found = recent->found || (strcmp(delivery->channel, recent->channel) == 0 &&
                                      (delivery->state == DELIVERY_PENDING ||
                                       recent->now_us - delivery->time_us < ALERT_TEST_PAUSE_US));
    return !recent->found;
}

static bool has_channel(const struct config *config, const char *name, struct error *wrong)
{
    struct alert_config rules;
    bool there;

    if (!alert_config_load(&rules, config->alerts, wrong))
        return false;
    there = alert_channel_find(&rules, name) != NULL;
    alert_config_finish(&rules);
    return there ||
           error_set(wrong, FAULT_CONFIG, "%s has no channel of that name", config->alerts);
}

/* What becomes of it stands with the channel: last_ok or last_error. */
bool test_alert_channel(struct worker *worker, const struct request *request, struct reply *reply,
                        struct error *error)
{
    const char *channel = json_string_value(json_object_get(request->json, "channel"));
    struct recent recent = {.channel = channel, .now_us = request->now_us};
    struct error wrong = ERROR_NONE;
    struct store *store;
    struct word word;

    if (channel == NULL || strlen(channel) >= ALERT_NAME_BYTES)
        return reply_refuse(reply, 422, "channel has to be the name of a channel");
    if (!has_channel(worker->config, channel, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    store = worker_store(worker, error);
    if (store == NULL || !store_deliveries(store, 0, ALERT_TESTS_MOST, is_recent, &recent, error))
        return false;
    if (recent.found) {
        reply->retry_after_s = ALERT_TEST_PAUSE_US / 1000000;
        return reply_refuse(reply, 429, "the channel %s is being tried already", channel);
    }
    spoken_begin(&word, request);
    word.kind = WORD_ALERT_TEST;
    strcpy(word.channel, channel);
    if (!word_append(worker->config->store, &word, error))
        return false;
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "channel", channel);
    json_time(&reply->json, "asked", word.time_us);
    json_object_end(&reply->json);
    return true;
}
