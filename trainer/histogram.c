#include "trainer/histogram.h"

#include <string.h>

#define AT_ONCE     5
#define LEAST_GAIN  1e-9 /* of the node's weight */
#define ALWAYS_HERE static inline __attribute__((always_inline))

/* Width columns in one pass over the rows, so that their additions do not wait for each other. */
ALWAYS_HERE void add_rows(struct histogram *histograms, const struct rows_view *view,
                          const uint16_t *columns, const unsigned width, const bool weighted)
{
    const struct sample_row *rows = view->rows;
    const uint8_t *matrix = view->matrix;
    size_t stride = view->stride, count = view->count;
    size_t column[AT_ONCE];

    for (unsigned c = 0; c < width; c++)
        column[c] = columns[c];
    for (size_t i = 0; i < count; i++) {
        const struct sample_row row = rows[i];
        uint64_t weight = row.drawn;
        if (weighted)
            weight *= row.weight;
        uint64_t sum = weight | (weight << 32 & -(uint64_t)row.positive);
        const uint8_t *bins = matrix + row.row * stride;
        __builtin_prefetch(matrix + rows[i + SAMPLE_AHEAD].row * stride);
#pragma GCC unroll 5
        for (unsigned c = 0; c < width; c++) {
            unsigned bin = bins[column[c]];
            histograms[c].sums[bin] += sum;
            if (weighted)
                histograms[c].rows[bin] += row.drawn;
        }
    }
}

ALWAYS_HERE void add_rows_of(struct histogram *histograms, const struct rows_view *view,
                             const uint16_t *columns, const unsigned width)
{
    if (view->weighted)
        add_rows(histograms, view, columns, width, true);
    else
        add_rows(histograms, view, columns, width, false);
}

static void clear(struct histogram *histogram, const struct column_bins *bins, bool weighted)
{
    size_t used = bins->cut_count + 1;

    memset(histogram->sums, 0, used * sizeof histogram->sums[0]);
    histogram->sums[BIN_MISSING] = 0;
    if (weighted) {
        memset(histogram->rows, 0, used * sizeof histogram->rows[0]);
        histogram->rows[BIN_MISSING] = 0;
    }
}

void histograms_fill(struct histogram *histograms, const struct rows_view *view,
                     const uint16_t *columns, unsigned column_count, const struct column_bins *bins)
{
    for (unsigned c = 0; c < column_count; c++)
        clear(&histograms[c], &bins[columns[c]], view->weighted);
    while (column_count > 0) {
        unsigned width = column_count < AT_ONCE ? column_count : AT_ONCE;
        switch (width) {
        case 5:
            add_rows_of(histograms, view, columns, 5);
            break;
        case 4:
            add_rows_of(histograms, view, columns, 4);
            break;
        case 3:
            add_rows_of(histograms, view, columns, 3);
            break;
        case 2:
            add_rows_of(histograms, view, columns, 2);
            break;
        default:
            add_rows_of(histograms, view, columns, 1);
            break;
        }
        histograms += width;
        columns += width;
        column_count -= width;
    }
}

struct split split_none(const struct node_sums *total)
{
    double weight = (double)total->weight, positive = (double)total->positive;
    return (struct split){
        .numerator = positive * positive + LEAST_GAIN * weight * weight,
        .denominator = weight > 0 ? weight : 1,
    };
}

static void consider(const struct node_sums *total, const struct node_sums *left,
                     unsigned smallest_leaf, const struct split *at, struct split *best)
{
    if (left->rows < smallest_leaf || total->rows - left->rows < smallest_leaf)
        return;
    double left_weight = (double)left->weight, left_positive = (double)left->positive;
    double right_weight = (double)(total->weight - left->weight);
    double right_positive = (double)(total->positive - left->positive);
    double numerator = left_positive * left_positive * right_weight +
                       right_positive * right_positive * left_weight;
    double denominator = left_weight * right_weight;
    if (denominator > 0 && numerator * best->denominator > best->numerator * denominator) {
        *best = *at;
        best->numerator = numerator;
        best->denominator = denominator;
        best->left = *left;
        best->found = true;
    }
}

static struct node_sums bin_sums(const struct histogram *histogram, unsigned bin, bool weighted)
{
    uint64_t sum = histogram->sums[bin];
    uint32_t weight = (uint32_t)sum;
    return (struct node_sums){weight, sum >> 32, weighted ? histogram->rows[bin] : weight};
}

static void add_sums(struct node_sums *sums, const struct node_sums *other)
{
    sums->weight += other->weight;
    sums->positive += other->positive;
    sums->rows += other->rows;
}

void histogram_split(const struct histogram *histogram, const struct column_bins *bins,
                     unsigned column, const struct node_sums *total, bool weighted,
                     unsigned smallest_leaf, struct split *best)
{
    const struct node_sums missing = bin_sums(histogram, BIN_MISSING, weighted);
    struct node_sums left = {0, 0, 0};

    for (unsigned cut = 0; cut <= bins->cut_count; cut++) {
        if (histogram->sums[cut] == 0)
            continue;
        const struct node_sums bin = bin_sums(histogram, cut, weighted);
        add_sums(&left, &bin);
        struct split at = {.column = column, .cut = cut};
        at.missing_right = missing.rows > 0 || 2 * left.weight < total->weight;
        consider(total, &left, smallest_leaf, &at, best);
        if (missing.rows == 0)
            continue;
        struct node_sums with_missing = left;
        add_sums(&with_missing, &missing);
        at.missing_right = false;
        consider(total, &with_missing, smallest_leaf, &at, best);
    }
}
