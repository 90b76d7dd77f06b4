/*
 * Pages of logins, however many there are: by a filter, in an order, from a cursor on. A page looks
 * at a bounded number of rows. When those that fit are rare it is short, or empty, and *more says
 * that it goes on; of a user or an address in another order than time's, it is of the newest 1000
 * alone. Logins that come in meanwhile neither move nor repeat those of later pages.
 */
#ifndef STORE_LOGIN_PAGE_H
#define STORE_LOGIN_PAGE_H

#include "store/login_list.h"

enum login_order {
    ORDER_NEWEST,
    ORDER_OLDEST,
    ORDER_RISK,     /* those at or above log alone: those that got in first, then by risk */
    ORDER_BYTES,    /* closed sessions, the largest first */
    ORDER_DURATION, /* closed sessions, the longest first */
    ORDER_OPENED,   /* sessions, the last opened first */
};

enum login_triage { TRIAGE_ANY, TRIAGE_WAITING, TRIAGE_LATER }; /* later: only those put off */

#define FILTER_ANY (-2) /* for `label`, where LABEL_NONE is a choice; others take -1 too */

/* login_page_filter_init() leaves everything open. */
struct login_page_filter {
    const char *user, *host, *service; /* NULL: all */
    const struct ip_address *source;   /* NULL: all */
    const struct ip_network *network;  /* NULL: all */
    int method, reached, label;        /* enums; FILTER_ANY: all */
    enum verdict at_least;             /* above VERDICT_ALLOW: assessed logins alone */
    int open;                          /* 1: open sessions, 0: closed ones */
    enum login_triage triage;          /* other than ANY: only with ORDER_RISK */
    int64_t since_us, until_us;        /* until_us 0: no end */
    enum login_order order;
};

void login_page_filter_init(struct login_page_filter *filter);

/* Behind the login with that key, which stands at that value of its order. */
struct login_cursor {
    bool set; /* false: at the beginning */
    int64_t value, key;
};

/* later: it is put off. May look up single logins, no other page. Return false to stop (not an
 * error). */
typedef bool login_page_visitor(void *context, const struct stored_login *login, bool later);

/* At most `limit`, up to LOGIN_PAGE_MOST. The cursor then stands behind the last one looked at. */
#define LOGIN_PAGE_MOST 500
bool store_login_page(struct store *store, const struct login_page_filter *filter, size_t limit,
                      struct login_cursor *cursor, bool *more, login_page_visitor *visit,
                      void *context, struct error *error) MUST_USE;

/* The user's last completed login before this one. *found is false when there is none near. */
bool store_previous_login(struct store *store, const struct stored_login *login,
                          struct stored_login *previous, bool *found, struct error *error) MUST_USE;

/* The login with that key. */
bool store_login_by_key(struct store *store, int64_t key, struct stored_login *login, bool *found,
                        struct error *error) MUST_USE;

#endif
