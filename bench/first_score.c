#include "bench/first_score.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scorer/risk.h"

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "first_score: %s: %s\n", path, why);
    exit(1);
}

double first_score(const char *path, const float *features)
{
    static struct risk_blocks blocks;
    struct error error = ERROR_NONE;
    struct risk_model model;
    struct stat status;
    struct risk risk;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        fail(path, "cannot be opened");
    size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        fail(path, "cannot be mapped");
    if (!risk_model_open(&model, bytes, size, &blocks, &error) ||
        !risk_assess(&model, features, &risk, &error))
        fail(path, error.text);
    (void)close(fd);
    return risk.probability;
}
