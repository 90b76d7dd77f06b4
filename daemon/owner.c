#include "daemon/owner.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "common/trusted_file.h"

bool owner_become(const char *directory, struct error *error)
{
    int descriptor;
    uid_t owner;
    gid_t group;

    if (!trusted_directory_open(directory, ANY_OWNER, FAULT_STORE, &descriptor, &owner, &group,
                                error))
        return false;
    close(descriptor);
    if (geteuid() != 0 || owner == 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(owner, owner, owner) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot become the owner of %s",
                               directory);
    return true;
}
