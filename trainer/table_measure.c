#include "trainer/table_measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_CHANCE 1e-15

struct scored {
    float score;
    uint8_t label;
};

static int by_falling_score(const void *left, const void *right)
{
    float a = ((const struct scored *)left)->score, b = ((const struct scored *)right)->score;
    return (a < b) - (a > b);
}

static double loss(const struct scored *row)
{
    double chance = fmin(fmax((double)row->score, LEAST_CHANCE), 1 - LEAST_CHANCE);
    return -log(row->label ? chance : 1 - chance);
}

/* Goes through the scores from the highest down, those that are the same at once. */
static void measure_sorted(struct table_measure *measure, const struct scored *rows, size_t count)
{
    double positives = 0, negatives = 0, pairs = 0, precision = 0, losses = 0;

    for (size_t first = 0, end; first < count; first = end) {
        double hits = 0, misses = 0;
        for (end = first; end < count && rows[end].score >= rows[first].score; end++) {
            hits += rows[end].label;
            misses += !rows[end].label;
            losses += loss(&rows[end]);
        }
        pairs += misses * (positives + hits / 2);
        positives += hits;
        negatives += misses;
        precision += hits * positives / (positives + negatives);
    }
    bool both = positives > 0 && negatives > 0;
    measure->auc = both ? pairs / (positives * negatives) : NAN;
    measure->average_precision = both ? precision / positives : NAN;
    measure->logloss = count > 0 ? losses / (double)count : NAN;
}

bool table_measure(struct table_measure *measure, const float *scores, const uint8_t *labels,
                   size_t count, struct error *error)
{
    struct scored *rows = calloc(count + 1, sizeof *rows);
    size_t known = 0;

    if (rows == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
    for (size_t i = 0; i < count; i++) {
        if (!isnan(scores[i]))
            rows[known++] = (struct scored){scores[i], labels[i]};
    }
    qsort(rows, known, sizeof *rows, by_falling_score);
    measure_sorted(measure, rows, known);
    free(rows);
    return true;
}
