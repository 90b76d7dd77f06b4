#include "store/asked_import.h"

#include <stdio.h>
#include <string.h>

#include "store/store_tables.h"

#define TABLES_SINCE 3 /* schema version */

enum column { NUMBER, WORD };

static bool has_ended(const struct word *word)
{
    return word->history.state == HISTORY_DONE || word->history.state == HISTORY_FAILED;
}

/* The oldest first. */
static bool visit_imports(struct store *store, int64_t since_us, decision_visitor *visit,
                          void *context, struct error *error)
{
    sqlite3_stmt *statement;
    bool done = true, wanted = true;
    int code = SQLITE_DONE;

    if (store->version < TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_DECISIONS_IMPORT, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, login_key_at(since_us));
    while (done && wanted && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct decision decision = {.number = sqlite3_column_int64(statement, NUMBER)};

        done = word_decode(&decision.word, sqlite3_column_blob(statement, WORD),
                           (size_t)sqlite3_column_bytes(statement, WORD), error);
        wanted = done && visit(context, &decision);
    }
    if (done && code != SQLITE_ROW && code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

/* ---- the writer's --------------------------------------------------------------------------- */

static bool count_waiting(void *context, const struct decision *decision)
{
    int *waiting = context;

    *waiting += !has_ended(&decision->word);
    return true;
}

/* Counted once, and then kept up: words that ask may come as fast as anybody likes. */
static bool know_waiting(struct store *store, struct error *error)
{
    int waiting = 0;

    if (store->imports_waiting >= 0)
        return true;
    if (!visit_imports(store, 0, count_waiting, &waiting, error))
        return false;
    store->imports_waiting = waiting;
    return true;
}

static void refuse(struct word *word, const char *why)
{
    word->history.state = HISTORY_FAILED;
    snprintf(word->why, sizeof(word->why), "%s", why);
}

bool store_fold_import(struct store *store, const struct word *word, bool *taken,
                       struct error *error)
{
    struct word kept = *word;
    bool asks = word->history.state == HISTORY_ASKED && word->history.begun == 0;

    if (!know_waiting(store, error))
        return false;
    if (!asks)
        refuse(&kept, "refused: it says what came of it, which is anomalyd's to say");
    else if (store->imports_waiting >= IMPORTS_WAITING_MOST)
        refuse(&kept, "refused: too many wait already; ask again later");
    else
        store->imports_waiting++;
    *taken = true;
    return decision_keep(store, login_key_at(word->time_us), &kept, error);
}

static bool take_first(void *context, const struct decision *decision)
{
    struct decision *first = context;

    if (has_ended(&decision->word))
        return true;
    *first = *decision;
    return false;
}

bool store_import_next(struct store *store, struct decision *asked, bool *found,
                       struct error *error)
{
    *asked = (struct decision){.number = 0};
    *found = false;
    if (!know_waiting(store, error))
        return false;
    if (store->imports_waiting == 0)
        return true;
    if (!visit_imports(store, 0, take_first, asked, error))
        return false;
    *found = asked->number > 0;
    if (!*found)
        store->imports_waiting = 0; /* those that waited were forgotten with old decisions */
    return true;
}

bool store_import_tell(struct store *store, const struct decision *asked, struct error *error)
{
    uint8_t bytes[WORD_MAX_BYTES];
    sqlite3_stmt *statement;

    if (!store_begin(store, error))
        return false;
    store->imports_waiting = -1;
    statement = store_statement(store, SQL_DECISION_CHANGE, error);
    if (statement) {
        sqlite3_bind_int64(statement, 1, asked->number);
        sqlite3_bind_blob(statement, 2, bytes, (int)word_encode(&asked->word, bytes),
                          SQLITE_STATIC);
        if (store_run(store, statement, "keep a decision", error))
            return store_commit(store, error);
    }
    store_rollback(store);
    return false;
}

/* ---- anybody's ------------------------------------------------------------------------------ */

struct search {
    uint64_t job;
    struct decision *latest;
    bool found;
};

static bool take_latest(void *context, const struct decision *decision)
{
    struct search *search = context;

    if (decision->word.history.job == search->job) {
        *search->latest = *decision;
        search->found = true;
    }
    return true;
}

bool store_import_find(struct store *store, uint64_t job, int64_t since_us, struct decision *latest,
                       bool *found, struct error *error)
{
    struct search search = {.job = job, .latest = latest};
    bool done = visit_imports(store, since_us, take_latest, &search, error);

    *found = done && search.found;
    return done;
}
