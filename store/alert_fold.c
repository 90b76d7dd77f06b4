/* Logins against rules: which match, and which alert they are counted with. */
#include <stdio.h>
#include <string.h>

#include "store/alert_row.h"

/* ---- conditions ----------------------------------------------------------------------------- */

static bool has_reason(const struct login_record *record, const char *families)
{
    for (unsigned i = 0; record->assessed && i < record->assessment.reason_count; i++) {
        if (config_list_has(families, FEATURE_TABLE[record->assessment.reasons[i].feature].group))
            return true;
    }
    return false;
}

static int64_t volume_of(const struct login_event *event)
{
    int64_t in = event->bytes_in > 0 ? event->bytes_in : 0;
    int64_t out = event->bytes_out > 0 ? event->bytes_out : 0, sum;

    return __builtin_add_overflow(in, out, &sum) ? INT64_MAX : sum;
}

static bool fits_assessment(const struct alert_rule *rule, const struct login_record *record)
{
    const struct assessment *assessment = &record->assessment;

    if (rule->verdict > 0 && !(record->assessed && (int)assessment->verdict >= rule->verdict))
        return false;
    if (rule->risk > 0 && !(record->assessed && assessment->risk >= rule->risk))
        return false;
    if (rule->fault[0] != '\0' &&
        (record->fault == FAULT_NONE || !(config_list_has(rule->fault, "any") ||
                                          config_list_has(rule->fault, fault_name(record->fault)))))
        return false;
    return rule->reasons[0] == '\0' || has_reason(record, rule->reasons);
}

static bool fits_label(const struct alert_rule *rule, int label)
{
    return rule->label == ALERT_LABEL_ANY ||
           label == (rule->label == ALERT_LABEL_ATTACK ? LABEL_ATTACK : LABEL_LEGITIMATE);
}

bool alert_rule_matches(const struct alert_rule *rule, const struct stored_login *login,
                        const struct alert_watch *watch)
{
    const struct login_event *event = &login->record.event;

    return fits_assessment(rule, &login->record) && fits_label(rule, login->label) &&
           (rule->volume_bytes == 0 || volume_of(event) >= rule->volume_bytes) &&
           (rule->user[0] == '\0' || config_list_has(rule->user, event->user)) &&
           (rule->source[0] == '\0' || config_networks_contain(rule->source, &event->source)) &&
           /* Last, for it may have to ask the machine. */
           (rule->group[0] == '\0' || watch->is_member(watch->context, event->user, rule->group));
}

/* Once for each login: when the later of the attempt and the rule's stage comes. */
static bool is_moment(const struct alert_rule *rule, int stages, enum login_stage stage, bool label)
{
    enum login_stage own = (enum login_stage)(rule->on - ALERT_AT_ATTEMPT);
    int both = STAGE_BIT(STAGE_ATTEMPT) | STAGE_BIT(own);

    if (rule->on == ALERT_AT_LABEL || label)
        return rule->on == ALERT_AT_LABEL && label;
    return (stage == own || stage == STAGE_ATTEMPT) && (stages & both) == both;
}

/* ---- counting ------------------------------------------------------------------------------- */

static void name_subject(const struct alert_rule *rule, const struct login_event *event,
                         char subject[ALERT_SUBJECT_BYTES])
{
    char address[IP_TEXT_BYTES];

    if (rule->group_by == ALERT_BY_USER)
        snprintf(subject, ALERT_SUBJECT_BYTES, "%s", event->user);
    else if (rule->group_by == ALERT_BY_SOURCE)
        snprintf(subject, ALERT_SUBJECT_BYTES, "%s",
                 event->source.family == 0 ? "console" : ip_format(&event->source, address));
    else
        subject[0] = '\0';
}

static bool find_active(struct store *store, const char *rule, const char *subject,
                        struct alert *alert, bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ALERT_ACTIVE, error);
    bool done;
    int code;

    *found = false;
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, rule, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, subject, -1, SQLITE_STATIC);
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    done = *found                ? alert_row_read(store, statement, alert, error)
           : code == SQLITE_DONE ? true
                                 : store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

static bool count_active(struct store *store, const char *rule, int64_t *count, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ALERT_ACTIVE_COUNT, error);
    bool done;

    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, rule, -1, SQLITE_STATIC);
    done = sqlite3_step(statement) == SQLITE_ROW || store_failed(store, "be read", error);
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return done;
}

/* Names are the client's choice: a flood of them must not become a flood of alerts. */
static bool hold_alert(struct store *store, const struct alert_rule *rule,
                       const struct alert_watch *watch, const struct login_event *event,
                       struct alert *alert, struct error *error)
{
    char subject[ALERT_SUBJECT_BYTES];
    int64_t count;
    bool found;

    name_subject(rule, event, subject);
    if (!find_active(store, rule->name, subject, alert, &found, error))
        return false;
    if (found)
        return true;
    if (!count_active(store, rule->name, &count, error))
        return false;
    if (count >= ALERT_GROUPS) {
        strcpy(subject, ALERT_THE_REST);
        if (!find_active(store, rule->name, subject, alert, &found, error))
            return false;
        if (found)
            return true;
    }
    memset(alert, 0, sizeof(*alert));
    memcpy(alert->rule, rule->name, sizeof(alert->rule));
    memcpy(alert->subject, subject, sizeof(subject));
    alert->first_us = alert->last_us = event->time_us;
    alert->due_us = watch->now_us + rule->wait_ms * 1000;
    return true;
}

static bool is_worse(const struct alert_login *a, const struct alert_login *b)
{
    return a->verdict != b->verdict ? a->verdict > b->verdict : a->risk > b->risk;
}

static void add_login(struct alert *alert, const struct login_record *record)
{
    struct alert_login login = {
        .id = record->event.id,
        .verdict = (uint8_t)(record->assessed ? record->assessment.verdict : record->answer),
        .risk = record->assessed ? (float)record->assessment.risk : -1};
    unsigned at = alert->login_count;

    for (unsigned i = 0; i < alert->login_count; i++) {
        if (login_id_equal(&alert->logins[i].id, &login.id))
            return; /* labelled more than once */
    }
    while (at > 0 && is_worse(&login, &alert->logins[at - 1]))
        at--;
    if (at == ALERT_LOGINS)
        return;
    if (alert->login_count < ALERT_LOGINS)
        alert->login_count++;
    memmove(&alert->logins[at + 1], &alert->logins[at],
            (alert->login_count - 1 - at) * sizeof(login));
    alert->logins[at] = login;
}

static bool count_login(struct store *store, const struct alert_rule *rule,
                        const struct alert_watch *watch, const struct login_record *record,
                        struct error *error)
{
    const int64_t time_us = record->event.time_us;
    struct alert alert;

    if (!hold_alert(store, rule, watch, &record->event, &alert, error))
        return false;
    if (time_us < alert.first_us)
        alert.first_us = time_us;
    if (time_us > alert.last_us)
        alert.last_us = time_us;
    alert.counted_us = watch->now_us;
    alert.count++;
    add_login(&alert, record);
    return alert_row_write(store, &alert, error);
}

bool store_alert_see(struct store *store, const struct alert_watch *watch,
                     const struct stored_login *login, int stages, enum login_stage stage,
                     bool label, struct error *error)
{
    const struct alert_config *config = watch->config;

    for (size_t i = 0; i < config->rule_count; i++) {
        const struct alert_rule *rule = &config->rules[i];

        if (is_moment(rule, stages, stage, label) && alert_rule_matches(rule, login, watch) &&
            !count_login(store, rule, watch, &login->record, error))
            return false;
    }
    return true;
}
