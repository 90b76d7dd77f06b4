#include "check/model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "store/store.h"

void model_close(struct model *model)
{
    if (model->bytes != NULL)
        (void)munmap(model->bytes, model->size);
    model->bytes = NULL;
}

static bool map_file(struct model *model, const char *path, struct error *error)
{
    struct error unsound = ERROR_NONE;
    struct stat facts;
    int fd;

    if (!trusted_file_open(path, geteuid(), FAULT_MODEL, &fd, error))
        return false;
    if (fstat(fd, &facts) != 0 || facts.st_size <= 0 || facts.st_size > RISK_MODEL_MOST_BYTES) {
        (void)close(fd);
        return error_set(error, FAULT_MODEL, "%s is empty or larger than a model can be", path);
    }
    model->size = (size_t)facts.st_size;
    model->bytes = mmap(NULL, model->size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (model->bytes == MAP_FAILED) {
        model->bytes = NULL;
        return error_set_errno(error, FAULT_MODEL, errno, "%s cannot be mapped", path);
    }
    if (risk_model_open(&model->risk, model->bytes, model->size, &model->blocks, &unsound))
        return true;
    model_close(model);
    return error_set(error, FAULT_MODEL, "%s: %s", path, unsound.text);
}

static void find_path(const struct config *config, char path[MODEL_PATH_BYTES])
{
    if (strcmp(config->model, "builtin") == 0)
        path[0] = '\0';
    else if (strcmp(config->model, "auto") == 0)
        snprintf(path, MODEL_PATH_BYTES, "%s/" STORE_MODEL_FILE, config->store);
    else
        snprintf(path, MODEL_PATH_BYTES, "%s", config->model);
}

bool model_open(struct model *model, const struct config *config, struct error *error)
{
    bool optional = strcmp(config->model, "auto") == 0;

    model->bytes = NULL;
    find_path(config, model->path);
    model->identity = file_identity_of(model->path);
    if (model->path[0] == '\0' || (optional && model->identity.inode == 0 && errno == ENOENT)) {
        risk_model_open_default(&model->risk);
        return true;
    }
    return map_file(model, model->path, error);
}

bool model_is_current(const struct model *model, const struct config *config)
{
    struct file_identity now = file_identity_of(model->path);
    char path[MODEL_PATH_BYTES];

    find_path(config, path);
    return strcmp(path, model->path) == 0 && file_identity_equal(&now, &model->identity);
}
