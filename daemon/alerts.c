#include "daemon/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/alert_message.h"

#define LOOK_US   INT64_C(100000)
#define RETAIN_US (INT64_C(3600) * US_PER_S)
#define FINISH_US (INT64_C(12) * US_PER_S) /* less than the service manager waits */

/* ---- rules ---------------------------------------------------------------------------------- */

struct alerts *alerts_create(const struct command_line *line)
{
    struct alerts *alerts = calloc(1, sizeof(*alerts));
    struct error error = ERROR_NONE;

    if (!alerts) {
        command_note(line, "no memory for alerts: none are raised");
        return NULL;
    }
    alerts->line = line;
    if (!alert_sender_start(&alerts->sender, &error))
        command_note(line, "%s: alerts are kept, not sent", error.text);
    return alerts;
}

void alerts_load(struct alerts *alerts, const char *path)
{
    struct error error = ERROR_NONE;
    struct alert_config config;

    if (!alerts)
        return;
    if (!alert_config_load(&config, path, &error)) {
        command_note(alerts->line, "the rules of alerts stay as they were: %s", error.text);
        return;
    }
    alert_config_finish(&alerts->config);
    alerts->config = config;
}

bool alerts_watch(struct alerts *alerts, struct alert_watch *watch)
{
    if (!alerts || alerts->config.rule_count == 0)
        return false;
    *watch = (struct alert_watch){.config = &alerts->config,
                                  .now_us = clock_utc_us(),
                                  .is_member = alert_groups_have,
                                  .context = &alerts->groups};
    return true;
}

void alerts_destroy(struct alerts *alerts)
{
    if (!alerts)
        return;
    alert_sender_stop(&alerts->sender);
    alert_config_finish(&alerts->config);
    free(alerts);
}

/* ---- outcomes ------------------------------------------------------------------------------- */

static bool is_handed(const struct alerts *alerts, int64_t delivery)
{
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        if (alerts->handed[i] == delivery)
            return true;
    }
    return false;
}

static void set_handed(struct alerts *alerts, int64_t before, int64_t now)
{
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        if (alerts->handed[i] == before) {
            alerts->handed[i] = now;
            return;
        }
    }
}

