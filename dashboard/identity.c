#include "dashboard/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"

#define GROUPS_MAX   1024
#define LOOKUP_BYTES (256 * 1024)

/*
 * The store's owner may move what lies there: what is given away is what was opened, not what has
 * the name. A directory that is there stays as it is.
 */
static bool make_directory(const char *path, uid_t user, gid_t group, struct error *error)
{
    struct stat facts;
    int descriptor;
    bool done;

    if (mkdir(path, 0700) != 0) {
        if (errno == EEXIST)
            return true;
        return error_set_errno(error, FAULT_STORE, errno, "cannot make %s", path);
    }
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* fchown() takes the setgid bit away: files made there are the store's group's. */
    done = descriptor >= 0 && fstat(descriptor, &facts) == 0 && facts.st_uid == geteuid() &&
           (geteuid() != 0 || fchown(descriptor, user, group) == 0) &&
           fchmod(descriptor, 02770) == 0;
    if (!done)
        error_set_errno(error, FAULT_STORE, errno, "cannot give %s to its user", path);
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
    uid_t user;
    gid_t group;

    *root = false;
    snprintf(directory, DIRECTORY_PATH_BYTES, "%s/" DASHBOARD_DIRECTORY, config->store);
    if (geteuid() != 0)
        return make_directory(directory, geteuid(), getegid(), error);
    if (!trusted_directory_open(config->store, ANY_OWNER, FAULT_STORE, &descriptor, &user, &group,
                                error))
        return false;
    close(descriptor);
    const struct passwd *entry = getpwnam(config->dashboard_user);
    if (entry != NULL)
        user = entry->pw_uid;
    *root = user == 0;
    return make_directory(directory, user, group, error) && (*root || become(user, group, error));
}

static bool is_member(const char *group_name, const gid_t *groups, int count, char *room)
{
    struct group entry, *found = NULL;

    if (group_name[0] == '\0' || getgrnam_r(group_name, &entry, room, LOOKUP_BYTES, &found) != 0 ||
        found == NULL)
        return false;
    for (int i = 0; i < count; i++) {
        if (groups[i] == found->gr_gid)
            return true;
    }
    return false;
}

enum role identity_role(const struct config *config, const char *user)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    char *room = malloc(LOOKUP_BYTES);
    struct passwd entry, *found = NULL;
    enum role role = ROLE_NONE;

    if (room != NULL && getpwnam_r(user, &entry, room, LOOKUP_BYTES, &found) == 0 &&
        found != NULL) {
        gid_t own = found->pw_gid;

        if (getgrouplist(user, own, groups, &count) < 0)
            count = GROUPS_MAX;
        if (is_member(config->dashboard_analysts, groups, count, room))
            role = ROLE_ANALYST;
        else if (is_member(config->dashboard_viewers, groups, count, room))
            role = ROLE_VIEWER;
    }
    free(room);
    return role;
}
