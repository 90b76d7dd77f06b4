/* Histories from elsewhere, and learning everything again. */
#include <stdlib.h>
#include <string.h>

#include "store/store_tables.h"

static const struct {
    const char *drop, *create;
} LOGIN_INDICES[] = {
#define SCHEMA(sql)
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
            return true;
        }
    }
    store_rollback(store);
    return false;
}

bool store_import_commit(struct store *store, struct error *error)
{
    bool changed = store_changes(store) != store->changes_before;

    if ((changed && !store_rebuild(store, error)) ||
        (store->without_indices && !run_for_indices(store, true, error))) {
        store_rollback(store);
        return false;
    }
    store->without_indices = false;
    return store_commit(store, error);
}

static void stages_of(struct login_row *row)
{
    const struct stored_login *login = &row->login;
    bool learn = login->record.event.learn;

    row->stages = STAGE_BIT(STAGE_ATTEMPT) | STAGE_BIT(login->reached);
    if (login->accepted_us > 0)
        row->stages |= STAGE_BIT(STAGE_ACCEPTED);
    if (login->opened_us > 0)
        row->stages |= STAGE_BIT(STAGE_OPENED) | (learn ? LEARN_BIT(STAGE_OPENED) : 0);
    if (login->closed_us > 0)
        row->stages |= STAGE_BIT(STAGE_CLOSED) | (learn ? LEARN_BIT(STAGE_CLOSED) : 0);
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
    struct login_row row;
    int stages_before;

    if (!check_login(login, error) ||
        !place_login(store, &login->record.event.id, &row, outcome, error))
        return false;
    if (*outcome == IMPORT_CROWDED)
        return true;
    stages_before = *outcome == IMPORT_KNOWN ? row.stages : 0;
    row.login = *login;
    row.login.record.event.stage = login->reached;
    stages_of(&row);
    if (*outcome == IMPORT_STORED)
        return login_row_insert(store, &row, error);
    if ((row.stages & ~stages_before) == 0 || (stages_before & ~row.stages) != 0)
        return true;
    return login_row_update(store, &row, login_is_failure(stages_before, login->label), error);
}

/* ---- learning again ---------------------------------------------------------------------------
 */

/*
 * A stage that is still to come when its login's attempt is learned. Sessions may be open for
 * months, and many: its row is read again when it is due, unless it is one of the last.
 */
struct pending {
    int64_t time_us;
    int64_t key;
    uint64_t order; /* number of the row, then the stage: among those of one moment */
};

#define RECENT_ROWS 1024

/* A heap, the earliest first. */
struct rebuild {
    struct store *store;
    struct pending *pending;
    size_t count, capacity;
    uint64_t rows;
    struct login_row *recent; /* by number, modulo RECENT_ROWS */
    struct error *error;
};

static bool is_before(const struct pending *a, const struct pending *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->order < b->order;
}

static bool heap_grow(struct rebuild *rebuild)
{
    size_t capacity = rebuild->capacity > 0 ? rebuild->capacity * 2 : 256;
    struct pending *pending = realloc(rebuild->pending, capacity * sizeof(*pending));

    if (!pending)
        return error_set(rebuild->error, FAULT_STORE, "no memory to learn again");
    rebuild->pending = pending;
    rebuild->capacity = capacity;
    return true;
}

static bool heap_push(struct rebuild *rebuild, const struct pending *added)
{
    size_t at = rebuild->count;

    if (rebuild->count == rebuild->capacity && !heap_grow(rebuild))
        return false;
    rebuild->count++;
    for (; at > 0 && is_before(added, &rebuild->pending[(at - 1) / 2]); at = (at - 1) / 2)
        rebuild->pending[at] = rebuild->pending[(at - 1) / 2];
    rebuild->pending[at] = *added;
    return true;
}

static struct pending heap_pop(struct rebuild *rebuild)
{
    struct pending first = rebuild->pending[0];
    struct pending last = rebuild->pending[--rebuild->count];
    size_t at = 0;

    while (at * 2 + 1 < rebuild->count) {
        size_t child = at * 2 + 1;

        if (child + 1 < rebuild->count &&
            is_before(&rebuild->pending[child + 1], &rebuild->pending[child]))
            child++;
        if (!is_before(&rebuild->pending[child], &last))
            break;
        rebuild->pending[at] = rebuild->pending[child];
        at = child;
    }
    rebuild->pending[at] = last;
    return first;
}

static bool read_row(struct rebuild *rebuild, int64_t key, struct login_row *row)
{
    sqlite3_stmt *statement = store_statement(rebuild->store, SQL_LOGIN_GET, rebuild->error);
    bool done;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    done = sqlite3_step(statement) == SQLITE_ROW
               ? login_row_read(rebuild->store, statement, row, rebuild->error)
               : store_failed(rebuild->store, "read a login", rebuild->error);
    sqlite3_reset(statement);
    return done;
}

