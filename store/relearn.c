/* Learning again: everything, or what one user's logins taught. */
#include <stdlib.h>
#include <string.h>

#include "store/rollup_tables.h"

#define RING_ROWS 1024 /* most sessions open while fewer logins come; about 1.2 MB */

/*
 * A stage that is still to come when its login's attempt is learned. Small, as every session that
 * is open has one: the login is in the ring of rows read last, or is read again.
 */
struct pending {
    int64_t time_us, key;
    uint16_t place; /* in the ring, unless another row has taken it */
    uint8_t stage;
    bool was, is; /* learned before a label changed, and since then */
};

/* A heap, the earliest first, and what is done with what comes off it. */
struct relearning {
    struct store *store;
    bool (*learn)(struct relearning *relearning, const struct pending *pending,
                  struct login_event *event);
    struct pending *pending;
    size_t count, capacity;
    struct login_row *ring;
    uint16_t place;                  /* of the row that was read last */
    const struct login_row *changed; /* as it was before; of one user's logins */
    struct profile before, after;    /* of that user, from these logins alone */
    struct error *error;
};

/* At one moment: login by login, what was before what is. */
static bool is_before(const struct pending *a, const struct pending *b)
{
    if (a->time_us != b->time_us)
        return a->time_us < b->time_us;
    if (a->key != b->key)
        return a->key < b->key;
    return a->is != b->is ? b->is : a->stage < b->stage;
}

static bool heap_push(struct relearning *relearning, struct pending added)
{
    size_t at = relearning->count;

    if (relearning->count == relearning->capacity) {
        size_t capacity = relearning->capacity > 0 ? relearning->capacity * 2 : 256;
        struct pending *pending =
            reallocarray(relearning->pending, capacity, sizeof(*relearning->pending));

        if (!pending)
            return error_set(relearning->error, FAULT_STORE, "no memory to learn again");
        relearning->pending = pending;
        relearning->capacity = capacity;
    }
    relearning->count++;
    for (; at > 0 && is_before(&added, &relearning->pending[(at - 1) / 2]); at = (at - 1) / 2)
        relearning->pending[at] = relearning->pending[(at - 1) / 2];
    relearning->pending[at] = added;
    return true;
}

static struct pending heap_pop(struct relearning *relearning)
{
    struct pending first = relearning->pending[0];
    struct pending last = relearning->pending[--relearning->count];
    size_t at = 0;

    while (at * 2 + 1 < relearning->count) {
        size_t child = at * 2 + 1;

        if (child + 1 < relearning->count &&
            is_before(&relearning->pending[child + 1], &relearning->pending[child]))
            child++;
        if (!is_before(&relearning->pending[child], &last))
            break;
        relearning->pending[at] = relearning->pending[child];
        at = child;
    }
    relearning->pending[at] = last;
    return first;
}

/* The stage as its login's row tells it. */
static bool pending_event(struct relearning *relearning, const struct pending *pending,
                          struct login_event *event)
{
    const struct login_row *row = &relearning->ring[pending->place];
    struct login_row again;

    if (relearning->changed && !pending->is) {
        row = relearning->changed;
    } else if (row->key != pending->key) {
        if (!login_row_get(relearning->store, pending->key, &again, relearning->error))
            return false;
        row = &again;
    }
    *event = row->login.record.event;
    event->stage = (enum login_stage)pending->stage;
    event->time_us = pending->time_us;
    event->learn = pending->stage == STAGE_OPENED || pending->stage == STAGE_CLOSED;
    return true;
}

/* Learns the pending stages up to a time. */
static bool learn_pending(struct relearning *relearning, int64_t until_us)
{
    while (relearning->count > 0 && relearning->pending[0].time_us <= until_us) {
        struct pending pending = heap_pop(relearning);
        struct login_event event;

        if (!pending_event(relearning, &pending, &event) ||
            !relearning->learn(relearning, &pending, &event))
            return false;
    }
    return true;
}

static bool push_stage(struct relearning *relearning, const struct login_row *row,
                       enum login_stage stage, bool was, bool is)
{
    struct pending pending = {
        login_learned_us(&row->login, stage), row->key, relearning->place, (uint8_t)stage, was, is};

    return pending.time_us == NEVER_LEARNED_US || heap_push(relearning, pending);
}

/* One that cannot be read stops a rebuild, but not a label: of it nothing is learned. */
static bool relearn_row(struct relearning *relearning, sqlite3_stmt *statement,
                        bool (*push)(struct relearning *relearning, const struct login_row *row))
{
    struct error unread = ERROR_NONE;
    struct login_row *row;

    relearning->place = (uint16_t)((relearning->place + 1) % RING_ROWS);
    row = &relearning->ring[relearning->place];
    if (!login_row_read(relearning->store, statement, row, &unread))
        return relearning->changed || error_set(relearning->error, unread.fault, "%s", unread.text);
    return (relearning->changed ||
            login_changed(relearning->store, NULL, row, relearning->error)) &&
           learn_pending(relearning, row->login.record.event.time_us - 1) && push(relearning, row);
}

static bool relearn_rows(struct relearning *relearning, sqlite3_stmt *statement,
                         bool (*push)(struct relearning *relearning, const struct login_row *row))
{
    bool done = true;
    int code;

    relearning->ring = calloc(RING_ROWS, sizeof(*relearning->ring));
    if (!relearning->ring)
        return error_set(relearning->error, FAULT_STORE, "no memory to learn again");
    sqlite3_bind_int64(statement, 1, 0);
    sqlite3_bind_int64(statement, 2, INT64_MAX);
    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE)
        done = code == SQLITE_ROW ? relearn_row(relearning, statement, push)
                                  : store_failed(relearning->store, "be read", relearning->error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    done = done && learn_pending(relearning, INT64_MAX);
    free(relearning->pending);
    free(relearning->ring);
    return done;
}

