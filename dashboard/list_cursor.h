/*
 * Where a list goes on, as text: of logins and of counts hexadecimal bytes, of what is numbered its
 * number. A cursor that another list gave is refused or leads nowhere.
 */
#ifndef DASHBOARD_LIST_CURSOR_H
#define DASHBOARD_LIST_CURSOR_H

#include "dashboard/list.h"
#include "store/login_page.h"
#include "store/rollup.h"

/* From the query. False: reply is a refusal. */
bool list_login_cursor(const struct request *request, struct login_cursor *cursor,
                       struct reply *reply) MUST_USE;
bool list_rollup_cursor(const struct request *request, struct rollup_cursor *cursor,
                        struct reply *reply) MUST_USE;

/* The member "next": the cursor, or null when there is no more. */
void list_next_login(struct json_writer *json, const struct login_cursor *cursor, bool more);

/* Of names or addresses: a list's state, or its first member. busiest NULL: by `listing`. The state
 * is the context of `give`. */
struct list_rollups {
    struct rollup_cursor cursor;
    struct list_page *page;
};
bool list_read_rollups(struct list_rollups *rollups, struct list_page *page,
                       const struct rollup_range *busiest, const struct rollup_listing *listing,
                       rollup_row_visitor *give) MUST_USE;
void list_write_next_rollup(const void *state, struct list_page *page);

/*
 * Of rows that are numbered, the newest first: a list's state, or its first member. A page begins
 * with list_page_numbered(); it reads one row more than page->limit, where there is one.
 */
struct list_numbered {
    int64_t before;
    struct list_page *page;
    size_t left;
};
bool list_begin_numbered(const struct request *request, struct list_numbered *numbered,
                         struct reply *reply) MUST_USE;
void list_page_numbered(struct list_numbered *numbered, struct list_page *page);
bool list_give_numbered(struct list_numbered *numbered, int64_t number,
                        const struct list_item *item) MUST_USE;
void list_write_next_number(const void *state, struct list_page *page);

#endif
