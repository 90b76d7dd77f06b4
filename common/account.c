#include "common/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* Of an entry with its texts; a group's has the names of all its members. */
#define USER_BYTES        (64 << 10)
#define GROUP_BYTES       (64 << 10)
#define GROUP_BYTES_LIMIT (64 << 20)

void account_find(const char *user, bool with_groups, struct account *account)
{
    struct passwd entry, *found = NULL;
    char *room = malloc(USER_BYTES);

    account->is_root = strcmp(user, "root") == 0;
    account->group_count = 0;
    if (room != NULL && getpwnam_r(user, &entry, room, USER_BYTES, &found) == 0 && found != NULL) {
        account->is_root |= found->pw_uid == 0;
        account->group_count = with_groups ? ACCOUNT_GROUPS_MAX : 0;
        if (with_groups &&
            getgrouplist(found->pw_name, found->pw_gid, account->groups, &account->group_count) < 0)
            account->group_count = ACCOUNT_GROUPS_MAX;
    }
    free(room);
}

static bool find_group(const char *name, gid_t *id)
{
    struct group entry, *found = NULL;
    int status = ERANGE;

    for (size_t bytes = GROUP_BYTES; status == ERANGE && bytes <= GROUP_BYTES_LIMIT; bytes *= 4) {
        char *room = malloc(bytes);

        if (room == NULL)
            return false;
        status = getgrnam_r(name, &entry, room, bytes, &found);
        if (found != NULL)
            *id = found->gr_gid;
        free(room);
    }
    return found != NULL;
}

bool account_is_in(const struct account *account, const char *group)
{
    gid_t id;

    if (account->group_count == 0 || group[0] == '\0' || !find_group(group, &id))
        return false;
    for (int i = 0; i < account->group_count; i++) {
        if (account->groups[i] == id)
            return true;
    }
    return false;
}

bool account_is_in_one(const struct account *account, const char *groups,
                       char group[ACCOUNT_GROUP_NAME_BYTES])
{
    for (const char *at = groups; *at != '\0';) {
        size_t length = strcspn(at, " ");

        if (length < ACCOUNT_GROUP_NAME_BYTES) {
            memcpy(group, at, length);
            group[length] = '\0';
            if (account_is_in(account, group))
                return true;
        }
        at += length;
        at += strspn(at, " ");
    }
    return false;
}
