#include "trainer/model_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "scorer/risk_model.h"

void *model_bytes_read(const char *path, size_t *size, struct error *error)
{
    FILE *in = fopen(path, "rbe");
    struct stat status;
    void *bytes = NULL;

    if (in == NULL || fstat(fileno(in), &status) != 0) {
        error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    } else if (!S_ISREG(status.st_mode) || status.st_size > RISK_MODEL_MOST_BYTES) {
        error_set(error, FAULT_MODEL, "%s is not a model file", path);
    } else {
        *size = (size_t)status.st_size;
        bytes = malloc(*size + 1);
        if (bytes == NULL || fread(bytes, 1, *size, in) != *size) {
            error_set(error, FAULT_MODEL, "cannot read %s", path);
            free(bytes);
            bytes = NULL;
        }
    }
    if (in != NULL)
        fclose(in);
    return bytes;
}
