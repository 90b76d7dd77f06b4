#include "store/page.h"

#include <string.h>

#include "store/read_ahead.h"

#define LOOKS_MOST 3000 /* rows looked at for one page */

enum column { COLUMN_VERDICT = 8, COLUMN_LABEL = 9 };

/* ---- order ---- */

bool page_is_rising(const struct page *page)
{
    return page->filter->order == ORDER_OLDEST;
}

bool page_is_by_key(const struct page *page)
{
    return page->filter->order == ORDER_NEWEST || page->filter->order == ORDER_OLDEST;
}

bool page_comes_before(const struct page *page, const struct place_in_order *a,
                       const struct place_in_order *b)
{
    bool greater = a->value != b->value ? a->value > b->value : a->key > b->key;
    bool same = a->value == b->value && a->key == b->key;

    return !same && greater != page_is_rising(page);
}

/* ---- filter ---- */

static bool columns_fit(const struct login_page_filter *filter, sqlite3_stmt *row)
{
    int label = sqlite3_column_int(row, COLUMN_LABEL);
    enum verdict at_least = filter->order == ORDER_RISK && filter->at_least < VERDICT_LOG
                                ? VERDICT_LOG
                                : filter->at_least;

    return (at_least == VERDICT_ALLOW ||
            sqlite3_column_int(row, COLUMN_VERDICT) >= (int)at_least) &&
           (filter->label == FILTER_ANY || label == filter->label);
}

static bool session_fits(int open, const struct stored_login *login)
{
    bool is_open = login->opened_us > 0 && login->closed_us == 0 && !login->imported;

    return open < 0 || (open == 1 ? is_open : login->opened_us > 0 && !is_open);
}

static bool login_fits(const struct login_page_filter *filter, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;

    if ((filter->user && strcmp(event->user, filter->user) != 0) ||
        (filter->source && !ip_equal(&event->source, filter->source)) ||
        (filter->network && !ip_network_contains(filter->network, &event->source)))
        return false;
    return (!filter->host || strcmp(event->host, filter->host) == 0) &&
           (!filter->service || strcmp(event->service, filter->service) == 0) &&
           (filter->method < 0 || (int)event->method == filter->method) &&
           (filter->reached < 0 || (int)login->reached == filter->reached) &&
           session_fits(filter->open, login);
}

/* ---- one login ---- */

bool page_get_row(struct page *page, int64_t key, struct login_row *row, bool *fits)
{
    sqlite3_stmt *statement = store_statement(page->store, SQL_LOGIN_GET, page->error);
    bool done = true;
    int code;

    *fits = false;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && columns_fit(page->filter, statement)) {
        done = login_row_read(page->store, statement, row, page->error);
        *fits = done && login_fits(page->filter, &row->login);
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        done = store_failed(page->store, "be read", page->error);
    }
    sqlite3_reset(statement);
    return done;
}

bool page_look_at(struct page *page, struct place_in_order place, bool later)
{
    struct login_row row;
    bool fits;

    *page->more = page->visited == page->limit || page->looks++ == LOOKS_MOST;
    if (*page->more) {
        page->ended = true;
        return true;
    }
    if (!page_get_row(page, place.key, &row, &fits))
        return false;
    *page->cursor = (struct login_cursor){true, place.value, place.key};
    if (fits) {
        page->visited++;
        page->ended = !page->visit(page->context, &row.login, later);
    }
    return true;
}

/* ---- some at a time ---- */

static bool is_full(const struct page *page, const struct batch *batch)
{
    return batch->count == BATCH_MOST || batch->count > page->limit - page->visited;
}

void page_read_ahead(const struct page *page, const struct place_in_order *places, size_t count)
{
    int64_t keys[BATCH_MOST];

    if (count > BATCH_MOST)
        count = BATCH_MOST;
    for (size_t i = 0; i < count; i++)
        keys[i] = places[i].key;
    store_read_ahead(page->store, keys, count);
}

bool page_look_at_all(struct page *page, struct batch *batch)
{
    page_read_ahead(page, batch->place, batch->count);
    for (size_t i = 0; i < batch->count && !page->ended; i++) {
        if (!page_look_at(page, batch->place[i], batch->later[i]))
            return false;
    }
    batch->count = 0;
    return true;
}

bool page_put(struct page *page, struct batch *batch, struct place_in_order place, bool later)
{
    batch->place[batch->count] = place;
    batch->later[batch->count++] = later;
    return !is_full(page, batch) || page_look_at_all(page, batch);
}

/* ---- by the keys of a table or an index ---- */

sqlite3_stmt *page_key_statement(struct page *page)
{
    const struct login_page_filter *filter = page->filter;
    bool rising = page_is_rising(page);
    sqlite3_stmt *statement;

    statement =
        store_statement(page->store,
                        filter->user     ? (rising ? SQL_KEYS_USER : SQL_KEYS_USER_NEWEST)
                        : filter->source ? (rising ? SQL_KEYS_SOURCE : SQL_KEYS_SOURCE_NEWEST)
                                         : (rising ? SQL_KEYS_ALL : SQL_KEYS_ALL_NEWEST),
                        page->error);
    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, page->first_key);
    sqlite3_bind_int64(statement, 2, page->last_key);
    if (filter->user)
        sqlite3_bind_text(statement, 3, filter->user, -1, SQLITE_STATIC);
    else if (filter->source)
        sqlite3_bind_blob(statement, 3, filter->source->bytes, filter->source->family == 4 ? 4 : 16,
                          SQLITE_STATIC);
    return statement;
}

bool page_by_keys(struct page *page)
{
    struct batch batch = {.count = 0};
    sqlite3_stmt *statement;
    int code = SQLITE_DONE;
    bool done;

    if (page->cursor->set && page_is_rising(page) && page->cursor->key >= page->first_key)
        page->first_key = page->cursor->key + (page->cursor->key < INT64_MAX);
    else if (page->cursor->set && !page_is_rising(page) && page->cursor->key <= page->last_key)
        page->last_key = page->cursor->key - 1;
    statement = page_key_statement(page);
    done = statement != NULL;
    while (done && !page->ended && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(statement, 0);

        done = page_put(page, &batch, (struct place_in_order){key, key}, false);
    }
    done = done && (code == SQLITE_ROW || code == SQLITE_DONE ||
                    store_failed(page->store, "be read", page->error));
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return done && page_look_at_all(page, &batch);
}
