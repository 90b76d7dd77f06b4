#include "common/file_identity.h"

#include <sys/stat.h>

struct file_identity file_identity_of(const char *path)
{
    struct file_identity identity = {0};
    struct stat facts;
    if (stat(path, &facts) == 0) {
        identity.device = facts.st_dev;
        identity.inode = facts.st_ino;
        identity.bytes = facts.st_size;
        identity.changed_ns = (int64_t)facts.st_ctim.tv_sec * 1000000000 + facts.st_ctim.tv_nsec;
    }
    return identity;
}

bool file_identity_equal(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
           a->changed_ns == b->changed_ns;
}
