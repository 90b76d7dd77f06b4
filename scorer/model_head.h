/*
 * How every model file begins, whatever it holds: what it is, of which version, how long, and
 * whether its header is whole. Little-endian.
 */
#ifndef SCORER_MODEL_HEAD_H
#define SCORER_MODEL_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define MODEL_MAGIC_BYTES 8

/* The first members of a header. */
struct model_head {
    char magic[MODEL_MAGIC_BYTES];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t checksum; /* hash_bytes of what of the header stands behind this; names the model */
    uint64_t file_bytes;
};

/* A kind of model file, as this program reads it. */
struct model_format {
    const char *magic;
    uint32_t version, header_bytes;
    const char *foreign; /* what is said of a file that is none: "is not …" */
};

/*
 * Whether bytes, the first `held` of a file of file_bytes, begin with a sound header of that
 * format. bytes must lie at a multiple of 8. False with a FAULT_MODEL sentence.
 */
bool model_head_check(const struct model_format *format, const void *bytes, size_t held,
                      uint64_t file_bytes, struct error *error) MUST_USE;

/* The checksum that belongs into a header of that size. */
uint64_t model_head_checksum(const void *header, size_t header_bytes);

#endif
