#include "trainer/fit_isolation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Evenly spread over the rows: a row is taken when the weights up to it reach the next integer. */
static size_t take_rows(const struct fit_part *training, float *table)
{
    size_t taken = 0;
    double weight = 0;

    for (size_t i = 0; i < training->count; i++) {
        const struct training_row *row = &training->rows[i];
        if (row->family != ROW_LEGITIMATE)
            continue;
        for (weight += (double)row->weight; weight >= 1; weight--) {
            if (table != NULL)
                memcpy(table + taken * FEATURE_COUNT, row->features, sizeof row->features);
            taken++;
        }
    }
    return taken;
}

bool fit_isolation(const struct fit_part *training, unsigned threads, uint64_t seed,
                   struct grown_isolation *grown, size_t *rows, struct error *error)
{
    const struct isolation_options options = {
        .trees = ISOLATION_TREES, .sample = ISOLATION_SAMPLE, .threads = threads, .seed = seed};

    *rows = take_rows(training, NULL);
    float *table = calloc(*rows * FEATURE_COUNT + 1, sizeof *table);
    if (table == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM,
                               "the training rows do not fit into memory");
    take_rows(training, table);
    bool made = grow_isolation(table, *rows, FEATURE_COUNT, &options, grown, error);
    free(table);
    return made;
}
