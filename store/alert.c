/* Alerts become messages, and are acknowledged and forgotten. */
#include "store/alert.h"

#include <string.h>

#include "common/clock.h"
#include "store/alert_row.h"

#define CLOCK_SLACK_US                                                                             \
    (8 * S_PER_DAY * US_PER_S) /* longer than any quiet: a clock was set back                      \
                                */
#define DELIVERIES_MOST 50000
#define TESTS_MOST      1000 /* that are kept */

/* ---- due ------------------------------------------------------------------------------------ */

static bool next_due(struct store *store, int64_t now_us, struct alert *alert, bool *found,
                     struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ALERT_DUE, error);
    bool done;
    int code;

    *found = false;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, now_us);
    sqlite3_bind_int64(statement, 2, now_us + CLOCK_SLACK_US);
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    done = *found                ? alert_row_read(store, statement, alert, error)
           : code == SQLITE_DONE ? true
                                 : store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

bool store_alerts_are_due(struct store *store, int64_t now_us, bool *due, struct error *error)
{
    struct alert alert;

    return next_due(store, now_us, &alert, due, error);
}

static bool count_waiting(struct store *store, int64_t *count, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_DELIVERY_WAITING_COUNT, error);
    bool done;

    if (!statement)
        return false;
    done = sqlite3_step(statement) == SQLITE_ROW || store_failed(store, "be read", error);
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return done;
}

/* One on each of the rule's channels. */
static bool make_deliveries(struct store *store, const struct alert_rule *rule,
                            const struct alert *alert, int64_t now_us, struct error *error)
{
    char words[CONFIG_LIST_BYTES], *rest;

    memcpy(words, rule->channels, sizeof(words));
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct alert_delivery delivery = {.alert = alert->id,
                                          .state = DELIVERY_PENDING,
                                          .time_us = now_us,
                                          .count = alert->count - alert->announced};

        strcpy(delivery.channel, word);
        if (!delivery_row_write(store, &delivery, error))
            return false;
    }
    return true;
}

static bool announce(struct store *store, const struct alert_rule *rule, struct alert *alert,
                     int64_t now_us, int64_t *postponed, struct error *error)
{
    bool news = rule && alert->count > alert->announced;
    int64_t waiting;

    alert->due_us = news ? now_us + rule->quiet_ms * 1000 : 0;
    if (news) {
        if (!count_waiting(store, &waiting, error))
            return false;
        if (waiting >= ALERT_PENDING_MOST) {
            ++*postponed;
        } else {
            if (!make_deliveries(store, rule, alert, now_us, error))
                return false;
            alert->announced = alert->count;
        }
    }
    return alert_row_write(store, alert, error);
}

bool store_alerts_announce(struct store *store, const struct alert_config *config, int64_t now_us,
                           int64_t *postponed, struct error *error)
{
    struct alert alert;
    bool found;

    *postponed = 0;
    do {
        if (!next_due(store, now_us, &alert, &found, error) ||
            (found && !announce(store, alert_rule_find(config, alert.rule), &alert, now_us,
                                postponed, error)))
            return false;
    } while (found);
    return true;
}

/* ---- deliveries ----------------------------------------------------------------------------- */

static bool read_delivery(struct store *store, sqlite3_stmt *statement,
                          struct alert_delivery *delivery, bool *found, struct error *error)
{
    int code = sqlite3_step(statement);
    bool done;

    *found = code == SQLITE_ROW;
    done = *found                ? delivery_row_read(store, statement, delivery, error)
           : code == SQLITE_DONE ? true
                                 : store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

bool store_delivery_next(struct store *store, int64_t behind, struct alert_delivery *delivery,
                         bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_DELIVERY_WAITING, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, behind);
    return read_delivery(store, statement, delivery, found, error);
}

bool store_delivery_end(struct store *store, const struct alert_delivery *delivery,
                        struct error *error)
{
    struct alert_delivery ended = *delivery;

    return delivery_row_write(store, &ended, error);
}

bool store_delivery_latest(struct store *store, const char *channel, enum delivery_state state,
                           struct alert_delivery *delivery, bool *found, struct error *error)
{
    sqlite3_stmt *statement;

    *found = false;
    if (store->version < ALERT_TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_DELIVERY_LATEST, error);
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, channel, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, state);
    return read_delivery(store, statement, delivery, found, error);
}

static bool is_recent(const struct alert_delivery *test, int64_t now_us)
{
    return now_us >= test->time_us && now_us - test->time_us < ALERT_TEST_PAUSE_US;
}

/* Who asks may be anybody who got hold of the dashboard: the others' messages must not suffer. */
static bool may_be_tested(struct store *store, const char *channel, int64_t now_us, bool *may,
                          struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_DELIVERY_TESTS, error);
    struct alert_delivery test;
    bool found;

    if (!statement)
        return false;
    sqlite3_bind_int(statement, 1, ALERT_TESTS_MOST - 1);
    if (!read_delivery(store, statement, &test, &found, error))
        return false;
    *may = !found || !is_recent(&test, now_us);
    statement = store_statement(store, SQL_DELIVERY_TEST, error);
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, channel, -1, SQLITE_STATIC);
    if (!read_delivery(store, statement, &test, &found, error))
        return false;
    *may = *may && !(found && (test.state == DELIVERY_PENDING || is_recent(&test, now_us)));
    return true;
}

bool store_alert_test(struct store *store, const char *channel, const char *by, int64_t time_us,
                      bool *taken, struct error *error)
{
    struct alert_delivery test = {.state = DELIVERY_PENDING, .time_us = time_us};

    *taken = false;
    if (strlen(channel) >= sizeof(test.channel))
        return true;
    if (!may_be_tested(store, channel, time_us, taken, error))
        return false;
    if (!*taken)
        return true;
    strcpy(test.channel, channel);
    snprintf(test.message, sizeof(test.message), "%s", by);
    return delivery_row_write(store, &test, error);
}

/* ---- people --------------------------------------------------------------------------------- */

bool store_alert_acknowledge(struct store *store, int64_t id, const char *by, int64_t time_us,
                             bool *found, struct error *error)
{
    struct alert alert;

    if (!store_alert_load(store, id, &alert, found, error))
        return false;
    if (!*found || alert.acknowledged_us > 0)
        return true; /* the first who did stands */
    alert.acknowledged_us = time_us > 0 ? time_us : 1;
    snprintf(alert.acknowledged_by, sizeof(alert.acknowledged_by), "%s", by);
    return alert_row_write(store, &alert, error);
}

bool store_alerts_retain(struct store *store, int64_t before_us, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ALERT_RETAIN, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, before_us);
    sqlite3_bind_int64(statement, 2, ALERTS_MOST);
    if (!store_run(store, statement, "delete old alerts", error))
        return false;
    statement = store_statement(store, SQL_DELIVERY_RETAIN, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, DELIVERIES_MOST);
    sqlite3_bind_int64(statement, 2, TESTS_MOST);
    return store_run(store, statement, "delete old deliveries", error);
}
