#include "store/alert_groups.h"

#include "common/account.h"
#include "common/clock.h"
#include "common/hash.h"

static bool ask_machine(const char *user, const char *groups)
{
    char group[ACCOUNT_GROUP_NAME_BYTES];
    struct account account;

    account_find(user, true, &account);
    return account_is_in_one(&account, groups, group);
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
