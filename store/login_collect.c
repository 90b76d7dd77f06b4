#include <stdlib.h>

#include "store/login_page_parts.h"
#include "store/read_ahead.h"

#define OWN_MOST     1000   /* of a user or an address, in another order than time's */
#define COLLECT_MOST 100000 /* entries of an index, likewise */

static void collect(struct page *page, struct place_in_order place)
{
    size_t at = page->best_count;

    if (!page_is_behind_cursor(page, &place))
        return;
    if (at > page->limit) {
        if (!page_comes_before(page, &place, &page->best[at - 1]))
            return;
        at--;
    } else {
        page->best_count++;
    }
    for (; at > 0 && page_comes_before(page, &place, &page->best[at - 1]); at--)
        page->best[at] = page->best[at - 1];
    page->best[at] = place;
}

static bool visit_best(struct page *page)
{
    page_read_ahead(page, page->best, page->best_count);
    for (size_t i = 0; i < page->best_count && !page->ended; i++) {
        if (!page_look_at(page, page->best[i], false))
            return false;
    }
    return true;
}

/* In which order's list a login stands, and where. */
static bool value_in_order(const struct login_page_filter *filter, const struct login_row *row,
                           int64_t *value)
{
    struct login_state state = {.row = row};
    unsigned lists = page_lists_of(filter);

    for (int list = 0; list < LIST_COUNT; list++) {
        if ((lists >> list & 1) != 0 && list_value((enum login_list)list, &state, value))
            return true;
    }
    return false;
}

/* Those of a user or an address in another order than time's: of the newest of them. */
static bool collect_row(struct page *page, int64_t key)
{
    struct place_in_order place = {0, key};
    struct login_row row = {.key = key};
    bool fits;

    if (!page_get_row(page, key, &row, &fits))
        return false;
    if (fits && value_in_order(page->filter, &row, &place.value))
        collect(page, place);
    return true;
}

static bool collect_rows(struct page *page)
{
    sqlite3_stmt *statement = page_key_statement(page);
    int64_t keys[OWN_MOST];
    size_t count = 0;
    int code = SQLITE_DONE;
    bool done;

    if (!statement)
        return false;
    while (count < OWN_MOST && (code = sqlite3_step(statement)) == SQLITE_ROW)
        keys[count++] = sqlite3_column_int64(statement, 0);
    done = code == SQLITE_ROW || code == SQLITE_DONE ||
           store_failed(page->store, "be read", page->error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    store_read_ahead(page->store, keys, count);
    for (size_t i = 0; done && i < count; i++)
        done = collect_row(page, keys[i]);
    return done;
}

static struct ip_address last_of(const struct ip_network *network)
{
    struct ip_address last = network->address;
    unsigned bits = last.family == 4 ? 32 : 128;

    for (unsigned bit = network->prefix_bits; bit < bits; bit++)
        last.bytes[bit / 8] = (uint8_t)(last.bytes[bit / 8] | 0x80 >> bit % 8);
    return last;
}

/* *few: all entries of the network were looked at. */
static bool collect_network(struct page *page, bool *few)
{
    const struct ip_network *network = page->filter->network;
    sqlite3_stmt *statement = store_statement(page->store, SQL_KEYS_NETWORK, page->error);
    struct ip_address last = last_of(network);
    int size = network->address.family == 4 ? 4 : 16, code = SQLITE_DONE;
    size_t looks = 0;

    if (!statement)
        return false;
    sqlite3_bind_blob(statement, 1, network->address.bytes, size, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, last.bytes, size, SQLITE_STATIC);
    while (looks++ < COLLECT_MOST && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(statement, 0);

        if (sqlite3_column_bytes(statement, 1) == size && key >= page->first_key &&
            key <= page->last_key)
            collect(page, (struct place_in_order){key, key});
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    *few = code == SQLITE_DONE;
    return code == SQLITE_DONE || code == SQLITE_ROW ||
           store_failed(page->store, "be read", page->error);
}

bool page_by_rows(struct page *page)
{
    bool done;

    page->best = calloc(page->limit + 2, sizeof(*page->best));
    if (!page->best)
        return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
    done = collect_rows(page) && visit_best(page);
    free(page->best);
    return done;
}

bool page_of_network(struct page *page)
{
    bool done, few = false;

    page->best = calloc(page->limit + 2, sizeof(*page->best));
    if (!page->best)
        return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
    done = collect_network(page, &few) && (!few || visit_best(page));
    *page->more = *page->more || (few && page->best_count > page->limit);
    free(page->best);
    return done && (few || page_by_keys(page));
}
