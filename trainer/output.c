#include "trainer/output.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_spares(const char *path, const char *input, struct error *error)
{
    struct stat written, read;

    if (path == NULL || input == NULL || stat(path, &written) != 0)
        return true;
    if ((strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &read) : stat(input, &read)) != 0)
        return true;
    return !S_ISREG(written.st_mode) || written.st_dev != read.st_dev ||
           written.st_ino != read.st_ino ||
           error_set(error, FAULT_CONFIG, "%s is to be read and written: name another file", path);
}
