#include "store/table_model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scorer/model_head.h"
#include "store/model_bytes.h"

static bool refuse(const char *path, const struct error *reason, struct error *error)
{
    return error_set(error, FAULT_MODEL, "%s: %s", path, reason->text);
}

bool table_model_file_read(struct table_model_file *file, const char *path, struct error *error)
{
    struct error reason = ERROR_NONE;
    size_t size = 0;

    *file = (struct table_model_file){.bytes = NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    bool read = model_bytes_read(fd, path, TABLE_MODEL_MOST_BYTES, &file->bytes, &size, error);
    close(fd);
    if (!read)
        return false;
    if (table_model_open(&file->model, file->bytes, size, &reason))
        return true;
    table_model_file_close(file);
    return refuse(path, &reason, error);
}

/* Room for the front, and the front in it. */
static bool read_front(struct table_model_file *file, int fd, const char *path, uint64_t file_bytes,
                       size_t *front_bytes, struct error *error)
{
    struct table_model_header header;
    struct error reason = ERROR_NONE;

    if (file_bytes < sizeof header)
        return error_set(error, FAULT_MODEL, "%s is not a model file", path);
    if (!model_bytes_read_front(fd, path, &header, sizeof header, error))
        return false;
    if (!table_model_front_bytes(&header, sizeof header, file_bytes, front_bytes, &reason))
        return refuse(path, &reason, error);
    file->bytes = malloc(*front_bytes);
    if (file->bytes == NULL)
        return error_set(error, FAULT_MODEL, "not enough memory for %s", path);
    return model_bytes_read_front(fd, path, file->bytes, *front_bytes, error);
}

bool table_model_file_look(struct table_model_file *file, int fd, const char *path,
                           struct error *error)
{
    struct error reason = ERROR_NONE;
    size_t front_bytes = 0;
    struct stat status;

    *file = (struct table_model_file){.bytes = NULL};
    if (fstat(fd, &status) != 0)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot examine %s", path);
    uint64_t file_bytes = (uint64_t)status.st_size;
    bool looked = read_front(file, fd, path, file_bytes, &front_bytes, error) &&
                  (table_model_look(&file->model, file->bytes, front_bytes, file_bytes, &reason) ||
                   refuse(path, &reason, error));
    if (!looked)
        table_model_file_close(file);
    return looked;
}

void table_model_file_close(struct table_model_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
}

bool table_model_file_is(const char *path)
{
    char magic[MODEL_MAGIC_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return false;
    ssize_t got = pread(fd, magic, sizeof magic, 0);
    close(fd);
    return got == (ssize_t)sizeof magic && table_model_is(magic, sizeof magic);
}
