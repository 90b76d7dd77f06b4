/* A model file: refused with a sentence, or safe to score with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/forest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes the frame right, so that what lies behind the checksum is reached, too. */
static void seal(struct forest_header *header, size_t size)
{
    memcpy(header->magic, FOREST_MAGIC, sizeof header->magic);
    header->version = FOREST_VERSION;
    header->header_bytes = sizeof *header;
    header->file_bytes = size;
    header->feature_hash = feature_table_hash();
    header->feature_count = FEATURE_COUNT;
    size_t covered = offsetof(struct forest_header, checksum) + sizeof header->checksum;
    header->checksum = hash_bytes((const char *)header + covered, size - covered);
}

static void use(const struct forest *forest)
{
    static const float values[] = {-1e9f, 0, 1, 1e9f, NAN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        float features[FEATURE_COUNT];
        double contributions[FEATURE_COUNT];
        double sum = (double)forest->header->base;
        for (unsigned j = 0; j < FEATURE_COUNT; j++)
            features[j] = values[(i + j) % (sizeof values / sizeof *values)];
        double score = forest_score(forest, features);
        forest_contributions(forest, features, contributions);
        for (unsigned j = 0; j < FEATURE_COUNT; j++)
            sum += contributions[j];
        if (!(score >= 0 && score <= 1) || !(fabs(sum - score) < 1e-4))
            abort();
    }
    for (double budget = 1; budget > 1e-8; budget /= 3) {
        float threshold = forest_threshold_for(forest, budget);
        if (!(threshold >= 0 && threshold <= 2))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forest forest;
    struct error error = ERROR_NONE;
    void *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    if (forest_open(&forest, bytes, size, &error))
        use(&forest);
    else if (error.fault != FAULT_MODEL || error.text[0] == '\0')
        abort();
    if (size >= sizeof(struct forest_header)) {
        seal(bytes, size);
        if (forest_open(&forest, bytes, size, NULL))
            use(&forest);
    }
    free(bytes);
    return 0;
}
