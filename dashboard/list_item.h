/* One row of a list, as it is read; of its list's members only, the others NULL. */
#ifndef DASHBOARD_LIST_ITEM_H
#define DASHBOARD_LIST_ITEM_H

#include "common/exempt.h"
#include "store/alert.h"
#include "store/decision.h"
#include "store/rollup.h"

/* The user's login before, and the way from there. */
struct login_before {
    bool found;
    struct stored_login login;
    bool located; /* both places are known, and so are: */
    double km, hours, kmh;
};

struct user_entry {
    const char *name;
    int64_t learned_logins, first_us, last_us;
    struct rollup month; /* of 30 days */
};

struct source_entry {
    const struct ip_address *ip;
    struct place place;
    int64_t attempts, failures; /* of the range that was asked for */
    int64_t names, first_us, last_us;
};

struct exception_entry {
    enum exempt_kind kind;
    const char *subject;
    int64_t until_us;     /* 0: for ever */
    const char *by, *why; /* NULL: that is not kept */
    enum exempt_from from;
    int64_t looked_at_us;
};

/* Of an analysis: as anomaly-trainer wrote it. */
struct scored_row {
    const char *time, *user, *ip, *verdict, *reasons; /* "": not known */
    double risk;
};

struct list_item {
    const struct stored_login *login;
    const struct login_before *before; /* of one in the queue */
    bool later;                        /* likewise: it is put off */
    const struct user_entry *user;
    const struct source_entry *source;
    const struct alert *alert;
    const struct decision *decision;
    const struct exception_entry *exception;
    const struct scored_row *scored;
};

#endif
