/* Single logins that a page shows beside its own. */
#include <stdio.h>

#include "store/login_page_parts.h"

#define NEAR_LOGINS 50 /* of a user, among which the previous one is looked for */

bool store_login_by_key(struct store *store, int64_t key, struct stored_login *login, bool *found,
                        struct error *error)
{
    struct login_page_filter all;
    struct page page = {.store = store, .filter = &all, .error = error};
    struct login_row row;

    login_page_filter_init(&all);
    if (!page_get_row(&page, key, &row, found))
        return false;
    if (*found)
        *login = row.login;
    return true;
}

/* Who was only ever guessed at has no session to look for. */
static bool ever_got_in(struct store *store, const char *user, bool *ever, struct error *error)
{
    struct rollup_subject subject = {.kind = ROLLUP_USER};
    struct rollup counts;
    bool found;

    *ever = true;
    if (!store_has_rollups(store))
        return true;
    snprintf(subject.user, sizeof(subject.user), "%s", user);
    if (!store_seen_find(store, &subject, &counts, &found, error))
        return false;
    *ever = !found || counts.successes > 0;
    return true;
}

bool store_previous_login(struct store *store, const struct stored_login *login,
                          struct stored_login *previous, bool *found, struct error *error)
{
    const struct login_event *event = &login->record.event;
    struct login_page_filter filter;
    struct page page = {.store = store, .filter = &filter, .error = error};
    sqlite3_stmt *statement;
    struct login_row row, own;
    bool done, fits;
    int looks = 0;

    login_page_filter_init(&filter);
    filter.user = event->user;
    *found = false;
    if (!ever_got_in(store, event->user, &done, error))
        return false;
    if (!done)
        return true;
    if (!login_row_find(store, &event->id, &own, &fits, error))
        return false;
    page.last_key = fits ? own.key - 1 : login_key_at(event->time_us) - 1;
    statement = page_key_statement(&page);
    done = statement != NULL;
    while (done && !*found && looks++ < NEAR_LOGINS && sqlite3_step(statement) == SQLITE_ROW) {
        done = page_get_row(&page, sqlite3_column_int64(statement, 0), &row, &fits);
        *found = done && fits && row.login.opened_us > 0;
    }
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    if (*found)
        *previous = row.login;
    return done;
}
