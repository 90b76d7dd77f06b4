/*
 * Who users are to this machine, for those who must not wait: what its name service said is
 * remembered for a while, and what it has not said yet is asked for as a chore. Thread-safe.
 */
#ifndef DASHBOARD_ACCOUNTS_H
#define DASHBOARD_ACCOUNTS_H

#include "common/account.h"
#include "dashboard/chores.h"
#include "dashboard/reply.h"
#include "scorer/login_event.h"

#define ACCOUNTS_KEPT   4096
#define ACCOUNTS_KEPT_S 60

struct accounts;
struct inquiry; /* some users who are being asked about */

/* A user, and what was said. */
struct asked_account {
    char user[LOGIN_USER_BYTES];
    bool is_known; /* the rest is set */
    bool is_root;
    char group[ACCOUNT_GROUP_NAME_BYTES]; /* the first of the groups asked about; "": none */
};

struct accounts *accounts_create(struct chores *chores); /* NULL: no memory */
void accounts_destroy(struct accounts *accounts);        /* after the chores; NULL is none */

/* Sets what is remembered of account->user and of these groups, words between blanks. */
void accounts_recall(struct accounts *accounts, const char *groups, struct asked_account *account);

/*
 * Asks about those that are not known yet, in the background. The waker is woken when
 * inquiry_is_answered(). NULL: too many wait, or no memory.
 */
struct inquiry *accounts_ask(struct accounts *accounts, const char *groups,
                             const struct asked_account *asked, size_t count);
struct reply_waker *inquiry_waker(struct inquiry *inquiry);

/* All are known then: those of `asked`, in their order. */
bool inquiry_is_answered(struct inquiry *inquiry, struct asked_account *asked);

/* Gives it up, answered or not. */
void inquiry_drop(struct inquiry *inquiry);

#endif
