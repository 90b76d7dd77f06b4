#include "store/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "store/model_bytes.h"
#include "store/store.h"

static bool load(int fd, struct model_file *model, struct error *error)
{
    struct error reason = ERROR_NONE;
    size_t size;

    if (!model_bytes_read(fd, model->path, RISK_MODEL_MOST_BYTES, &model->bytes, &size, error))
        return false;
    return risk_model_open_checked(&model->risk, model->bytes, size, &reason) ||
           error_set(error, FAULT_MODEL, "%s: %s", model->path, reason.text);
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