/* In one transaction of its own. */
static bool end_delivery(struct store *store, struct alert_delivery *delivery, bool done,
                         int64_t attempts, const char *message, struct error *error)
{
    delivery->state = done ? DELIVERY_DONE : DELIVERY_FAILED;
    delivery->time_us = clock_utc_us();
    delivery->attempts = attempts;
    snprintf(delivery->message, sizeof(delivery->message), "%s", message);
    if (!store_begin(store, error))
        return false;
    if (!store_delivery_end(store, delivery, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}

static bool keep_outcome(struct alerts *alerts, struct store *store,
                         const struct alert_outcome *outcome, struct error *error)
{
    struct alert_delivery delivery;
    bool found;

    if (!store_delivery_next(store, outcome->delivery - 1, &delivery, &found, error))
        return false;
    if (found && delivery.id == outcome->delivery) {
        if (!outcome->done)
            command_note(alerts->line, "an alert did not reach the channel %s in %lld attempts: %s",
                         delivery.channel, (long long)outcome->attempts, outcome->message);
        if (!end_delivery(store, &delivery, outcome->done, outcome->attempts, outcome->message,
                          error))
            return false;
    }
    set_handed(alerts, outcome->delivery, 0);
    return true;
}

static bool keep_outcomes(struct alerts *alerts, struct store *store, struct error *error)
{
    struct alert_outcome outcome;

    while (alert_sender_take(&alerts->sender, &outcome)) {
        if (!keep_outcome(alerts, store, &outcome, error))
            return false;
    }
    return true;
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool announce(struct alerts *alerts, struct store *store, struct error *error)
{
    int64_t now_us = clock_utc_us(), postponed;
    bool due;

    if (!store_alerts_are_due(store, now_us, &due, error))
        return false;
    if (!due)
        return true;
    if (!store_begin(store, error))
        return false;
    if (!store_alerts_announce(store, &alerts->config, now_us, &postponed, error)) {
        store_rollback(store);
        return false;
    }
    if (postponed > 0)
        command_note(alerts->line,
                     "%d messages of alerts wait already: %lld more stay back, what they count is "
                     "in the next of their groups",
                     ALERT_PENDING_MOST, (long long)postponed);
    return store_commit(store, error);
}

/* *given is false when the sender cannot take it now. */
static bool hand_over(struct alerts *alerts, struct store *store, struct alert_delivery *delivery,
                      bool *given, struct error *error)
{
    const struct alert_channel *channel = alert_channel_find(&alerts->config, delivery->channel);
    struct error making = ERROR_NONE;
    struct alert alert;
    bool found = true;

    *given = true;
    if (!channel)
        return end_delivery(store, delivery, false, 0, "there is no channel of this name", error);
    if (delivery->alert > 0 && !store_alert_load(store, delivery->alert, &alert, &found, error))
        return false;
    if (!found)
        return end_delivery(store, delivery, false, 0, "its alert is not kept any more", error);
    if (!alert_message_make(store, delivery, delivery->alert > 0 ? &alert : NULL, channel,
                            &alerts->job, &making))
        return store_is_damaged(store)
                   ? error_set(error, making.fault, "%s", making.text)
                   : end_delivery(store, delivery, false, 0, making.text, error);
    *given = is_handed(alerts, 0) && alert_sender_give(&alerts->sender, &alerts->job);
    if (*given)
        set_handed(alerts, 0, delivery->id);
    return true;
}

/* Few of each channel at a time: one that is down must not take the others' places. */
static bool hand_over_waiting(struct alerts *alerts, struct store *store, struct error *error)
{
    struct {
        char channel[ALERT_NAME_BYTES];
        unsigned jobs;
    } taken[ALERT_CHANNELS_MAX] = {{"", 0}};
    struct alert_delivery delivery = {.id = 0};
    bool found, given = alerts->sender.pid > 0;

    while (given) {
        unsigned slot = 0;

        if (!store_delivery_next(store, delivery.id, &delivery, &found, error))
            return false;
        if (!found)
            return true;
        while (slot < ALERT_CHANNELS_MAX && taken[slot].channel[0] != '\0' &&
               strcmp(taken[slot].channel, delivery.channel) != 0)
            slot++;
        if (slot == ALERT_CHANNELS_MAX)
            continue;
        memcpy(taken[slot].channel, delivery.channel, sizeof(delivery.channel));
        if (taken[slot].jobs++ >= SENDER_CHANNEL_JOBS || is_handed(alerts, delivery.id))
            continue;
        if (!hand_over(alerts, store, &delivery, &given, error))
            return false;
    }
    return true;
}

/* ---- rounds --------------------------------------------------------------------------------- */

static bool forget(struct alerts *alerts, struct store *store, int64_t keep_days, int64_t now_us,
                   struct error *error)
{
    if (now_us < alerts->retain_us)
        return true;
    alerts->retain_us = now_us + RETAIN_US;
    if (!store_begin(store, error))
        return false;
    if (!store_alerts_retain(store, clock_utc_us() - keep_days * S_PER_DAY * US_PER_S, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}

bool alerts_look(struct alerts *alerts, struct store *store, int64_t keep_days, struct error *error)
{
    int64_t now_us = clock_monotonic_us();

    if (!alerts || now_us < alerts->look_us)
        return true;
    alerts->look_us = now_us + LOOK_US;
    if (alert_sender_has_ended(&alerts->sender))
        command_note(alerts->line,
                     "the sender of alerts has ended: they are kept, and sent when anomalyd is "
                     "started again");
    return keep_outcomes(alerts, store, error) && announce(alerts, store, error) &&
           hand_over_waiting(alerts, store, error) &&
           forget(alerts, store, keep_days, now_us, error);
}

bool alerts_finish(struct alerts *alerts, struct store *store, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + FINISH_US;
    struct alert_outcome outcome;

    if (!alerts)
        return true;
    alert_sender_close(&alerts->sender);
    while (alert_sender_wait(&alerts->sender, until_us, &outcome)) {
        if (!keep_outcome(alerts, store, &outcome, error))
            return false;
    }
    return true;
}
