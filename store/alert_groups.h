/*
 * Who is in which group, as the machine says; what it said is remembered for a while, for a
 * directory service may take long to answer. Never in the login's path.
 */
#ifndef STORE_ALERT_GROUPS_H
#define STORE_ALERT_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#define ALERT_GROUPS_KEPT   4096
#define ALERT_GROUPS_KEPT_S 300

/* Zeros: nothing is remembered yet. */
struct alert_groups {
    struct {
        uint64_t key; /* of user and groups; 0: free */
        int64_t until_us;
        bool member;
    } kept[ALERT_GROUPS_KEPT];
};

/* An alert_membership (alert.h); context: a struct alert_groups. */
bool alert_groups_have(void *context, const char *user, const char *groups);

#endif
