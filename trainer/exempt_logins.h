/* Who the configuration spares, asked of logins of the past as the PAM module asks it of one. */
#ifndef TRAINER_EXEMPT_LOGINS_H
#define TRAINER_EXEMPT_LOGINS_H

#include "common/exempt.h"
#include "scorer/policy.h"
#include "store/store.h"
#include "trainer/key_table.h"

struct exempt_logins {
    const struct config *config;
    struct exemption_list command, dashboard;
    int64_t now_s;
    struct key_table users; /* what the machine says of a user */
};

/* config must outlive it. */
bool exempt_logins_init(struct exempt_logins *exempt, const struct config *config, int64_t now_s,
                        struct error *error) MUST_USE;
void exempt_logins_finish(struct exempt_logins *exempt);

/*
 * Sets facts->exempt and facts->is_root. Accounts and groups are those of this machine now; they
 * are asked for users who got in, others are known by their name alone.
 */
void exempt_logins_ask(struct exempt_logins *exempt, const struct stored_login *login,
                       struct policy_facts *facts);

#endif
