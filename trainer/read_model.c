#include "trainer/read_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scorer/risk_model.h"

/* Into `size` bytes; a file that became shorter meanwhile does not fill them. */
static bool read_all(int fd, char *bytes, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = read(fd, bytes + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

void *read_model(const char *path, size_t *size, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int reason = fd < 0 ? errno : 0;
    struct stat status;
    char *bytes = NULL;

    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    } else if (!S_ISREG(status.st_mode) || status.st_size > RISK_MODEL_MOST_BYTES) {
        error_set(error, FAULT_MODEL, "%s is not a model file", path);
    } else {
        *size = (size_t)status.st_size;
        bytes = malloc(*size + 1);
        if (bytes == NULL || !read_all(fd, bytes, *size)) {
            error_set(error, FAULT_MODEL, "cannot read %s", path);
            free(bytes);
            bytes = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    errno = reason;
    return bytes;
}
