#include "dashboard/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/account.h"
#include "common/trusted_file.h"
#include "store/word.h"

/* The directory with its mode; the descriptor is the caller's, -1 when it was there already. */
static bool make_and_open(const char *path, int *descriptor, struct error *error)
{
    struct stat facts;

    *descriptor = -1;
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST ||
               error_set_errno(error, FAULT_STORE, errno, "cannot make %s", path);
    *descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Files made there are the store's group's. */
    if (*descriptor >= 0 && fstat(*descriptor, &facts) == 0 && facts.st_uid == geteuid() &&
        fchmod(*descriptor, 02770) == 0)
        return true;
    error_set_errno(error, FAULT_STORE, errno, "cannot set the mode of %s", path);
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
    return false;
}

/*
 * Made by the store's owner, who may do as he likes there, and then given to the user: what was
 * opened, not what has the name by then. A directory that is there stays as it is.
 */
static bool make_directory(const char *path, uid_t owner, gid_t group, uid_t user,
                           struct error *error)
{
    bool root = geteuid() == 0, done;
    int descriptor;

    if (root && (setegid(group) != 0 || seteuid(owner) != 0))
        return error_set_errno(error, FAULT_STORE, errno, "cannot become the store's owner");
    done = make_and_open(path, &descriptor, error);
    if (root && (seteuid(0) != 0 || setegid(0) != 0))
        done = error_set_errno(error, FAULT_STORE, errno, "cannot become root again");
    if (done && root && descriptor >= 0 && fchown(descriptor, user, (gid_t)-1) != 0)
        done = error_set_errno(error, FAULT_STORE, errno, "cannot give %s away", path);
    if (descriptor >= 0)
        close(descriptor);
    return done;
}

static bool become(uid_t user, gid_t group, struct error *error)
{
    if (setgroups(1, &group) == 0 && setresgid(group, group, group) == 0 &&
        setresuid(user, user, user) == 0)
        return true;
    return error_set_errno(error, FAULT_CONFIG, errno, "cannot give up root");
}

bool identity_become(const struct config *config, char directory[DIRECTORY_PATH_BYTES], bool *root,
                     struct error *error)
{
    int descriptor;
    uid_t owner, user;
    gid_t group;

    *root = false;
    snprintf(directory, DIRECTORY_PATH_BYTES, "%s/" WORD_DIRECTORY, config->store);
    if (geteuid() != 0)
        return make_directory(directory, geteuid(), getegid(), geteuid(), error);
    if (!trusted_directory_open(config->store, ANY_OWNER, FAULT_STORE, &descriptor, &owner, &group,
                                error))
        return false;
    close(descriptor);
    const struct passwd *entry = getpwnam(config->dashboard_user);
    user = entry != NULL ? entry->pw_uid : owner;
    *root = user == 0;
    return make_directory(directory, owner, group, user, error) &&
           (*root || become(user, group, error));
}

struct role_groups role_groups_of(const struct config *config)
{
    struct role_groups groups;

    memcpy(groups.analysts, config->dashboard_analysts, sizeof(groups.analysts));
    memcpy(groups.viewers, config->dashboard_viewers, sizeof(groups.viewers));
    return groups;
}

enum role identity_role(const struct role_groups *groups, const char *user)
{
    struct account account;

    account_find(user, true, &account);
    if (account_is_in(&account, groups->analysts))
        return ROLE_ANALYST;
    return account_is_in(&account, groups->viewers) ? ROLE_VIEWER : ROLE_NONE;
}
