/* Rows of the table `ranked`: rank (the list and its part), value, key. */
#include "store/rollup_tables.h"

#define LIST_SHIFT 48
#define PART_SHIFT (LOGIN_KEY_RANDOM + 24) /* 2^24 milliseconds: 4.66 hours */
#define MILLIONTHS 1e6
#define GOT_IN     2000000 /* above any risk in millionths */

static const bool PARTED[LIST_COUNT] = {
#define LOGIN_LIST(symbol, parted) parted,
    LOGIN_LISTS
#undef LOGIN_LIST
};

bool list_is_parted(enum login_list list)
{
    return PARTED[list];
}

int64_t list_rank(enum login_list list, int64_t key)
{
    return (int64_t)list << LIST_SHIFT | (PARTED[list] ? key >> PART_SHIFT : 0);
}

enum login_list list_of_triage(const struct login_state *state)
{
    const struct login_record *record = &state->row->login.record;

    if (!record->assessed || record->assessment.verdict < VERDICT_LOG)
        return LIST_COUNT;
    if (state->row->login.label != LABEL_NONE)
        return LIST_JUDGED;
    return state->later ? LIST_LATER : LIST_QUEUE;
}

static int64_t bytes_moved(const struct login_event *event)
{
    return (event->bytes_in > 0 ? event->bytes_in : 0) +
           (event->bytes_out > 0 ? event->bytes_out : 0);
}

static bool has_verdict(const struct login_row *row, enum verdict verdict)
{
    return row->login.record.assessed && row->login.record.assessment.verdict == verdict;
}

bool list_value(enum login_list list, const struct login_state *state, int64_t *value)
{
    const struct login_row *row = state->row;
    const struct stored_login *login = &row->login;

    *value = row->key;
    switch (list) {
    case LIST_QUEUE:
    case LIST_LATER:
    case LIST_JUDGED:
        *value = (login->reached >= STAGE_ACCEPTED ? GOT_IN : 0) +
                 (int64_t)(login->record.assessment.risk * MILLIONTHS);
        return list_of_triage(state) == list;
    case LIST_BYTES:
        *value = login->closed_us > 0 ? bytes_moved(&login->record.event) : 0;
        return *value > 0;
    case LIST_DURATION:
        *value = login->closed_us > 0 ? login->record.event.duration_s : 0;
        return *value > 0;
    case LIST_OPENED:
        *value = login->opened_us;
        return *value > 0;
    case LIST_OPEN:
        *value = login->opened_us;
        return *value > 0 && login->closed_us == 0 && !login->imported;
    case LIST_LOGGED:
        return has_verdict(row, VERDICT_LOG);
    case LIST_STEPPED_UP:
        return has_verdict(row, VERDICT_STEP_UP);
    case LIST_DENIED:
        return has_verdict(row, VERDICT_DENY);
    case LIST_LEGITIMATE:
        return login->label == LABEL_LEGITIMATE;
    case LIST_ATTACK:
        return login->label == LABEL_ATTACK;
    default:
        return false;
    }
}

static bool run(struct store *store, enum statement which, int64_t rank, int64_t value, int64_t key,
                struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, rank);
    sqlite3_bind_int64(statement, 2, value);
    sqlite3_bind_int64(statement, 3, key);
    return store_run(store, statement, "keep its lists", error);
}

bool login_list_change(struct store *store, const struct login_state *before,
                       const struct login_state *after, struct error *error)
{
    int64_t was, is, key = after ? after->row->key : before->row->key;

    for (int list = 0; list < LIST_COUNT; list++) {
        bool out = before && list_value((enum login_list)list, before, &was);
        bool in = after && list_value((enum login_list)list, after, &is);
        int64_t rank;

        if (out == in && (!in || was == is))
            continue;
        rank = list_rank((enum login_list)list, key);
        if ((out && !run(store, SQL_RANKED_DELETE, rank, was, key, error)) ||
            (in && !run(store, SQL_RANKED_INSERT, rank, is, key, error)))
            return false;
    }
    return true;
}

/* ---- put off -------------------------------------------------------------------------------- */

static bool find_later(struct store *store, struct login_state *state, struct error *error)
{
    sqlite3_stmt *statement;
    int64_t value;
    int code;

    state->later = true;
    if (!list_value(LIST_LATER, state, &value)) {
        state->later = false;
        return true;
    }
    statement = store_statement(store, SQL_RANKED_FIND, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, list_rank(LIST_LATER, state->row->key));
    sqlite3_bind_int64(statement, 2, value);
    sqlite3_bind_int64(statement, 3, state->row->key);
    code = sqlite3_step(statement);
    state->later = code == SQLITE_ROW;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE || store_failed(store, "be read", error);
}

bool store_login_later(struct store *store, const struct login_id *id, bool later, bool *found,
                       struct error *error)
{
    struct login_row row;
    struct login_state before = {.row = &row}, after = {.row = &row, .later = later};

    if (!login_row_find(store, id, &row, found, error))
        return false;
    if (!*found)
        return true;
    if (!find_later(store, &before, error))
        return false;
    *found = list_of_triage(&after) == (later ? LIST_LATER : LIST_QUEUE);
    return !*found || (login_list_change(store, &before, &after, error) &&
                       rollup_change(store, &before, &after, error));
}

bool login_changed(struct store *store, const struct login_row *before,
                   const struct login_row *after, struct error *error)
{
    struct login_state was = {.row = before}, is = {.row = after};

    if (store->counts_later)
        return true;
    if ((before && !find_later(store, &was, error)) ||
        (after && !before && !find_later(store, &is, error)))
        return false;
    if (before)
        is.later = was.later;
    return login_list_change(store, before ? &was : NULL, after ? &is : NULL, error) &&
           rollup_change(store, before ? &was : NULL, after ? &is : NULL, error);
}

/* What was put off stays so. */
bool login_lists_begin_anew(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_RANKED_FORGET, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, list_rank(LIST_LATER, 0));
    sqlite3_bind_int64(statement, 2, (int64_t)(LIST_LATER + 1) << LIST_SHIFT);
    return store_run(store, statement, "forget its lists", error);
}
