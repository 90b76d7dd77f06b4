/* Who the service runs as, and the directory that is its own. */
#ifndef DASHBOARD_IDENTITY_H
#define DASHBOARD_IDENTITY_H

#include "common/config.h"
#include "dashboard/role.h"

#define DIRECTORY_PATH_BYTES (CONFIG_TEXT_BYTES + 16)

/*
 * Makes STORE/dashboard when it is missing: the store's group may write there. As root, becomes for
 * good the user of dashboard_user with the store's group or, when there is no such user, the
 * store's owner. *root: it is root all the same, because the store is root's.
 */
bool identity_become(const struct config *config, char directory[DIRECTORY_PATH_BYTES], bool *root,
                     struct error *error) MUST_USE;

/* Names of groups, "" for none. */
struct role_groups {
    char analysts[CONFIG_TEXT_BYTES], viewers[CONFIG_TEXT_BYTES];
};

struct role_groups role_groups_of(const struct config *config);

/*
 * What a user may do by his groups, analysts before viewers; ROLE_NONE also when there is no such
 * user. Asks the machine's name service, which may take its time.
 */
enum role identity_role(const struct role_groups *groups, const char *user);

#endif
