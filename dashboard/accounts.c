#include "dashboard/accounts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/hash.h"

struct remembered {
    uint64_t key; /* of user and groups; 0: free */
    int64_t until_us;
    struct asked_account account;
};

struct accounts {
    pthread_mutex_t lock;
    struct chores *chores;
    struct remembered remembered[ACCOUNTS_KEPT];
};

struct inquiry {
    struct accounts *accounts;
    struct reply_waker waker;
    bool answered;
    bool dropped; /* nobody waits for it any more: who asks frees it */
    char groups[CONFIG_LIST_BYTES];
    size_t count;
    struct asked_account asked[];
};

struct accounts *accounts_create(struct chores *chores)
{
    struct accounts *accounts = calloc(1, sizeof(*accounts));

    if (accounts == NULL)
        return NULL;
    accounts->chores = chores;
    pthread_mutex_init(&accounts->lock, NULL);
    return accounts;
}

void accounts_destroy(struct accounts *accounts)
{
    if (accounts == NULL)
        return;
    pthread_mutex_destroy(&accounts->lock);
    free(accounts);
}

static struct remembered *slot_of(struct accounts *accounts, const char *groups, const char *user,
                                  uint64_t *key)
{
    *key = hash_text(user) * 31 + hash_text(groups);
    return &accounts->remembered[*key % ACCOUNTS_KEPT];
}

void accounts_recall(struct accounts *accounts, const char *groups, struct asked_account *account)
{
    uint64_t key;
    const struct remembered *slot = slot_of(accounts, groups, account->user, &key);

    pthread_mutex_lock(&accounts->lock);
    if (slot->key == key && slot->until_us > clock_monotonic_us() &&
        strcmp(slot->account.user, account->user) == 0)
        *account = slot->account;
    pthread_mutex_unlock(&accounts->lock);
}

static void remember(struct accounts *accounts, const char *groups,
                     const struct asked_account *account)
{
    uint64_t key;
    struct remembered *slot = slot_of(accounts, groups, account->user, &key);

    pthread_mutex_lock(&accounts->lock);
    slot->key = key;
    slot->until_us = clock_monotonic_us() + ACCOUNTS_KEPT_S * US_PER_S;
    slot->account = *account;
    pthread_mutex_unlock(&accounts->lock);
}

static void ask_machine(const char *groups, struct asked_account *asked)
{
    struct account account;

    account_find(asked->user, groups[0] != '\0', &account);
    asked->is_root = account.is_root;
    if (!account_is_in_one(&account, groups, asked->group))
        asked->group[0] = '\0';
    asked->is_known = true;
}

static bool is_dropped(struct inquiry *inquiry)
{
    pthread_mutex_lock(&inquiry->accounts->lock);
    bool dropped = inquiry->dropped;
    pthread_mutex_unlock(&inquiry->accounts->lock);
    return dropped;
}

/* A chore. What it learned is remembered even when nobody waits for it any more. */
static void inquire(void *context)
{
    struct inquiry *inquiry = context;
    struct accounts *accounts = inquiry->accounts;

    for (size_t i = 0; i < inquiry->count && !is_dropped(inquiry); i++) {
        struct asked_account *asked = &inquiry->asked[i];

        if (!asked->is_known)
            accounts_recall(accounts, inquiry->groups, asked);
        if (asked->is_known)
            continue;
        ask_machine(inquiry->groups, asked);
        remember(accounts, inquiry->groups, asked);
    }
    pthread_mutex_lock(&accounts->lock);
    bool dropped = inquiry->dropped;
    inquiry->answered = true;
    if (!dropped)
        reply_wake(&inquiry->waker);
    pthread_mutex_unlock(&accounts->lock);
    if (dropped)
        free(inquiry);
}

struct inquiry *accounts_ask(struct accounts *accounts, const char *groups,
                             const struct asked_account *asked, size_t count)
{
    struct inquiry *inquiry = calloc(1, sizeof(*inquiry) + count * sizeof(*asked));

    if (inquiry == NULL)
        return NULL;
    inquiry->accounts = accounts;
    inquiry->count = count;
    memcpy(inquiry->asked, asked, count * sizeof(*asked));
    memcpy(inquiry->groups, groups, strlen(groups) + 1);
    if (chores_add(accounts->chores, inquire, inquiry))
        return inquiry;
    free(inquiry);
    return NULL;
}

struct reply_waker *inquiry_waker(struct inquiry *inquiry)
{
    return &inquiry->waker;
}

bool inquiry_is_answered(struct inquiry *inquiry, struct asked_account *asked)
{
    pthread_mutex_lock(&inquiry->accounts->lock);
    bool answered = inquiry->answered;
    if (answered)
        memcpy(asked, inquiry->asked, inquiry->count * sizeof(*asked));
    pthread_mutex_unlock(&inquiry->accounts->lock);
    return answered;
}

void inquiry_drop(struct inquiry *inquiry)
{
    struct accounts *accounts = inquiry->accounts;
    bool is_over = chores_cancel(accounts->chores, inquiry);

    if (!is_over) {
        pthread_mutex_lock(&accounts->lock);
        inquiry->dropped = true;
        is_over = inquiry->answered;
        pthread_mutex_unlock(&accounts->lock);
    }
    if (is_over)
        free(inquiry);
}
