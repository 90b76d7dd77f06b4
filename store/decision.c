#include "store/decision.h"

#include "store/alert.h"
#include "store/asked_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "store/login_list.h"
#include "store/store_tables.h"

#define TABLES_SINCE 3  /* schema version */
#define SLACK_S      60 /* of the clocks of two processes */

enum column { NUMBER, KEY, WORD };

/* ---- folding -------------------------------------------------------------------------------- */

static bool run_with_key(struct store *store, enum statement which, int64_t key, const char *what,
                         struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    return store_run(store, statement, what, error);
}

bool decision_keep(struct store *store, int64_t key, const struct word *word, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_DECISION_INSERT, error);
    uint8_t bytes[WORD_MAX_BYTES];

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    sqlite3_bind_blob(statement, 2, bytes, (int)word_encode(word, bytes), SQLITE_STATIC);
    return store_run(store, statement, "keep a decision", error) &&
           run_with_key(store, SQL_DECISION_TRIM,
                        sqlite3_last_insert_rowid(store->db) - DECISIONS_MOST,
                        "forget old decisions", error);
}

static struct login_label label_of(const struct word *word)
{
    struct login_label label = {
        .id = word->login, .value = word->label, .time_us = word->time_us, .uid = word->uid};

    memcpy(label.by, word->by, sizeof(label.by));
    memcpy(label.family, word->family, sizeof(label.family));
    memcpy(label.why, word->why, sizeof(label.why));
    return label;
}

/* "none" is the end of "later" too; any other label takes the login out of the queue by itself. */
static bool fold_label(struct store *store, const struct word *word, bool *taken,
                       struct error *error)
{
    struct login_label label = label_of(word);
    bool waits;

    return store_fold_label(store, &label, taken, error) &&
           (word->label != LABEL_NONE ||
            store_login_later(store, &word->login, false, &waits, error));
}

static bool fold_about_login(struct store *store, const struct word *word, bool *taken,
                             struct error *error)
{
    struct login_row row;
    bool done;

    if (!login_row_find(store, &word->login, &row, taken, error))
        return false;
    if (!*taken)
        return true;
    done = word->kind == WORD_LABEL
               ? fold_label(store, word, taken, error)
               : store_login_later(store, &word->login, word->later, taken, error);
    return done && (!*taken || decision_keep(store, row.key, word, error));
}

/* ---- exceptions ----------------------------------------------------------------------------- */

static sqlite3_stmt *about_subject(struct store *store, enum statement which,
                                   const struct exemption *exemption, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);

    if (!statement)
        return NULL;
    sqlite3_bind_int(statement, 1, exemption->is_network);
    sqlite3_bind_text(statement, 2, exemption->subject, -1, SQLITE_STATIC);
    return statement;
}

static bool revoke(struct store *store, const struct word *word, bool *taken, struct error *error)
{
    sqlite3_stmt *statement = about_subject(store, SQL_EXCEPTION_DELETE, &word->exemption, error);

    if (!statement || !store_run(store, statement, "end an exception", error))
        return false;
    *taken = sqlite3_changes(store->db) > 0;
    return true;
}

static bool is_one_too_many(struct store *store, const struct exemption *exemption, bool *many,
                            struct error *error)
{
    sqlite3_stmt *statement = about_subject(store, SQL_EXCEPTION_OTHERS, exemption, error);
    bool done;

    if (!statement)
        return false;
    done = sqlite3_step(statement) == SQLITE_ROW || store_failed(store, "be read", error);
    *many = sqlite3_column_int(statement, 0) >= EXCEPTIONS_MOST;
    sqlite3_reset(statement);
    return done;
}

static bool grant(struct store *store, const struct word *word, int64_t now_s, bool *taken,
                  struct error *error)
{
    const struct exemption *exemption = &word->exemption;
    uint8_t bytes[WORD_MAX_BYTES];
    sqlite3_stmt *statement;
    bool many;

    if (exemption->until_s <= now_s ||
        exemption->until_s > now_s + EXCEPTION_MOST_DAYS * S_PER_DAY + SLACK_S ||
        !exception_is_narrow(exemption))
        return true;
    if (!run_with_key(store, SQL_EXCEPTION_RETAIN, now_s, "forget what ended", error) ||
        !is_one_too_many(store, exemption, &many, error))
        return false;
    if (many)
        return true;
    statement = about_subject(store, SQL_EXCEPTION_PUT, exemption, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 3, exemption->until_s);
    sqlite3_bind_blob(statement, 4, bytes, (int)word_encode(word, bytes), SQLITE_STATIC);
    *taken = true;
    return store_run(store, statement, "keep an exception", error);
}

static bool fold_exception(struct store *store, const struct word *word, int64_t now_us,
                           bool *taken, struct error *error)
{
    bool done = word->exemption.until_s == 0 ? revoke(store, word, taken, error)
                                             : grant(store, word, now_us / US_PER_S, taken, error);

    if (!done || !*taken)
        return done;
    store->unpublished = true;
    return decision_keep(store, login_key_at(word->time_us), word, error);
}

