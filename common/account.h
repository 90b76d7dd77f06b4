/*
 * Who somebody is to this machine, as its name service says, which may be a directory service far
 * away: each call may take its time. Thread-safe.
 */
#ifndef COMMON_ACCOUNT_H
#define COMMON_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ACCOUNT_GROUPS_MAX       1024
#define ACCOUNT_GROUP_NAME_BYTES 256

struct account {
    bool is_root;    /* the name is root or its uid is 0 */
    int group_count; /* 0 also when there is no such user */
    gid_t groups[ACCOUNT_GROUPS_MAX];
};

/* with_groups: otherwise they are not asked for. Nobody of that name is in no group. */
void account_find(const char *user, bool with_groups, struct account *account);

/* Whether a group of that name is one of them. */
bool account_is_in(const struct account *account, const char *group);

/* The first of these groups, words between blanks, that is one of them; false: none. */
bool account_is_in_one(const struct account *account, const char *groups,
                       char group[ACCOUNT_GROUP_NAME_BYTES]);

#endif
