/* Who is exempt, and by which rule: one reading for a login, its check, predictions and replays. */
#ifndef COMMON_EXEMPT_H
#define COMMON_EXEMPT_H

#include "common/config.h"
#include "common/exemption_list.h"

/* EXEMPT_KIND(symbol, name) */
#define EXEMPT_KINDS                                                                               \
    EXEMPT_KIND(USER, "user")                                                                      \
    EXEMPT_KIND(NETWORK, "network")                                                                \
    EXEMPT_KIND(GROUP, "group")

/* EXEMPT_FROM(symbol, name): whose word it is */
#define EXEMPT_ORIGINS                                                                             \
    EXEMPT_FROM(CONFIGURATION, "configuration")                                                    \
    EXEMPT_FROM(COMMAND, "command") /* anomalyctl allow */                                         \
    EXEMPT_FROM(DASHBOARD, "dashboard")

enum exempt_kind {
    EXEMPT_NOT,
#define EXEMPT_KIND(symbol, name) EXEMPT_##symbol,
    EXEMPT_KINDS
#undef EXEMPT_KIND
};

enum exempt_from {
#define EXEMPT_FROM(symbol, name) EXEMPT_BY_##symbol,
    EXEMPT_ORIGINS
#undef EXEMPT_FROM
        EXEMPT_FROM_COUNT
};

enum exempt_kind exemption_kind(const struct exemption *exemption); /* USER or NETWORK */
const char *exempt_kind_name(enum exempt_kind kind);                /* NULL of EXEMPT_NOT */
const char *exempt_from_name(enum exempt_from from);

struct exempt_rule {
    enum exempt_kind kind; /* EXEMPT_NOT: nothing else is set */
    enum exempt_from from;
    char subject[sizeof(((struct exemption *)0)->subject)];
    int64_t until_s; /* UTC; 0: without an end */
};

/* Whether the user whose login it is belongs to a group. */
typedef bool exempt_membership(void *context, const char *user, const char *group);

/* Where it is looked for, in this order; NULL: not there. */
struct exempt_sources {
    const struct config *config; /* its users and networks */
    const struct exemption_list *command;
    const struct exemption_list *dashboard;
    const char *groups; /* of the configuration */
    exempt_membership *is_member;
    void *context;
};

/* The first rule that holds for a login at that time. */
bool exempt_find(const struct exempt_sources *sources, const char *user,
                 const struct ip_address *address, int64_t now_s, struct exempt_rule *rule);

#endif
