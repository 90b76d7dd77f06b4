/* What somebody may do. */
#ifndef DASHBOARD_ROLE_H
#define DASHBOARD_ROLE_H

#include "common/error.h"

/* ROLE(symbol, name): each may do all that those before it may. */
#define ROLES                                                                                      \
    ROLE(NONE, "none") /* everybody who can connect */                                             \
    ROLE(VIEWER, "viewer")                                                                         \
    ROLE(ANALYST, "analyst")

enum role {
#define ROLE(symbol, name) ROLE_##symbol,
    ROLES
#undef ROLE
};

const char *role_name(enum role role);

/* A role that somebody can have: not "none". */
bool role_parse(const char *name, enum role *role) MUST_USE;

#endif
