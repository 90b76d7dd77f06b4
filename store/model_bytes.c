#include "store/model_bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool model_bytes_read_front(int fd, const char *path, void *bytes, size_t size, struct error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (char *)bytes + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(error, FAULT_MODEL, got == 0 ? EIO : errno, "cannot read %s",
                                   path);
        done += (size_t)got;
    }
    return true;
}

bool model_bytes_read(int fd, const char *path, size_t most, void **bytes, size_t *size,
                      struct error *error)
{
    struct stat status;

    *bytes = NULL;
    if (fstat(fd, &status) != 0)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot examine %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size <= 0 || (size_t)status.st_size > most)
        return error_set(error, FAULT_MODEL, "%s is not a model file", path);
    *size = (size_t)status.st_size;
    *bytes = malloc(*size);
    if (*bytes == NULL)
        return error_set(error, FAULT_MODEL, "not enough memory for %s", path);
    if (model_bytes_read_front(fd, path, *bytes, *size, error))
        return true;
    free(*bytes);
    *bytes = NULL;
    return false;
}
