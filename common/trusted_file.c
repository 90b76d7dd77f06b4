#include "common/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_OTHERS_WRITE 0022
#define TEMPORARY_BYTES   256

/* What was opened for path may decide who gets in only when no third party can change it. */
static bool is_trusted(const char *path, const struct stat *status, uid_t owner, enum fault fault,
                       struct error *error)
{
    if (owner != ANY_OWNER && status->st_uid != 0 && status->st_uid != owner) {
        if (owner == 0)
            return error_set(error, fault, "%s belongs to user id %u; it must belong to root", path,
                             status->st_uid);
        return error_set(error, fault,
                         "%s belongs to user id %u; it must belong to root or user id %u", path,
                         status->st_uid, owner);
    }
    if ((status->st_mode & MODE_OTHERS_WRITE) != 0)
        return error_set(error, fault, "%s can be written by others (mode %04o); chmod go-w it",
                         path, status->st_mode & 07777u);
    return true;
}

static bool examine_file(const char *path, int descriptor, uid_t owner, enum fault fault,
                         struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return error_set_errno(error, fault, errno, "cannot examine %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, fault, "%s is not a regular file", path);
    return is_trusted(path, &status, owner, fault, error);
}

bool trusted_file_open(const char *path, uid_t owner, enum fault fault, int *descriptor,
                       struct error *error)
{
    *descriptor = -1;
    /* Non-blocking: a FIFO in the file's place must not stop a login. */
    int opened = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (opened < 0) {
        int errnum = errno;
        if (errnum == ELOOP)
            error_set(error, fault, "%s is a symbolic link; name the file itself", path);
        else
            error_set_errno(error, fault, errnum, "cannot open %s", path);
        errno = errnum;
        return false;
    }
    if (!examine_file(path, opened, owner, fault, error)) {
        (void)close(opened);
        errno = EPERM;
        return false;
    }
    *descriptor = opened;
    return true;
}

/* Reads until the end of the file or capacity. -1: errno says why. */
static ssize_t read_fully(int descriptor, char *bytes, size_t capacity)
{
    size_t done = 0;
    while (done < capacity) {
        ssize_t count = read(descriptor, bytes + done, capacity - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (ssize_t)done;
}

static bool read_opened(const char *path, int descriptor, size_t limit, enum fault fault,
                        char **text, size_t *size, struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return error_set_errno(error, fault, errno, "cannot examine %s", path);
    if (status.st_size < 0 || (uintmax_t)status.st_size > limit)
        return error_set(error, fault, "%s has %jd bytes; at most %zu are read", path,
                         (intmax_t)status.st_size, limit);
    size_t expected = (size_t)status.st_size;
    /* One byte more than expected is asked for, to see that the file ends where it should. */
    char *bytes = malloc(expected + 1);
    if (bytes == NULL)
        return error_set(error, fault, "no memory to read %s", path);
    ssize_t count = read_fully(descriptor, bytes, expected + 1);
    if (count < 0)
        error_set_errno(error, fault, errno, "cannot read %s", path);
    else if ((size_t)count != expected)
        error_set(error, fault, "%s changed while it was read; try again", path);
    else if (memchr(bytes, '\0', expected) != NULL)
        error_set(error, fault, "%s holds a NUL byte; it is not a text file", path);
    else {
        bytes[expected] = '\0';
        *text = bytes;
        *size = expected;
        return true;
    }
    free(bytes);
    return false;
}

bool trusted_file_read(const char *path, uid_t owner, size_t limit, enum fault fault, char **text,
                       size_t *size, struct error *error)
{
    *text = NULL;
    *size = 0;
    int descriptor;
    if (!trusted_file_open(path, owner, fault, &descriptor, error))
        return false;
    bool done = read_opened(path, descriptor, limit, fault, text, size, error);
    (void)close(descriptor);
    if (!done)
        errno = EIO;
    return done;
}

bool trusted_directory_open(const char *path, uid_t owner, enum fault fault, int *descriptor,
                            uid_t *found_owner, gid_t *found_group, struct error *error)
{
    *descriptor = -1;
    int opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) {
        int errnum = errno;
        if (errnum == ENOTDIR || errnum == ELOOP)
            error_set(error, fault, "%s is not a directory (a symbolic link is not followed)",
                      path);
        else
            error_set_errno(error, fault, errnum, "cannot open directory %s", path);
        errno = errnum;
        return false;
    }
    struct stat status;
    bool trusted = fstat(opened, &status) == 0
                       ? is_trusted(path, &status, owner, fault, error)
                       : error_set_errno(error, fault, errno, "cannot examine %s", path);
    if (!trusted) {
        (void)close(opened);
        errno = EPERM;
        return false;
    }
    if (found_owner != NULL)
        *found_owner = status.st_uid;
    if (found_group != NULL)
        *found_group = status.st_gid;
    *descriptor = opened;
    return true;
}

static bool write_fully(int descriptor, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(descriptor, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

/* The directory a path lies in, opened; *name is its last component, inside path. -1: errno. */
static int open_parent(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    if (**name == '\0') {
        errno = EISDIR;
        return -1;
    }
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (slash == NULL)
        return open(".", flags);
    if (slash == path)
        return open("/", flags);
    char *parent = strndup(path, (size_t)(slash - path));
    if (parent == NULL)
        return -1;
    int directory = open(parent, flags);
    int errnum = errno;
    free(parent);
    errno = errnum;
    return directory;
}

static int create_temporary(int directory, const char *name, char temporary[TEMPORARY_BYTES])
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -1;
    (void)snprintf(temporary, TEMPORARY_BYTES, ".%.200s.%016" PRIx64 ".tmp", name, number);
    return openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool trusted_file_replace(const char *path, const void *bytes, size_t size, mode_t mode,
                          enum fault fault, struct error *error)
{
    const char *name;
    int directory = open_parent(path, &name);
    if (directory < 0)
        return error_set_errno(error, fault, errno, "cannot open the directory of %s", path);

    bool done = false;
    char temporary[TEMPORARY_BYTES];
    int file = create_temporary(directory, name, temporary);
    if (file < 0) {
        error_set_errno(error, fault, errno, "cannot create a file beside %s", path);
        goto close_directory;
    }
    if (!write_fully(file, bytes, size) || fchmod(file, mode) != 0 || fsync(file) != 0) {
        error_set_errno(error, fault, errno, "cannot write %s", path);
        goto remove_temporary;
    }
    if (renameat(directory, temporary, directory, name) != 0) {
        error_set_errno(error, fault, errno, "cannot replace %s", path);
        goto remove_temporary;
    }
    if (fsync(directory) != 0)
        error_set_errno(error, fault, errno, "cannot sync the directory of %s", path);
    else
        done = true;
    goto close_file;

remove_temporary:
    (void)unlinkat(directory, temporary, 0);
close_file:
    (void)close(file);
close_directory:
    (void)close(directory);
    return done;
}
