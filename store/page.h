/*
 * A page of logins while it is made, for store/login_page.c and the ways to make one: by the keys
 * of a table or an index, by lists, by what is collected first. For the store's own files alone.
 */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include "store/login_page.h"
#include "store/rollup_tables.h"

struct place_in_order {
    int64_t value, key;
};

struct page {
    struct store *store;
    const struct login_page_filter *filter;
    size_t limit;
    struct login_cursor *cursor;
    bool *more;
    login_page_visitor *visit;
    void *context;
    struct error *error;

    int64_t first_key, last_key; /* of the range of time */
    size_t looks, visited;
    bool ended; /* nobody wants more */
};

/* The oldest first; every other order falls. */
bool page_is_rising(const struct page *page);
bool page_is_by_key(const struct page *page);
bool page_comes_before(const struct page *page, const struct place_in_order *a,
                       const struct place_in_order *b);

/* The login with that key; *fits is false when there is none or the filter keeps it back. */
bool page_get_row(struct page *page, int64_t key, struct login_row *row, bool *fits) MUST_USE;

/* Ends the page when it is full or has looked at enough; else looks at one more. */
bool page_look_at(struct page *page, struct place_in_order place, bool later) MUST_USE;

/* Places whose rows are read ahead together. Begins with a count of 0. */
#define BATCH_MOST 512
struct batch {
    size_t count;
    struct place_in_order place[BATCH_MOST];
    bool later[BATCH_MOST];
};

/* Puts one more in, and looks at all of them when they may fill the page and say whether there are
 * more. */
bool page_put(struct page *page, struct batch *batch, struct place_in_order place,
              bool later) MUST_USE;

/* Looks at those that are in, and empties it. */
bool page_look_at_all(struct page *page, struct batch *batch) MUST_USE;

/* Their rows, of the first BATCH_MOST at most, are soon asked for. */
void page_read_ahead(const struct page *page, const struct place_in_order *places, size_t count);

/* The keys of the filter's user, of its source or of all in the range of time, in the page's order;
 * to be reset, its bindings cleared. NULL: it failed. */
sqlite3_stmt *page_key_statement(struct page *page);

bool page_by_keys(struct page *page) MUST_USE;

/* The lists that hold all that the filter can let through, in its order, by bit; 0: there are
 * none. And in which of them a login stands, and where. */
unsigned page_lists(const struct login_page_filter *filter);
bool page_value_in_order(const struct login_page_filter *filter, const struct login_row *row,
                         int64_t *value);
bool page_by_lists(struct page *page, unsigned lists) MUST_USE;

/* Those of a user or an address in another order than time's: of the newest of them. */
bool page_of_newest(struct page *page) MUST_USE;

/*
 * The keys of a network are sorted by address. Of one with few they are all looked at; of one with
 * many the next ones in time are near.
 */
bool page_of_network(struct page *page) MUST_USE;

#endif
