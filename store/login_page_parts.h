/*
 * What the ways to a page of logins share: by keys and by lists (login_page.c), and by what was
 * collected (login_collect.c), for orders that nothing leads to.
 */
#ifndef STORE_LOGIN_PAGE_PARTS_H
#define STORE_LOGIN_PAGE_PARTS_H

#include "store/login_page.h"
#include "store/rollup_tables.h"

struct place_in_order {
    int64_t value, key;
};

struct head;

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
    int64_t least, most;         /* of the values of lists, where they are times too */
    size_t looks, visited;
    bool ended;         /* nobody wants more */
    struct head *heads; /* of lists */
    size_t head_count, head_capacity;
    struct place_in_order *best; /* of those collected, limit + 1 at most, in order */
    size_t best_count;
};

bool page_comes_before(const struct page *page, const struct place_in_order *a,
                       const struct place_in_order *b);
bool page_is_behind_cursor(const struct page *page, const struct place_in_order *place);

/* *fits: the login with that key is there, and the filter lets it through. */
bool page_get_row(struct page *page, int64_t key, struct login_row *row, bool *fits) MUST_USE;

/* Ends the page when it is full or has looked at enough; else looks at one more. */
bool page_look_at(struct page *page, struct place_in_order place, bool later) MUST_USE;

/* Asks the disk for the rows of those places. */
void page_read_ahead(struct page *page, const struct place_in_order *places, size_t count);

/* The keys of the filter's user, address or of all, in the order of time. */
sqlite3_stmt *page_key_statement(struct page *page);

/* The lists that hold all that the filter can let through, in its order; by bit. */
unsigned page_lists_of(const struct login_page_filter *filter);

bool page_by_keys(struct page *page) MUST_USE;

/* Those of a user or an address in another order than time's: of the newest of them. */
bool page_by_rows(struct page *page) MUST_USE;

/*
 * The keys of a network are sorted by address. Of one with few they are all looked at; of one with
 * many the next ones in time are near.
 */
bool page_of_network(struct page *page) MUST_USE;

#endif
