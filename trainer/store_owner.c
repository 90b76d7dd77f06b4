#include "trainer/store_owner.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "common/trusted_file.h"

static bool switched;

bool store_owner_become(const char *directory, struct error *error)
{
    int descriptor = -1;
    uid_t owner = 0;
    gid_t group = 0;

    if (geteuid() != 0)
        return true;
    if (!trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &descriptor, &owner, &group,
                                error))
        return false;
    close(descriptor);
    if (owner == 0)
        return true;
    if (setgroups(1, &group) != 0 || setegid(group) != 0 || seteuid(owner) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot become the owner of %s",
                               directory);
    switched = true;
    return true;
}

bool store_owner_leave(struct error *error)
{
    if (!switched)
        return true;
    switched = false;
    if (seteuid(0) != 0 || setegid(0) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot become root again");
    return true;
}
