/* Histories from elsewhere. */
#include "store/store_tables.h"

static const struct {
    const char *drop, *create;
} LOGIN_INDICES[] = {
#define SCHEMA(since, sql)
#define LOGIN_INDEX(name, sql) {"DROP INDEX " #name, sql},
#include "store/schema.def"
#undef LOGIN_INDEX
#undef SCHEMA
};

static bool run_for_indices(struct store *store, bool create, struct error *error)
{
    for (size_t i = 0; i < sizeof(LOGIN_INDICES) / sizeof(LOGIN_INDICES[0]); i++) {
        if (!store_run_text(store, create ? LOGIN_INDICES[i].create : LOGIN_INDICES[i].drop,
                            "change its indices", error))
            return false;
    }
    return true;
}

bool store_import_begin(struct store *store, struct error *error)
{
    if (!store_begin(store, error))
        return false;
    if (login_row_load_last_key(store, error)) {
        store->without_indices = store->last_key == 0;
        if (!store->without_indices || run_for_indices(store, false, error)) {
            store->changes_before = store_changes(store);
            store->counts_later = true;
            return true;
        }
    }
    store_rollback(store);
    return false;
}

bool store_import_commit(struct store *store, struct error *error)
{
    bool changed = store_changes(store) != store->changes_before;

    store->counts_later = false;
    if ((changed && !store_rebuild(store, error)) ||
        (store->without_indices && !run_for_indices(store, true, error))) {
        store_rollback(store);
        return false;
    }
    store->without_indices = false;
    return store_commit(store, error);
}

static bool is_time(int64_t time_us)
{
    return time_us >= 0 && time_us <= LOGIN_TIME_MAX_US;
}

static bool check_login(const struct stored_login *login, struct error *error)
{
    const struct login_event *event = &login->record.event;

    if (login_id_is_none(&event->id) || event->user[0] == '\0')
        return error_set(error, FAULT_STORE, "a login without an id or a user is not stored");
    return (is_time(event->time_us) && is_time(login->accepted_us) && is_time(login->opened_us) &&
            is_time(login->closed_us)) ||
           error_set(error, FAULT_STORE,
                     "a login of %s before 1970 or after 9999 is not stored: correct its time",
                     event->user);
}

/* The row that the login has or is to get. */
static bool place_login(struct store *store, const struct login_id *id, struct login_row *row,
                        enum import_outcome *outcome, struct error *error)
{
    struct error placing = ERROR_NONE;
    bool found;

    if (login_row_place(store, id, row, &found, &placing))
        *outcome = found ? IMPORT_KNOWN : IMPORT_STORED;
    else if (login_row_is_crowded(store, id))
        *outcome = IMPORT_CROWDED;
    else
        return error_set(error, placing.fault, "%s", placing.text);
    return true;
}

bool store_import(struct store *store, const struct stored_login *login,
                  enum import_outcome *outcome, struct error *error)
{
    struct login_row row, before;
    int stages_before;
    bool found;

    if (!check_login(login, error) ||
        !place_login(store, &login->record.event.id, &row, outcome, error))
        return false;
    if (*outcome == IMPORT_CROWDED)
        return true;
    stages_before = *outcome == IMPORT_KNOWN ? row.stages : 0;
    row.login = *login;
    row.login.record.event.stage = login->reached;
    row.stages = login_history_stages(login);
    if (*outcome == IMPORT_STORED)
        return login_row_insert(store, &row, error);
    if ((row.stages & ~stages_before) == 0 || (stages_before & ~row.stages) != 0)
        return true;
    if (!login_row_find(store, &login->record.event.id, &before, &found, error))
        return false;
    row.login.label = before.login.label;
    row.login.imported = before.login.imported;
    return login_row_update(store, &row, &before, error);
}