/* ---- everything ----------------------------------------------------------------------------- */

/* The order of the past may be another than when the event was marked: it is marked again. */
static bool fold_again(struct relearning *relearning, const struct pending *pending,
                       struct login_event *event)
{
    struct known_id user = known_profile(event->user);

    (void)pending;
    if (event->stage == STAGE_OPENED) {
        const struct profile *profile =
            known_hold(relearning->store, &user, false, relearning->error);

        if (!profile)
            return false;
        history_mark_new(profile, event);
    }
    return fold_event(relearning->store, event, relearning->error);
}

/* All through the heap, so that the stages of one moment keep their order. */
static bool push_all(struct relearning *relearning, const struct login_row *row)
{
    for (unsigned stage = STAGE_ATTEMPT; stage < STAGE_COUNT; stage++) {
        if (!push_stage(relearning, row, (enum login_stage)stage, true, true))
            return false;
    }
    return true;
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
    struct relearning relearning = {.store = store, .learn = fold_again, .error = error};
    sqlite3_stmt *statement;
    bool own;

    if (!store_begin_own(store, &own, error))
        return false;
    statement = forget_known(store, error) && login_lists_begin_anew(store, error) &&
                        rollup_begin_anew(store, error)
                    ? store_statement(store, SQL_LOGINS_ALL, error)
                    : NULL;
    if (statement && relearn_rows(&relearning, statement, push_all)) {
        rollup_end_anew(store);
        return !own || store_commit(store, error);
    }
    if (own)
        store_rollback(store);
    return false;
}

/* ---- one user ------------------------------------------------------------------------------- */

static void add_count(uint32_t *count, int change)
{
    if (change > 0 ? *count < UINT32_MAX : *count > 0)
        *count += (uint32_t)change;
}

/* Whether the value's bit is set now, less whether it was. */
static int bit_change(uint8_t was, uint8_t is, unsigned bit)
{
    return (is >> bit & 1) - (was >> bit & 1);
}

static bool change_count(struct store *store, const struct known_id *id, int logins, int users,
                         struct error *error)
{
    struct population_count *count;

    if (logins == 0 && users == 0)
        return true;
    count = known_hold(store, id, true, error);
    if (!count)
        return false;
    add_count(&count->logins, logins);
    add_count(&count->users, users);
    return true;
}

/* was, is: the marks of a login that was or is counted among all users', 0 when it is not. */
static bool change_population(struct relearning *relearning, const struct pending *pending,
                              const struct login_event *event, uint8_t was, uint8_t is)
{
    struct known_id all = known_population();
    int logins = pending->is - pending->was;

    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(event, kind);
        struct known_id id = known_value(kind, &key);

        if (key != 0 && !change_count(relearning->store, &id, logins, bit_change(was, is, kind),
                                      relearning->error))
            return false;
    }
    return change_count(relearning->store, &all, logins,
                        ((is & NEW_USER) != 0) - ((was & NEW_USER) != 0), relearning->error);
}

/* Learns it, and tells its marks, in one of the two pasts. */
static uint8_t learn_in(struct profile *profile, const struct login_event *event)
{
    struct login_event marked = *event;

    if (event->stage == STAGE_OPENED)
        history_mark_new(profile, &marked);
    profile_learn(profile, &marked);
    return marked.new_values;
}

static bool learn_in_both(struct relearning *relearning, const struct pending *pending,
                          struct login_event *event)
{
    uint8_t was = pending->was ? learn_in(&relearning->before, event) : 0;
    uint8_t is = pending->is ? learn_in(&relearning->after, event) : 0;

    return event->stage != STAGE_OPENED || change_population(relearning, pending, event, was, is);
}

static bool push_learned(struct relearning *relearning, const struct login_row *row)
{
    const struct login_row *changed = relearning->changed;
    bool same = row->key != changed->key;

    return (same || (push_stage(relearning, changed, STAGE_OPENED, true, false) &&
                     push_stage(relearning, changed, STAGE_CLOSED, true, false))) &&
           push_stage(relearning, row, STAGE_OPENED, same, true) &&
           push_stage(relearning, row, STAGE_CLOSED, same, true);
}

/* What stands on logins that are not stored any more stays, as far as it is a plain count. */
static void keep_older(const struct profile *held, const struct profile *before,
                       struct profile *after)
{
    uint32_t logins = held->logins - before->logins;

    if (held->logins <= before->logins || after->logins == 0)
        return;
    after->logins += logins;
    after->first_s = held->first_s < after->first_s ? held->first_s : after->first_s;
    if (held->days > before->days)
        after->days += held->days - before->days < logins ? held->days - before->days : logins;
    if (held->sessions > before->sessions)
        after->sessions += held->sessions - before->sessions;
}

bool relearn_user(struct store *store, const struct login_row *changed, struct error *error)
{
    const char *user = changed->login.record.event.user;
    struct relearning relearning = {
        .store = store, .learn = learn_in_both, .changed = changed, .error = error};
    sqlite3_stmt *statement = store_statement(store, SQL_LOGINS_USER, error);
    struct known_id id = known_profile(user);
    struct profile *held;

    if (!statement)
        return false;
    profile_init(&relearning.before);
    profile_init(&relearning.after);
    sqlite3_bind_text(statement, 3, user, -1, SQLITE_STATIC);
    if (!relearn_rows(&relearning, statement, push_learned))
        return false;
    held = known_hold(store, &id, true, error);
    if (!held)
        return false;
    keep_older(held, &relearning.before, &relearning.after);
    profile_replace_learned(held, &relearning.after);
    return true;
}
