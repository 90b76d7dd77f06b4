#include "store/alert_groups.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/hash.h"

#define FIRST_GROUPS 64

static bool is_listed(const gid_t *ids, int count, const char *groups)
{
    for (int i = 0; i < count; i++) {
        const struct group *group = getgrgid(ids[i]);

        if (group && config_list_has(groups, group->gr_name))
            return true;
    }
    return false;
}

static bool ask_machine(const char *user, const char *groups)
{
    const struct passwd *account = getpwnam(user);
    gid_t first[FIRST_GROUPS], *more;
    int count = FIRST_GROUPS;
    bool member;

    if (!account)
        return false;
    if (getgrouplist(account->pw_name, account->pw_gid, first, &count) >= 0)
        return is_listed(first, count, groups);
    more = count > 0 ? reallocarray(NULL, (size_t)count, sizeof(*more)) : NULL;
    member = more && getgrouplist(account->pw_name, account->pw_gid, more, &count) >= 0 &&
             is_listed(more, count, groups);
    free(more);
    return member;
}

bool alert_groups_have(void *context, const char *user, const char *groups)
{
    struct alert_groups *remembered = context;
    uint64_t key = hash_text(user) * 31 + hash_text(groups);
    int64_t now_us = clock_monotonic_us();
    size_t slot = key % ALERT_GROUPS_KEPT;

    if (remembered->kept[slot].key != key || remembered->kept[slot].until_us <= now_us) {
        remembered->kept[slot].member = ask_machine(user, groups);
        remembered->kept[slot].key = key;
        remembered->kept[slot].until_us = now_us + ALERT_GROUPS_KEPT_S * US_PER_S;
    }
    return remembered->kept[slot].member;
}
