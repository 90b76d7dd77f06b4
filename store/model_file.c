#include "store/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "store/store.h"

static bool read_all(int fd, struct model_file *model, size_t size, struct error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (char *)model->bytes + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(error, FAULT_MODEL, got == 0 ? EIO : errno, "cannot read %s",
                                   model->path);
        done += (size_t)got;
    }
    return true;
}

static bool load(int fd, struct model_file *model, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot examine %s", model->path);
    if (!S_ISREG(status.st_mode) || status.st_size <= 0 || status.st_size > RISK_MODEL_MOST_BYTES)
        return error_set(error, FAULT_MODEL, "%s is not a model file", model->path);
    model->bytes = malloc((size_t)status.st_size);
    if (model->bytes == NULL)
        return error_set(error, FAULT_MODEL, "not enough memory for %s", model->path);
    struct error reason = ERROR_NONE;
    if (!read_all(fd, model, (size_t)status.st_size, error))
        return false;
    if (!risk_model_open_checked(&model->risk, model->bytes, (size_t)status.st_size, &reason))
        return error_set(error, FAULT_MODEL, "%s: %s", model->path, reason.text);
    return true;
}

static uid_t store_owner(const char *directory)
{
    struct stat status;
    return stat(directory, &status) == 0 ? status.st_uid : geteuid();
}

bool model_file_read(struct model_file *model, const char *path, struct error *error)
{
    *model = (struct model_file){.bytes = NULL};
    snprintf(model->path, sizeof model->path, "%s", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    bool done = load(fd, model, error);
    close(fd);
    if (!done)
        model_file_close(model);
    return done;
}

bool model_file_open(struct model_file *model, const struct config *config, struct error *error)
{
    bool automatic = strcmp(config->model, "auto") == 0;
    int fd;
    *model = (struct model_file){0};
    if (automatic)
        snprintf(model->path, sizeof model->path, "%s/" STORE_MODEL_FILE, config->store);
    else
        snprintf(model->path, sizeof model->path, "%s", config->model);
    bool built_in = strcmp(config->model, "builtin") == 0;
    if (!built_in && automatic && access(model->path, F_OK) != 0 && errno == ENOENT)
        built_in = true;
    if (built_in) {
        strcpy(model->path, "built-in");
        risk_model_open_default(&model->risk);
        return true;
    }
    if (!trusted_file_open(model->path, store_owner(config->store), FAULT_MODEL, &fd, error))
        return false;
    bool done = load(fd, model, error);
    close(fd);
    if (!done)
        model_file_close(model);
    return done;
}

void model_file_close(struct model_file *model)
{
    free(model->bytes);
    model->bytes = NULL;
}
