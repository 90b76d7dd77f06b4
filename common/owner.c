#include "common/owner.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "common/trusted_file.h"

static bool left_root; /* for files */

/* *owner 0: there is nothing to become. */
static bool find_owner(const char *directory, uid_t *owner, gid_t *group, struct error *error)
{
    int descriptor;

    *owner = 0;
    if (geteuid() != 0)
        return true;
    if (!trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &descriptor, owner, group,
                                error))
        return false;
    (void)close(descriptor);
    return true;
}

static bool fail(const char *directory, struct error *error)
{
    return error_set_errno(error, FAULT_STORE, errno, "cannot become the owner of %s", directory);
}

bool owner_become(const char *directory, struct error *error)
{
    uid_t owner;
    gid_t group;

    if (!find_owner(directory, &owner, &group, error))
        return false;
    return owner == 0 ||
           (setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 &&
            setresuid(owner, owner, owner) == 0) ||
           fail(directory, error);
}

bool owner_become_for_files(const char *directory, struct error *error)
{
    uid_t owner;
    gid_t group;

    if (!find_owner(directory, &owner, &group, error))
        return false;
    if (owner == 0)
        return true;
    left_root = setgroups(0, NULL) == 0 && setegid(group) == 0 && seteuid(owner) == 0;
    return left_root || fail(directory, error);
}

bool owner_leave(struct error *error)
{
    if (!left_root)
        return true;
    left_root = false;
    return (seteuid(0) == 0 && setegid(0) == 0) ||
           error_set_errno(error, FAULT_STORE, errno, "cannot become root again");
}
