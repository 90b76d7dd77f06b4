/* What an exception would have let through, had it been there. */
#ifndef DASHBOARD_EFFECT_H
#define DASHBOARD_EFFECT_H

#include "common/exemptions.h"
#include "store/login_page.h"

#define EFFECT_EXAMPLES 20
#define EFFECT_USERS    4095 /* names that are told apart */
#define EFFECT_PAGES    10   /* of logins that are looked at */

struct effect {
    int64_t logins, step_ups, denials, users;
    bool complete; /* false: there are more than were looked at */
    size_t examples;
    struct stored_login example[EFFECT_EXAMPLES]; /* the latest */
    uint64_t user[EFFECT_USERS + 1];              /* hashes, by open addressing; 0: free */
};

/*
 * The logins since then of that user or network that were judged VERDICT_STEP_UP or worse, as far
 * as EFFECT_PAGES go. *effect begins as zeros.
 */
bool effect_read(struct store *store, const struct exemption *exemption, int64_t since_us,
                 struct effect *effect, struct error *error) MUST_USE;

#endif
