#include <stdlib.h>

#include "store/page.h"
#include "store/read_ahead.h"

#define LIST_SHIFT 48

/* A part of a list, and the next of its rows. */
struct head {
    int64_t rank;
    struct place_in_order next;
    bool later;
};

/* Of the parts of one or more lists, each in order. */
struct merge {
    struct page *page;
    int64_t least, most; /* of the lists' values, where they are times too */
    struct head *heads;
    size_t count, capacity;
};

/* The next row of a part behind a place. *there is false at its end. */
static bool advance(const struct merge *merge, struct head *head, struct place_in_order from,
                    bool *there)
{
    struct page *page = merge->page;
    sqlite3_stmt *statement = store_statement(
        page->store, page_is_rising(page) ? SQL_RANKED_RISING : SQL_RANKED_FALLING, page->error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, head->rank);
    sqlite3_bind_int64(statement, 2, from.value);
    sqlite3_bind_int64(statement, 3, from.key);
    sqlite3_bind_int64(statement, 4, page->first_key);
    sqlite3_bind_int64(statement, 5, page->last_key);
    sqlite3_bind_int64(statement, 6, page_is_rising(page) ? merge->most : merge->least);
    code = sqlite3_step(statement);
    *there = code == SQLITE_ROW;
    if (*there)
        head->next = (struct place_in_order){sqlite3_column_int64(statement, 0),
                                             sqlite3_column_int64(statement, 1)};
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ||
           store_failed(page->store, "be read", page->error);
}

static bool add_head(struct merge *merge, int64_t rank)
{
    struct page *page = merge->page;
    struct place_in_order from = page_is_rising(page)
                                     ? (struct place_in_order){merge->least, -1}
                                     : (struct place_in_order){merge->most, INT64_MAX};
    struct head *head;
    bool there;

    if (merge->count == merge->capacity) {
        size_t capacity = merge->capacity * 2 + 64;
        struct head *heads = realloc(merge->heads, capacity * sizeof(*heads));

        if (!heads)
            return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
        merge->heads = heads;
        merge->capacity = capacity;
    }
    if (page->cursor->set &&
        page_comes_before(page, &from,
                          &(struct place_in_order){page->cursor->value, page->cursor->key}))
        from = (struct place_in_order){page->cursor->value, page->cursor->key};
    head = &merge->heads[merge->count];
    *head = (struct head){.rank = rank, .later = rank >> LIST_SHIFT == LIST_LATER};
    if (!advance(merge, head, from, &there))
        return false;
    merge->count += there;
    return true;
}

/* The last part of a list that has rows, up to a rank; -1: there is none. */
static bool last_part(struct page *page, int64_t first, int64_t last, int64_t *rank)
{
    sqlite3_stmt *statement = store_statement(page->store, SQL_RANKED_PART, page->error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, last);
    code = sqlite3_step(statement);
    *rank = code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL
                ? sqlite3_column_int64(statement, 0)
                : -1;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || store_failed(page->store, "be read", page->error);
}

static bool add_list(struct merge *merge, enum login_list list)
{
    struct page *page = merge->page;
    int64_t first = list_rank(list, page->first_key), last = list_rank(list, page->last_key);
    int64_t rank;

    if (!list_is_parted(list))
        return add_head(merge, first);
    if (!last_part(page, first, last, &rank))
        return false;
    if (rank >= 0)
        store_read_ahead_ranked(page->store, first, rank);
    for (;;) {
        if (last < first || !last_part(page, first, last, &rank))
            return last < first;
        if (rank < 0)
            return true;
        if (!add_head(merge, rank))
            return false;
        last = rank - 1;
    }
}

static bool merge_heads(struct merge *merge)
{
    struct batch batch = {.count = 0};
    struct page *page = merge->page;

    while (merge->count > 0 && !page->ended) {
        struct head *first = &merge->heads[0];
        struct place_in_order place;
        bool later, there;

        for (size_t i = 1; i < merge->count; i++) {
            if (page_comes_before(page, &merge->heads[i].next, &first->next))
                first = &merge->heads[i];
        }
        place = first->next;
        later = first->later;
        if (!advance(merge, first, place, &there))
            return false;
        if (!there)
            *first = merge->heads[--merge->count];
        if (!page_put(page, &batch, place, later))
            return false;
    }
    return page_look_at_all(page, &batch);
}

unsigned page_lists(const struct login_page_filter *filter)
{
    unsigned triage = 1u << LIST_QUEUE | 1u << LIST_LATER | 1u << LIST_JUDGED;

    switch (filter->order) {
    case ORDER_RISK:
        return filter->triage == TRIAGE_WAITING ? 1u << LIST_QUEUE
               : filter->triage == TRIAGE_LATER ? 1u << LIST_LATER
                                                : triage;
    case ORDER_BYTES:
        return 1u << LIST_BYTES;
    case ORDER_DURATION:
        return 1u << LIST_DURATION;
    case ORDER_OPENED:
        return filter->open == 1 ? 1u << LIST_OPEN : 1u << LIST_OPENED;
    default:
        break;
    }
    if (filter->label == LABEL_ATTACK || filter->label == LABEL_LEGITIMATE)
        return 1u << (filter->label == LABEL_ATTACK ? LIST_ATTACK : LIST_LEGITIMATE);
    if (filter->at_least > VERDICT_ALLOW)
        return (1u << LIST_DENIED) | (filter->at_least < VERDICT_DENY ? 1u << LIST_STEPPED_UP : 0) |
               (filter->at_least < VERDICT_STEP_UP ? 1u << LIST_LOGGED : 0);
    return 0;
}

/* Sessions are of the range in which they were opened. */
static void bound_values(struct merge *merge)
{
    struct page *page = merge->page;
    const struct login_page_filter *filter = page->filter;

    merge->least = 0;
    merge->most = INT64_MAX;
    if (page_is_by_key(page)) {
        merge->least = page->first_key;
        merge->most = page->last_key;
    } else if (filter->order == ORDER_OPENED) {
        merge->least = filter->since_us;
        merge->most = filter->until_us > 0 ? filter->until_us - 1 : INT64_MAX;
        page->first_key = 0;
        page->last_key = INT64_MAX;
    }
}

bool page_by_lists(struct page *page, unsigned lists)
{
    struct merge merge = {.page = page};
    bool done = true;

    bound_values(&merge);
    for (int list = 0; done && list < LIST_COUNT; list++)
        done = (lists >> list & 1) == 0 || add_list(&merge, (enum login_list)list);
    done = done && merge_heads(&merge);
    free(merge.heads);
    return done;
}

bool page_value_in_order(const struct login_page_filter *filter, const struct login_row *row,
                         int64_t *value)
{
    struct login_state state = {.row = row};
    unsigned lists = page_lists(filter);

    for (int list = 0; list < LIST_COUNT; list++) {
        if ((lists >> list & 1) != 0 && list_value((enum login_list)list, &state, value))
            return true;
    }
    return false;
}
