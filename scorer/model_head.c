#include "scorer/model_head.h"

#include <assert.h>
#include <string.h>

#include "common/hash.h"

#define COVERED_FROM (offsetof(struct model_head, checksum) + sizeof(uint64_t))

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");
static_assert(sizeof(struct model_head) == 32, "struct model_head has no padding");

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "the model file %s", why);
}

uint64_t model_head_checksum(const void *header, size_t header_bytes)
{
    return hash_bytes((const char *)header + COVERED_FROM, header_bytes - COVERED_FROM);
}

bool model_head_check(const struct model_format *format, const void *bytes, size_t held,
                      uint64_t file_bytes, struct error *error)
{
    struct model_head head;

    if ((uintptr_t)bytes % 8 != 0)
        return refuse(error, "does not lie at a multiple of 8 bytes in memory");
    if (held < format->header_bytes)
        return refuse(error, "is shorter than its header");
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, format->magic, sizeof head.magic) != 0)
        return refuse(error, format->foreign);
    if (head.version != format->version)
        return error_set(error, FAULT_MODEL,
                         "the model file is of version %u, this program reads version %u: train it "
                         "again",
                         head.version, format->version);
    if (head.header_bytes != format->header_bytes)
        return refuse(error, "has a header of a wrong size");
    if (model_head_checksum(bytes, format->header_bytes) != head.checksum)
        return refuse(error, "is damaged: the checksum of its header does not match");
    if (head.file_bytes != file_bytes)
        return refuse(error, "is truncated or has bytes behind its end");
    return true;
}
