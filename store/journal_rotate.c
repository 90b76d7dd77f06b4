/* Retiring journals, and what their creators left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/journal_file.h"

bool journal_retire(int directory_fd, const char *producer, struct error *error)
{
    char current[NAME_BYTES], old[NAME_BYTES];

    if (!journal_file_name(current, producer, "", error) ||
        !journal_file_name(old, producer, ".old", error))
        return false;
    /* Only the holder of the drain lock makes an old file, so nobody makes one in between. */
    if (faccessat(directory_fd, old, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, FAULT_STORE, "the journal %s is not drained yet", old);
    if (renameat(directory_fd, current, directory_fd, old) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot retire the journal %s", current);
    return true;
}

bool journal_rotate(int directory_fd, const char *producer, struct error *error)
{
    char current[NAME_BYTES];

    if (!journal_file_name(current, producer, "", error) ||
        !journal_retire(directory_fd, producer, error))
        return false;
    if (!journal_file_create(directory_fd, current, true, error))
        return false;
    if (fsync(directory_fd) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot sync the store's directory");
    return true;
}

/*
 * The lock is given back at once: a producer that gets it later finds that the path names another
 * file and lets go.
 */
bool journal_old_is_quiet(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    flock(fd, LOCK_UN);
    return true;
}

bool journal_remove_old(int directory_fd, const char *producer, struct error *error)
{
    char old[NAME_BYTES];

    if (!journal_file_name(old, producer, ".old", error))
        return false;
    if (unlinkat(directory_fd, old, 0) != 0 && errno != ENOENT)
        return error_set_errno(error, FAULT_STORE, errno, "cannot remove the journal %s", old);
    return true;
}

/* ".login.journal.0123456789abcdef" */
static bool is_temporary(const char *name)
{
    const char *random = strrchr(name, '.');
    static const char JOURNAL[] = ".journal";
    size_t suffix = sizeof(JOURNAL) - 1;

    return name[0] == '.' && random > name + 1 + suffix && strlen(random + 1) == 16 &&
           strspn(random + 1, "0123456789abcdef") == 16 &&
           strncmp(random - suffix, JOURNAL, suffix) == 0;
}

static bool remove_leftover(int directory_fd, const char *name, int64_t before_s, int64_t *removed,
                            struct error *error)
{
    struct stat status;

    if (fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ||
               error_set_errno(error, FAULT_STORE, errno, "cannot examine %s", name);
    if (!S_ISREG(status.st_mode) || status.st_mtime >= before_s)
        return true;
    if (unlinkat(directory_fd, name, 0) != 0 && errno != ENOENT)
        return error_set_errno(error, FAULT_STORE, errno, "cannot remove %s", name);
    ++*removed;
    return true;
}

bool journal_remove_leftovers(int directory_fd, int64_t before_s, int64_t *removed,
                              struct error *error)
{
    int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    bool done = true;

    *removed = 0;
    if (!directory) {
        error_set_errno(error, FAULT_STORE, errno, "cannot list the store's directory");
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (done && (entry = readdir(directory)) != NULL)
        done = !is_temporary(entry->d_name) ||
               remove_leftover(directory_fd, entry->d_name, before_s, removed, error);
    closedir(directory);
    return done;
}
