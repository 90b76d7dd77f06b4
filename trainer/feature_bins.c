#include "trainer/feature_bins.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int compare_floats(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* A cut between two neighbours that is below the greater one even after rounding. */
static float between(float low, float high)
{
    float middle = low + (high - low) / 2;
    return middle >= low && middle < high ? middle : low;
}

/* Cuts between distinct neighbours of the sorted values, about equally many values apart. */
static unsigned find_cuts(const float *sorted, size_t count, float cuts[BIN_MOST_CUTS])
{
    unsigned found = 0;
    size_t step = count / BIN_MOST_CUTS, next = step;

    for (size_t i = 1; i < count && found < BIN_MOST_CUTS; i++) {
        if (sorted[i] > sorted[i - 1] && i >= next) {
            cuts[found++] = between(sorted[i - 1], sorted[i]);
            next = i + step;
        }
    }
    return found;
}

static uint8_t bin_of(float value, const float *cuts, unsigned count)
{
    unsigned low = 0, high = count;

    if (isnan(value))
        return BIN_MISSING;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (value <= cuts[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return (uint8_t)low;
}

static void fill_feature(struct feature_bins *bins, unsigned feature,
                         const struct training_row *rows, float *scratch)
{
    size_t known = 0;
    for (size_t i = 0; i < bins->rows; i++) {
        if (!isnan(rows[i].features[feature]))
            scratch[known++] = rows[i].features[feature];
    }
    qsort(scratch, known, sizeof *scratch, compare_floats);
    bins->cut_count[feature] = find_cuts(scratch, known, bins->cuts[feature]);
    for (size_t i = 0; i < bins->rows; i++)
        bins->bins[feature][i] =
            bin_of(rows[i].features[feature], bins->cuts[feature], bins->cut_count[feature]);
}

bool feature_bins_create(struct feature_bins **bins, const struct training_row *rows, size_t count,
                         struct error *error)
{
    float *scratch = calloc(count + 1, sizeof *scratch);
    *bins = calloc(1, sizeof **bins);
    bool made = scratch != NULL && *bins != NULL;

    for (unsigned feature = 0; made && feature < FEATURE_COUNT; feature++) {
        (*bins)->bins[feature] = malloc(count + 1);
        made = (*bins)->bins[feature] != NULL;
    }
    if (!made) {
        free(scratch);
        feature_bins_destroy(*bins);
        *bins = NULL;
        return error_set_errno(error, FAULT_MODEL, ENOMEM,
                               "the training rows do not fit into memory");
    }
    (*bins)->rows = count;
    for (unsigned feature = 0; feature < FEATURE_COUNT; feature++)
        fill_feature(*bins, feature, rows, scratch);
    free(scratch);
    return true;
}

void feature_bins_destroy(struct feature_bins *bins)
{
    if (bins == NULL)
        return;
    for (unsigned feature = 0; feature < FEATURE_COUNT; feature++)
        free(bins->bins[feature]);
    free(bins);
}
