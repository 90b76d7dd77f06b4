#include "trainer/exempt_logins.h"

#include <string.h>
#include <unistd.h>

#include "common/account.h"
#include "common/hash.h"

/* What is remembered of a user. */
struct known_user {
    bool in_exempt_group, is_root;
};

bool exempt_logins_init(struct exempt_logins *exempt, const struct config *config, int64_t now_s,
                        struct error *error)
{
    *exempt = (struct exempt_logins){.config = config, .now_s = now_s};
    key_table_init(&exempt->users, sizeof(struct known_user));
    return exemption_list_refresh(&exempt->command, config->exemptions, geteuid(), error) &&
           exemption_list_refresh_store(&exempt->dashboard, config->store, error);
}

void exempt_logins_finish(struct exempt_logins *exempt)
{
    exemption_list_finish(&exempt->command);
    exemption_list_finish(&exempt->dashboard);
    key_table_finish(&exempt->users);
}

static struct known_user ask_machine(const struct config *config, const char *user)
{
    char group[ACCOUNT_GROUP_NAME_BYTES];
    struct account account;

    account_find(user, config->exempt_groups[0] != '\0', &account);
    return (struct known_user){.in_exempt_group =
                                   account_is_in_one(&account, config->exempt_groups, group),
                               .is_root = account.is_root};
}

/* A table that does not grow only makes it ask again. */
static struct known_user find_user(struct exempt_logins *exempt, const char *user)
{
    struct error error = ERROR_NONE;
    bool added = false;
    struct known_user *known = key_table_add(&exempt->users, hash_text(user), &added, &error);

    if (known != NULL && !added)
        return *known;
    struct known_user found = ask_machine(exempt->config, user);
    if (known != NULL)
        *known = found;
    return found;
}

void exempt_logins_ask(struct exempt_logins *exempt, const struct stored_login *login,
                       struct policy_facts *facts)
{
    const struct login_event *event = &login->record.event;
    const struct exempt_sources sources = {
        .config = exempt->config, .command = &exempt->command, .dashboard = &exempt->dashboard};
    struct known_user known = {.is_root = strcmp(event->user, "root") == 0};
    struct exempt_rule rule;

    if (login->reached >= STAGE_ACCEPTED)
        known = find_user(exempt, event->user);
    facts->is_root = known.is_root;
    facts->exempt = known.in_exempt_group ||
                    exempt_find(&sources, event->user, &event->source, exempt->now_s, &rule);
}
