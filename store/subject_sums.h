/* Counts added up by subject, in memory. For the store's own files alone. */
#ifndef STORE_SUBJECT_SUMS_H
#define STORE_SUBJECT_SUMS_H

#include "store/rollup_tables.h"

struct subject_sum {
    struct counts counts;
    uint64_t hash;
    size_t at; /* of the subject, in the table's bytes */
    uint16_t size;
};

/* Begins as zeros but for `error`. Open addressing; slots hold an index into sum, from 1. */
struct subject_sums {
    struct subject_sum *sum; /* in the order of their first counts */
    uint32_t *slot;
    uint8_t *bytes;
    size_t count, slots, used, capacity;
    struct error *error;
};

bool subject_sums_add(struct subject_sums *sums, const uint8_t *subject, size_t size,
                      const struct counts *counts) MUST_USE;
void subject_sums_finish(struct subject_sums *sums);

#endif