/* The order of the past may be another than when the event was marked: it is marked again. */
static bool learn(struct rebuild *rebuild, struct login_event *event)
{
    struct known_id user = known_profile(event->user);

    if (event->stage == STAGE_OPENED && event->learn) {
        const struct profile *profile = known_hold(rebuild->store, &user, false, rebuild->error);

        if (!profile)
            return false;
        history_mark_new(profile, event);
    }
    return fold_event(rebuild->store, event, rebuild->error);
}

static bool learn_stage(struct rebuild *rebuild, const struct pending *due)
{
    uint64_t number = due->order / STAGE_COUNT;
    enum login_stage stage = (enum login_stage)(due->order % STAGE_COUNT);
    const struct login_row *row = &rebuild->recent[number % RECENT_ROWS];
    struct login_event event;
    struct login_row read;

    if (rebuild->rows - number >= RECENT_ROWS) {
        if (!read_row(rebuild, due->key, &read))
            return false;
        row = &read;
    }
    event = row->login.record.event;
    event.stage = stage;
    event.time_us = due->time_us;
    event.learn = (row->stages & LEARN_BIT(stage)) != 0 && row->login.label != 1;
    return learn(rebuild, &event);
}

/* Learns the pending stages up to a time. */
static bool learn_pending(struct rebuild *rebuild, int64_t until_us)
{
    while (rebuild->count > 0 && rebuild->pending[0].time_us <= until_us) {
        struct pending due = heap_pop(rebuild);

        if (!learn_stage(rebuild, &due))
            return false;
    }
    return true;
}

static bool push_stage(struct rebuild *rebuild, const struct login_row *row, enum login_stage stage,
                       int64_t time_us)
{
    struct pending added = {.time_us = time_us > 0 ? time_us : row->login.record.event.time_us,
                            .key = row->key,
                            .order = rebuild->rows * STAGE_COUNT + stage};

    return (row->stages & STAGE_BIT(stage)) == 0 || heap_push(rebuild, &added);
}

static bool rebuild_row(struct rebuild *rebuild, const struct login_row *row)
{
    const struct stored_login *login = &row->login;

    /* Through the heap as the rest, so that all stages of one moment keep their order. */
    if (!learn_pending(rebuild, login->record.event.time_us - 1))
        return false;
    rebuild->recent[rebuild->rows % RECENT_ROWS] = *row;
    if (!push_stage(rebuild, row, STAGE_ATTEMPT, 0) ||
        !push_stage(rebuild, row, STAGE_ACCEPTED, login->accepted_us) ||
        !push_stage(rebuild, row, STAGE_OPENED, login->opened_us) ||
        !push_stage(rebuild, row, STAGE_CLOSED, login->closed_us))
        return false;
    rebuild->rows++;
    return true;
}

static bool rebuild_rows(struct rebuild *rebuild)
{
    struct store *store = rebuild->store;
    sqlite3_stmt *statement = store_statement(store, SQL_LOGINS_ALL, rebuild->error);
    struct login_row row;
    bool done = true;
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, 0);
    sqlite3_bind_int64(statement, 2, INT64_MAX);
    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE)
        done = code == SQLITE_ROW ? login_row_read(store, statement, &row, rebuild->error) &&
                                        rebuild_row(rebuild, &row)
                                  : store_failed(store, "be read", rebuild->error);
    sqlite3_reset(statement);
    return done && learn_pending(rebuild, INT64_MAX);
}

static bool forget_known(struct store *store, struct error *error)
{
    sqlite3_stmt *statement;
    struct known_id id = known_tally();
    struct tally *tally;

    if (!known_flush(store, error))
        return false;
    known_forget_cache(store);
    statement = store_statement(store, SQL_KNOWN_FORGET, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)KNOWN_PROFILE << KNOWN_KEY_SHIFT);
    sqlite3_bind_int64(statement, 2, INT64_MAX);
    tally = store_run(store, statement, "forget what it learned", error)
                ? known_hold(store, &id, true, error)
                : NULL;
    if (!tally)
        return false;
    tally->users = tally->sources = tally->strangers = 0;
    return true;
}

bool store_rebuild(struct store *store, struct error *error)
{
    struct rebuild rebuild = {.store = store, .error = error};
    bool own, done;

    if (!store_begin_own(store, &own, error))
        return false;
    rebuild.recent = calloc(RECENT_ROWS, sizeof(*rebuild.recent));
    done = rebuild.recent ? forget_known(store, error) && rebuild_rows(&rebuild)
                          : error_set(error, FAULT_STORE, "no memory to learn again");
    free(rebuild.recent);
    free(rebuild.pending);
    if (done)
        return !own || store_commit(store, error);
    if (own)
        store_rollback(store);
    return false;
}
