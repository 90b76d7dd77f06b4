#include "trainer/exempt_logins.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exemptions.h"
#include "common/hash.h"

#define FIRST_GROUPS 64

struct account {
    bool exempt, is_root;
};

struct gathering {
    struct exempt_logins *exempt;
    int64_t now_s;
    bool failed;
};

static bool gather(void *context, const struct exemption *exemption)
{
    struct gathering *gathering = context;
    struct exempt_logins *exempt = gathering->exempt;

    if (exemption->until_s <= gathering->now_s)
        return true;
    struct exemption *grown =
        reallocarray(exempt->temporary, exempt->temporary_count + 1, sizeof *grown);
    gathering->failed = grown == NULL;
    if (grown == NULL)
        return false;
    exempt->temporary = grown;
    exempt->temporary[exempt->temporary_count++] = *exemption;
    return true;
}

bool exempt_logins_init(struct exempt_logins *exempt, const struct config *config, int64_t now_s,
                        struct error *error)
{
    struct gathering gathering = {.exempt = exempt, .now_s = now_s};

    *exempt = (struct exempt_logins){.config = config};
    key_table_init(&exempt->users, sizeof(struct account));
    if (!exemptions_visit(config->exemptions, geteuid(), gather, &gathering, error) ||
        !exemptions_visit_store(config->store, gather, &gathering, error))
        return false;
    return !gathering.failed ||
           error_set_errno(error, FAULT_CONFIG, ENOMEM, "cannot keep the exemptions");
}

void exempt_logins_finish(struct exempt_logins *exempt)
{
    free(exempt->temporary);
    key_table_finish(&exempt->users);
    exempt->temporary = NULL;
}

static bool is_in_exempt_group(const struct config *config, const struct passwd *account)
{
    int count = FIRST_GROUPS;
    gid_t first[FIRST_GROUPS], *groups = first, *more = NULL;
    bool found = false;

    if (getgrouplist(account->pw_name, account->pw_gid, groups, &count) < 0 && count > 0) {
        more = reallocarray(NULL, (size_t)count, sizeof *more);
        if (more == NULL || getgrouplist(account->pw_name, account->pw_gid, more, &count) < 0)
            count = 0;
        groups = more;
    }
    for (int i = 0; i < count && !found; i++) {
        const struct group *group = getgrgid(groups[i]);
        found = group != NULL && config_list_has(config->exempt_groups, group->gr_name);
    }
    free(more);
    return found;
}

static struct account ask_machine(const struct config *config, const char *user)
{
    const struct passwd *account = getpwnam(user);

    if (account == NULL)
        return (struct account){.is_root = strcmp(user, "root") == 0};
    struct account found = {.is_root = account->pw_uid == 0};
    if (config->exempt_groups[0] != '\0')
        found.exempt = is_in_exempt_group(config, account);
    return found;
}

/* A table that does not grow only makes it ask again. */
static struct account find_account(struct exempt_logins *exempt, const char *user)
{
    struct error error = ERROR_NONE;
    bool added = false;
    struct account *known = key_table_add(&exempt->users, hash_text(user), &added, &error);

    if (known != NULL && !added)
        return *known;
    struct account found = ask_machine(exempt->config, user);
    if (known != NULL)
        *known = found;
    return found;
}

static bool is_exempt_for_now(const struct exempt_logins *exempt, const struct login_event *event)
{
    for (size_t i = 0; i < exempt->temporary_count; i++) {
        const struct exemption *exemption = &exempt->temporary[i];
        if (exemption->is_network ? config_networks_contain(exemption->subject, &event->source)
                                  : strcmp(exemption->subject, event->user) == 0)
            return true;
    }
    return false;
}

void exempt_logins_ask(struct exempt_logins *exempt, const struct stored_login *login,
                       struct policy_facts *facts)
{
    const struct login_event *event = &login->record.event;
    struct account account = {.is_root = strcmp(event->user, "root") == 0};

    if (login->reached >= STAGE_ACCEPTED)
        account = find_account(exempt, event->user);
    facts->is_root = account.is_root;
    facts->exempt = account.exempt || config_list_has(exempt->config->exempt_users, event->user) ||
                    config_networks_contain(exempt->config->exempt_networks, &event->source) ||
                    is_exempt_for_now(exempt, event);
}
