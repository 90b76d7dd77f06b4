#include "dashboard/effect.h"

#include "common/hash.h"

static void count_user(struct effect *effect, const char *name)
{
    uint64_t key = hash_text(name) | 1;
    size_t at = (size_t)(key >> 1) % (EFFECT_USERS + 1);

    while (effect->user[at] != 0 && effect->user[at] != key)
        at = (at + 1) % (EFFECT_USERS + 1);
    if (effect->user[at] == key || effect->users == EFFECT_USERS)
        return;
    effect->user[at] = key;
    effect->users++;
}

static bool add_login(void *context, const struct stored_login *login, bool later)
{
    struct effect *effect = context;

    (void)later;
    effect->logins++;
    effect->step_ups += login->record.assessment.verdict == VERDICT_STEP_UP;
    effect->denials += login->record.assessment.verdict == VERDICT_DENY;
    count_user(effect, login->record.event.user);
    if (effect->examples < EFFECT_EXAMPLES)
        effect->example[effect->examples++] = *login;
    return true;
}

bool effect_read(struct store *store, const struct exemption *exemption, int64_t since_us,
                 struct effect *effect, struct error *error)
{
    struct login_page_filter filter;
    struct login_cursor cursor = {.set = false};
    struct ip_network network;
    bool more = true;

    login_page_filter_init(&filter);
    filter.at_least = VERDICT_STEP_UP;
    filter.since_us = since_us;
    filter.order = ORDER_NEWEST;
    if (exemption->is_network && !ip_network_parse(exemption->subject, &network, error))
        return false;
    if (exemption->is_network)
        filter.network = &network;
    else
        filter.user = exemption->subject;
    for (int pages = 0; more && pages < EFFECT_PAGES; pages++) {
        if (!store_login_page(store, &filter, LOGIN_PAGE_MOST, &cursor, &more, add_login, effect,
                              error))
            return false;
    }
    effect->complete = !more;
    return true;
}
