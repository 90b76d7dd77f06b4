#include "trainer/gradient_histogram.h"

#include <string.h>

#define AT_ONCE     20
#define AHEAD       16
#define ALWAYS_HERE static inline __attribute__((always_inline))

/*
 * Width columns in one pass over the rows, so that their additions do not wait for each other;
 * where they are adjacent there is no need to ask for each one's place.
 */
ALWAYS_HERE void add_rows(gradient_block *block, const struct gradient_columns *columns,
                          unsigned first, const unsigned width, const bool adjacent,
                          const uint32_t *rows, size_t count, const uint64_t *packed)
{
    const uint8_t *matrix = columns->bins->bins;
    size_t stride = columns->bins->columns, column[AT_ONCE];

    for (unsigned c = 0; c < width; c++)
        column[c] = columns->number[first + c];
    block += first;
    for (size_t i = 0; i < count; i++) {
        uint32_t row = rows[i], ahead = rows[i + AHEAD < count ? i + AHEAD : i];
        uint64_t sum = packed[row];
        const uint8_t *bins = matrix + row * stride + (adjacent ? column[0] : 0);
        __builtin_prefetch(matrix + ahead * stride + column[0]);
        __builtin_prefetch(packed + ahead);
#pragma GCC unroll 20
        for (unsigned c = 0; c < width; c++)
            block[c][bins[adjacent ? c : column[c]]] += sum;
    }
}

static bool are_adjacent(const struct gradient_columns *columns, unsigned first, unsigned width)
{
    return columns->number[first + width - 1] - columns->number[first] == (int)width - 1;
}

void gradient_block_fill(gradient_block *block, const struct gradient_columns *columns,
                         const uint32_t *rows, uint32_t count, const uint64_t *packed)
{
    unsigned first = 0;

    while (columns->count - first >= 20 && are_adjacent(columns, first, 20)) {
        add_rows(block, columns, first, 20, true, rows, count, packed);
        first += 20;
    }
    for (; columns->count - first >= 10; first += 10)
        add_rows(block, columns, first, 10, false, rows, count, packed);
    for (; columns->count - first >= 4; first += 4)
        add_rows(block, columns, first, 4, false, rows, count, packed);
    for (; first < columns->count; first++)
        add_rows(block, columns, first, 1, false, rows, count, packed);
}

static void move_bin(uint64_t *from, struct gradient_sums *to)
{
    gradient_unpack(to, *from);
    *from = 0;
}

void gradient_block_move(gradient_block *block, const struct gradient_columns *columns,
                         struct gradient_sums *sums)
{
    for (unsigned c = 0; c < columns->count; c++) {
        unsigned cuts = columns->bins->column[columns->number[c]].cut_count;
        for (unsigned bin = 0; bin <= cuts; bin++)
            move_bin(&block[c][bin], sums++);
        move_bin(&block[c][BIN_MISSING], sums++);
    }
}

static double score(const struct gradient_sums *sums, double lambda)
{
    double gradient = (double)sums->gradient;
    return gradient * gradient / ((double)sums->hessian + lambda);
}

static void add_sums(struct gradient_sums *sums, const struct gradient_sums *other)
{
    sums->gradient += other->gradient;
    sums->hessian += other->hessian;
}

ALWAYS_HERE void consider(const struct gradient_sums *total, const struct gradient_sums *left,
                          const struct gradient_limits *limits, const struct gradient_split *at,
                          struct gradient_split *best)
{
    double left_hessian = (double)left->hessian;
    double right_hessian = (double)(total->hessian - left->hessian);
    if (left_hessian < limits->least_hessian || right_hessian < limits->least_hessian ||
        left_hessian <= 0 || right_hessian <= 0)
        return;
    double left_gradient = (double)left->gradient;
    double right_gradient = (double)(total->gradient - left->gradient);
    left_hessian += limits->lambda;
    right_hessian += limits->lambda;
    double numerator = left_gradient * left_gradient * right_hessian +
                       right_gradient * right_gradient * left_hessian;
    double denominator = left_hessian * right_hessian;
    if (numerator * best->denominator > best->numerator * denominator) {
        *best = *at;
        best->numerator = numerator;
        best->denominator = denominator;
        best->left = *left;
        best->found = true;
    }
}

static void search_column(const struct gradient_sums *sums, unsigned column, unsigned cuts,
                          const struct gradient_sums *total, const struct gradient_limits *limits,
                          struct gradient_split *best)
{
    const struct gradient_sums missing = sums[cuts + 1];
    const bool any_missing = (missing.hessian | missing.gradient) != 0;
    struct gradient_sums left = {0, 0};

    for (unsigned cut = 0; cut <= cuts; cut++) {
        if ((sums[cut].hessian | sums[cut].gradient) == 0)
            continue;
        add_sums(&left, &sums[cut]);
        struct gradient_split at = {.column = (uint16_t)column, .cut = (uint8_t)cut};
        at.missing_right = any_missing || 2 * left.hessian < total->hessian;
        consider(total, &left, limits, &at, best);
        if (!any_missing)
            continue;
        struct gradient_sums with_missing = left;
        add_sums(&with_missing, &missing);
        at.missing_right = false;
        consider(total, &with_missing, limits, &at, best);
    }
}

struct gradient_split gradient_split_find(const struct gradient_sums *sums,
                                          const struct gradient_columns *columns,
                                          const struct gradient_sums *total,
                                          const struct gradient_limits *limits)
{
    struct gradient_split best = {
        .numerator = score(total, limits->lambda) + limits->least_gain,
        .denominator = 1,
    };
    for (unsigned c = 0; c < columns->count; c++) {
        unsigned column = columns->number[c];
        search_column(sums + columns->first[c], column, columns->bins->column[column].cut_count,
                      total, limits, &best);
    }
    return best;
}
