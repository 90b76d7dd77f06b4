#include "store/subject_sums.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

#define FIRST_SLOTS 4096

static bool no_memory(struct subject_sums *sums)
{
    return error_set(sums->error, FAULT_STORE, "no memory for the store's counts");
}

void subject_sums_finish(struct subject_sums *sums)
{
    free(sums->sum);
    free(sums->slot);
    free(sums->bytes);
}

static bool grow(struct subject_sums *sums)
{
    size_t slots = sums->slots > 0 ? sums->slots * 2 : FIRST_SLOTS;
    struct subject_sum *sum = realloc(sums->sum, slots / 2 * sizeof(*sum));
    uint32_t *slot = calloc(slots, sizeof(*slot));

    if (sum)
        sums->sum = sum;
    if (!sum || !slot) {
        free(slot);
        return no_memory(sums);
    }
    free(sums->slot);
    sums->slot = slot;
    sums->slots = slots;
    for (size_t i = 0; i < sums->count; i++) {
        size_t at = sum[i].hash & (slots - 1);

        while (slot[at] != 0)
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool keep(struct subject_sums *sums, const uint8_t *subject, size_t size)
{
    if (sums->used + size > sums->capacity) {
        size_t capacity = (sums->capacity + size) * 2 + 65536;
        uint8_t *bytes = realloc(sums->bytes, capacity);

        if (!bytes)
            return no_memory(sums);
        sums->bytes = bytes;
        sums->capacity = capacity;
    }
    memcpy(sums->bytes + sums->used, subject, size);
    sums->used += size;
    return true;
}

bool subject_sums_add(struct subject_sums *sums, const uint8_t *subject, size_t size,
                      const struct counts *counts)
{
    uint64_t hash = hash_bytes(subject, size);
    struct subject_sum *sum;
    size_t at;

    if ((sums->count + 1) * 2 > sums->slots && !grow(sums))
        return false;
    for (at = hash & (sums->slots - 1); sums->slot[at] != 0; at = (at + 1) & (sums->slots - 1)) {
        sum = &sums->sum[sums->slot[at] - 1];
        if (sum->hash == hash && sum->size == size &&
            memcmp(sums->bytes + sum->at, subject, size) == 0) {
            counts_add(&sum->counts, counts, 1);
            return true;
        }
    }
    sum = &sums->sum[sums->count];
    *sum = (struct subject_sum){
        .counts = *counts, .hash = hash, .at = sums->used, .size = (uint16_t)size};
    if (!keep(sums, subject, size))
        return false;
    sums->slot[at] = (uint32_t)++sums->count;
    return true;
}