bool store_fold_word(struct store *store, const struct word *word, int64_t now_us, bool *taken,
                     struct error *error)
{
    *taken = false;
    switch (word->kind) {
    case WORD_LABEL:
    case WORD_LATER:
        return fold_about_login(store, word, taken, error);
    case WORD_EXCEPTION:
        return fold_exception(store, word, now_us, taken, error);
    case WORD_ALERT_SEEN:
        return word->alert > INT64_MAX ||
               store_alert_acknowledge(store, (int64_t)word->alert, word->by, word->time_us, taken,
                                       error);
    case WORD_ALERT_TEST:
        /* By this clock: how often a channel is tried is not the dashboard's to say. */
        return store_alert_test(store, word->channel, word->by, now_us, taken, error);
    case WORD_IMPORT:
        return store_fold_import(store, word, taken, error);
    }
    return true;
}

struct gathered {
    size_t count;
    struct exemption exemptions[EXCEPTIONS_MOST];
};

static bool gather(void *context, const struct decision *decision)
{
    struct gathered *gathered = context;

    gathered->exemptions[gathered->count++] = decision->word.exemption;
    return gathered->count < EXCEPTIONS_MOST;
}

/* Where none was ever made there is no file. */
static bool publish(const char *path, const struct gathered *gathered, struct error *error)
{
    struct stat status;

    if (gathered->count == 0 && lstat(path, &status) != 0)
        return true;
    return exemptions_write(path, gathered->exemptions, gathered->count, error);
}

bool store_exceptions_publish(struct store *store, int64_t now_us, struct error *error)
{
    char path[STORE_PATH_BYTES + sizeof(EXEMPTIONS_STORE_FILE)];
    struct gathered *gathered;
    bool done;

    if (!store->unpublished)
        return true;
    gathered = calloc(1, sizeof(*gathered));
    if (!gathered)
        return error_set(error, FAULT_STORE, "no memory to write the exceptions");
    snprintf(path, sizeof(path), "%.*s" EXEMPTIONS_STORE_FILE,
             (int)(strlen(store->path) - strlen(STORE_FILE)), store->path);
    done =
        store_exceptions(store, now_us, gather, gathered, error) && publish(path, gathered, error);
    free(gathered);
    store->unpublished = !done;
    return done;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* *found is false when no login has that key, or one whose id is another's. */
static bool find_login(struct store *store, int64_t key, const struct word *word,
                       struct login_row *row, bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_GET, error);
    bool done = true;
    int code;

    *found = false;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        done = login_row_read(store, statement, row, error);
    else if (code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    *found =
        done && code == SQLITE_ROW && login_id_equal(&row->login.record.event.id, &word->login);
    sqlite3_reset(statement);
    return done;
}

static bool is_about_login(const struct word *word)
{
    return word->kind == WORD_LABEL || word->kind == WORD_LATER;
}

/* Rows of a number, a key and a word. login: those about another are left out. */
static bool visit_rows(struct store *store, sqlite3_stmt *statement, const struct login_id *login,
                       decision_visitor *visit, void *context, struct error *error)
{
    bool done = true, wanted = true;
    int code = SQLITE_DONE;

    while (done && wanted && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct decision decision = {.number = sqlite3_column_int64(statement, NUMBER)};
        struct login_row row;
        bool found = false;

        done = word_decode(&decision.word, sqlite3_column_blob(statement, WORD),
                           (size_t)sqlite3_column_bytes(statement, WORD), error);
        if (!done || (login && !login_id_equal(&decision.word.login, login)))
            continue;
        if (is_about_login(&decision.word))
            done = find_login(store, sqlite3_column_int64(statement, KEY), &decision.word, &row,
                              &found, error);
        decision.login = found ? &row.login : NULL;
        wanted = done && visit(context, &decision);
    }
    if (done && code != SQLITE_ROW && code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

bool store_decisions(struct store *store, const struct login_id *login, int64_t before,
                     int64_t limit, decision_visitor *visit, void *context, struct error *error)
{
    sqlite3_stmt *statement;
    struct login_row row;
    bool found = true;

    if (store->version < TABLES_SINCE)
        return true;
    if (login && !login_row_find(store, login, &row, &found, error))
        return false;
    if (!found)
        return true;
    statement = store_statement(store, login ? SQL_DECISIONS_LOGIN : SQL_DECISIONS, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, before);
    sqlite3_bind_int64(statement, 2, limit);
    if (login)
        sqlite3_bind_int64(statement, 3, row.key);
    return visit_rows(store, statement, login, visit, context, error);
}

bool store_exceptions(struct store *store, int64_t now_us, decision_visitor *visit, void *context,
                      struct error *error)
{
    sqlite3_stmt *statement;

    if (store->version < TABLES_SINCE)
        return true;
    statement = store_statement(store, SQL_EXCEPTIONS, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, now_us / US_PER_S);
    return visit_rows(store, statement, NULL, visit, context, error);
}
