/* Lists of alerts and deliveries, and their words. */
#include <inttypes.h>
#include <string.h>

#include "store/alert_row.h"

static const char *const STATES[] = {"open", "acknowledged", "all"};

const char *alert_state_name(enum alert_state state)
{
    return STATES[state];
}

bool alert_state_from_name(const char *name, enum alert_state *state)
{
    for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
        if (strcmp(STATES[i], name) == 0) {
            *state = (enum alert_state)i;
            return true;
        }
    }
    return false;
}

bool store_alerts(struct store *store, enum alert_state state, int64_t before, int64_t limit,
                  alert_visitor *visit, void *context, struct error *error)
{
    sqlite3_stmt *statement;
    struct alert alert;
    bool done = true;
    int code;

    if (store->version < ALERT_TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_ALERTS, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, before > 0 ? before : INT64_MAX);
    sqlite3_bind_int(statement, 2, state);
    sqlite3_bind_int64(statement, 3, limit);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        done = alert_row_read(store, statement, &alert, error);
        if (!done || !visit(context, &alert))
            break;
    }
    sqlite3_reset(statement);
    return done &&
           (code == SQLITE_DONE || code == SQLITE_ROW || store_failed(store, "be read", error));
}

bool store_deliveries(struct store *store, int64_t alert, int64_t limit,
                      alert_delivery_visitor *visit, void *context, struct error *error)
{
    struct alert_delivery delivery;
    sqlite3_stmt *statement;
    bool done = true;
    int code;

    if (store->version < ALERT_TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_DELIVERIES, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, alert);
    sqlite3_bind_int64(statement, 2, limit);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        done = delivery_row_read(store, statement, &delivery, error);
        if (!done || !visit(context, &delivery))
            break;
    }
    sqlite3_reset(statement);
    return done &&
           (code == SQLITE_DONE || code == SQLITE_ROW || store_failed(store, "be read", error));
}

bool store_alert_load(struct store *store, int64_t id, struct alert *alert, bool *found,
                      struct error *error)
{
    sqlite3_stmt *statement;
    bool done = true;
    int code;

    *found = false;
    if (store->version < ALERT_TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_ALERT_GET, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, id);
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    if (*found)
        done = alert_row_read(store, statement, alert, error);
    else if (code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

const char *alert_summary(const struct alert *alert, char text[ALERT_SUMMARY_BYTES])
{
    char risk[32] = "", whose[96] = "";
    bool judged = alert->login_count > 0;
    float highest = -1;

    for (unsigned i = 0; i < alert->login_count; i++)
        highest = alert->logins[i].risk > highest ? alert->logins[i].risk : highest;
    if (highest >= 0)
        snprintf(risk, sizeof(risk), ", risk up to %.3f", (double)highest);
    if (strcmp(alert->subject, ALERT_THE_REST) == 0)
        snprintf(whose, sizeof(whose), " of further groups");
    else if (alert->subject[0] != '\0')
        snprintf(whose, sizeof(whose), " of %.80s", alert->subject);
    snprintf(text, ALERT_SUMMARY_BYTES, "%" PRId64 " login%s%s%s%s%s", alert->count,
             alert->count == 1 ? "" : "s", whose, judged ? ", judged up to " : "",
             judged ? verdict_name((enum verdict)alert->logins[0].verdict) : "", risk);
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    }
    return text;
}
