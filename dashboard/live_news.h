/*
 * What is new in a store since the last look, as server-sent events: logins that came or changed
 * among the latest, alerts, labels, and whether the store can be read. One thread's.
 */
#ifndef DASHBOARD_LIVE_NEWS_H
#define DASHBOARD_LIVE_NEWS_H

#include "check/kept.h"
#include "dashboard/live.h"

/* As much of a login as tells that it changed. */
struct seen_login {
    struct login_id id;
    enum login_stage reached;
    int8_t label;
};

struct live_news {
    const struct config *config; /* of which the store stays */
    /* An event; takes the text, which free() frees. verdict: of its login, else the highest. */
    void (*tell)(void *context, char *text, size_t size, enum verdict verdict);
    void *context;

    /* its own; zeros at first */
    struct check_kept kept;
    struct seen_login seen[2][LIVE_LOGINS]; /* the latest logins, then and now */
    size_t seen_count[2];
    int now;                           /* which of the two */
    int64_t last_alert, last_decision; /* the newest that were told of */
    bool looked;
    bool store_fails;
};

/*
 * Tells what is new, the oldest first; the first look only learns what is there, and tells that the
 * store can be read. One that cannot is told of once, and looked at again. What there is no memory
 * for is as what was missed.
 */
void live_news_look(struct live_news *news);

/* The next look is a first one again. */
void live_news_begin_anew(struct live_news *news);

/* Closes what is kept open. */
void live_news_finish(struct live_news *news);

#endif
