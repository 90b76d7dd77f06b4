/* Whether a path still names the file that it named before. */
#ifndef COMMON_FILE_IDENTITY_H
#define COMMON_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros: no file. For a directory the time changes with its entries. */
struct file_identity {
    uint64_t device, inode;
    int64_t bytes, changed_ns;
};

struct file_identity file_identity_of(const char *path);
bool file_identity_equal(const struct file_identity *a, const struct file_identity *b);

#endif
