#include <stdlib.h>

#include "store/page.h"
#include "store/read_ahead.h"

#define OWN_MOST     1000   /* of a user or an address, in another order than time's */
#define COLLECT_MOST 100000 /* entries of an index, likewise */

/* The first ones of what is collected, in the page's order: one more than the page takes, which
 * tells whether there is more. */
struct collection {
    struct page *page;
    struct place_in_order *best;
    size_t count;
};

static bool begin(struct collection *collection, struct page *page)
{
    *collection =
        (struct collection){page, calloc(page->limit + 2, sizeof(struct place_in_order)), 0};
    return collection->best != NULL ||
           error_set(page->error, FAULT_STORE, "no memory for a page of logins");
}

static bool is_behind_cursor(const struct page *page, const struct place_in_order *place)
{
    struct place_in_order cursor = {page->cursor->value, page->cursor->key};

    return !page->cursor->set || page_comes_before(page, &cursor, place);
}

static void collect(struct collection *collection, struct place_in_order place)
{
    const struct page *page = collection->page;
    struct place_in_order *best = collection->best;
    size_t at = collection->count;

    if (!is_behind_cursor(page, &place))
        return;
    if (at > page->limit) {
        if (!page_comes_before(page, &place, &best[at - 1]))
            return;
        at--;
    } else {
        collection->count++;
    }
    for (; at > 0 && page_comes_before(page, &place, &best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = place;
}

static bool visit_best(const struct collection *collection)
{
    struct page *page = collection->page;

    page_read_ahead(page, collection->best, collection->count);
    for (size_t i = 0; i < collection->count && !page->ended; i++) {
        if (!page_look_at(page, collection->best[i], false))
            return false;
    }
    return true;
}

static bool collect_row(struct collection *collection, int64_t key)
{
    struct page *page = collection->page;
    struct place_in_order place = {0, key};
    struct login_row row = {.key = key};
    bool fits;

    if (!page_get_row(page, key, &row, &fits))
        return false;
    if (fits && page_value_in_order(page->filter, &row, &place.value))
        collect(collection, place);
    return true;
}

static bool collect_newest(struct collection *collection)
{
    struct page *page = collection->page;
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
        done = collect_row(collection, keys[i]);
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
static bool collect_network(struct collection *collection, bool *few)
{
    struct page *page = collection->page;
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
            collect(collection, (struct place_in_order){key, key});
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    *few = code == SQLITE_DONE;
    return code == SQLITE_DONE || code == SQLITE_ROW ||
           store_failed(page->store, "be read", page->error);
}

bool page_of_newest(struct page *page)
{
    struct collection collection;
    bool done;

    if (!begin(&collection, page))
        return false;
    done = collect_newest(&collection) && visit_best(&collection);
    free(collection.best);
    return done;
}

bool page_of_network(struct page *page)
{
    struct collection collection;
    bool done, few = false;

    if (!begin(&collection, page))
        return false;
    done = collect_network(&collection, &few) && (!few || visit_best(&collection));
    *page->more = *page->more || (few && collection.count > page->limit);
    free(collection.best);
    return done && (few || page_by_keys(page));
}
