#include "trainer/table_boosted.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/boosted_tree.h"
#include "trainer/table_score.h"
#include "trainer/work_queue.h"

#define BLOCK_ROWS 512

const struct table_boosted_options TABLE_BOOSTED_DEFAULTS = {
    .rounds = 100,
    .depth = 6,
    .threads = 1,
    .rate = 0.1,
    .lambda = 1,
    .least_hessian = 1,
    .row_share = 1,
    .column_share = 1,
    .seed = 1,
};

/* Rows whose margins follow the trees, block by block. */
struct followed {
    const struct table_bins *bins;
    const struct table_labels *labels;
    const double *class_weight;
    float *margins;
    double *losses, *weights; /* of each block; NULL: not wanted */
    const struct histogram_tree *tree;
};

struct boosting {
    struct table_boosted *boosted;
    const struct table_boosted_options *options;
    struct boosted_grower *grower;
    struct followed rows, later;
    double least_loss;
    unsigned best_count;
};

static unsigned blocks_of(const struct table_bins *bins)
{
    return (unsigned)((bins->rows + BLOCK_ROWS - 1) / BLOCK_ROWS);
}

/* -log of the chance that the row has the label it has. */
static double loss_of(double margin, bool positive)
{
    double wrong = positive ? -margin : margin;
    return wrong > 0 ? wrong + log1p(exp(-wrong)) : log1p(exp(wrong));
}

static void follow_block(void *context, unsigned number, unsigned worker)
{
    const struct followed *rows = context;
    const struct table_bins *bins = rows->bins;
    size_t first = (size_t)number * BLOCK_ROWS;
    size_t end = bins->rows - first < BLOCK_ROWS ? bins->rows : first + BLOCK_ROWS;
    double loss = 0, total = 0;

    (void)worker;
    for (size_t row = first; row < end; row++) {
        rows->margins[row] += tree_leaf(rows->tree, bins->bins + row * bins->columns)->value;
        if (rows->losses == NULL)
            continue;
        double weight = table_row_weight(rows->labels, rows->class_weight, row);
        loss += weight * loss_of((double)rows->margins[row], rows->labels->positive[row]);
        total += weight;
    }
    if (rows->losses != NULL) {
        rows->losses[number] = loss;
        rows->weights[number] = total;
    }
}

static void follow(struct followed *rows, const struct histogram_tree *tree, unsigned threads)
{
    rows->tree = tree;
    work_run(threads, blocks_of(rows->bins), follow_block, rows);
}

/* The mean loss, added up block by block: the same whatever the number of threads. */
static double mean_loss(const struct followed *rows)
{
    double loss = 0, weight = 0;
    for (unsigned block = 0; block < blocks_of(rows->bins); block++) {
        loss += rows->losses[block];
        weight += rows->weights[block];
    }
    return weight > 0 ? loss / weight : 0;
}

/* False when no more rounds are worth it. */
static bool still_better(struct boosting *boosting, const struct histogram_tree *tree)
{
    struct followed *later = &boosting->later;
    unsigned patience = boosting->options->patience, count = boosting->boosted->count;

    if (later->bins == NULL || patience == 0) {
        boosting->best_count = count;
        return true;
    }
    follow(later, tree, boosting->options->threads);
    double loss = mean_loss(later);
    if (loss < boosting->least_loss) {
        boosting->least_loss = loss;
        boosting->best_count = count;
    }
    return count - boosting->best_count < patience;
}

static void keep_trees(struct table_boosted *boosted, unsigned count)
{
    while (boosted->count > count)
        free(boosted->trees[--boosted->count].nodes);
}

static bool boost(struct boosting *boosting)
{
    const struct table_boosted_options *options = boosting->options;
    struct table_boosted *boosted = boosting->boosted;
    struct gradient_source source = {
        .labels = boosting->rows.labels,
        .class_weight = options->class_weight,
        .margins = boosting->rows.margins,
        .row_share = options->row_share,
        .seed = options->seed,
    };
    bool samples = options->row_share < 1 || options->column_share < 1, goes_on = true;

    gradient_units(&source, boosting->rows.bins->rows);
    while (goes_on && boosted->count < options->rounds) {
        struct histogram_tree *tree = &boosted->trees[boosted->count];
        if (!boosted_tree_grow(boosting->grower, &source, boosted->count, tree))
            return false;
        boosted->count++;
        if (options->row_share < 1)
            follow(&boosting->rows, tree, options->threads);
        goes_on = still_better(boosting, tree);
        if (tree->count == 1 && !samples) { /* so would be all that follow */
            if (boosting->best_count == boosted->count)
                boosting->best_count--;
            goes_on = false;
        }
    }
    keep_trees(boosted, boosting->best_count);
    return true;
}

/* The log-odds of all rows. False when they all have one label: then half a row has the other. */
static bool find_log_odds(const struct followed *rows, double *log_odds)
{
    double weights[2] = {0, 0};
    size_t count = rows->bins->rows;

    for (size_t row = 0; row < count; row++)
        weights[rows->labels->positive[row]] +=
            table_row_weight(rows->labels, rows->class_weight, row);
    bool both = weights[0] > 0 && weights[1] > 0;
    double half_row = both ? 0 : (weights[0] + weights[1]) / (2 * (double)count);
    *log_odds = both || half_row > 0 ? log((weights[1] + half_row) / (weights[0] + half_row)) : 0;
    return both;
}

static bool make_margins(struct followed *rows)
{
    rows->margins = calloc(rows->bins->rows, sizeof *rows->margins);
    return rows->margins != NULL;
}

static bool make_losses(struct followed *rows)
{
    rows->losses = calloc(blocks_of(rows->bins), sizeof *rows->losses);
    rows->weights = calloc(blocks_of(rows->bins), sizeof *rows->weights);
    return rows->losses != NULL && rows->weights != NULL;
}

static void followed_finish(struct followed *rows)
{
    free(rows->margins);
    free(rows->losses);
    free(rows->weights);
}

static bool run(struct boosting *boosting, struct error *error)
{
    const struct table_boosted_options *options = boosting->options;
    const struct boosted_tree_options tree_options = {
        .depth = options->depth,
        .threads = options->threads,
        .rate = options->rate,
        .lambda = options->lambda,
        .least_hessian = options->least_hessian,
        .column_share = options->column_share,
    };
    struct table_boosted *boosted = boosting->boosted;

    double log_odds;

    if (!find_log_odds(&boosting->rows, &log_odds)) {
        boosted->base = log_odds;
        return true;
    }
    boosted->trees = calloc(options->rounds, sizeof *boosted->trees);
    bool done =
        boosted->trees != NULL && make_margins(&boosting->rows) &&
        (boosting->later.bins == NULL ||
         (make_margins(&boosting->later) && make_losses(&boosting->later))) &&
        boosted_grower_create(&boosting->grower, boosting->rows.bins, &tree_options, error) &&
        boost(boosting);
    boosted_grower_destroy(boosting->grower);
    followed_finish(&boosting->rows);
    followed_finish(&boosting->later);
    if (done && boosted->count == 0)
        boosted->base = log_odds;
    return done ||
           error_set_errno(error, FAULT_MODEL, ENOMEM, "the boosted trees do not fit into memory");
}

bool table_boosted_grow(struct table_boosted *boosted, const struct table_bins *bins,
                        const struct table_labels *labels, const struct table_later *later,
                        const struct table_boosted_options *options, struct error *error)
{
    struct boosting boosting = {
        .boosted = boosted,
        .options = options,
        .rows = {.bins = bins, .labels = labels, .class_weight = options->class_weight},
        .least_loss = INFINITY,
    };

    *boosted = (struct table_boosted){NULL, 0, 0};
    if (bins->rows == 0 || bins->rows > INT32_MAX || options->rounds == 0)
        return error_set(error, FAULT_MODEL, "cannot boost %u trees from %zu rows", options->rounds,
                         bins->rows);
    if (later != NULL && later->bins->rows == 0)
        return error_set(error, FAULT_MODEL, "no later row tells when to stop boosting");
    if (later != NULL) {
        boosting.later = (struct followed){
            .bins = later->bins, .labels = &later->labels, .class_weight = options->class_weight};
    }
    if (run(&boosting, error))
        return true;
    table_boosted_finish(boosted);
    return false;
}

void table_boosted_finish(struct table_boosted *boosted)
{
    keep_trees(boosted, 0);
    free(boosted->trees);
    *boosted = (struct table_boosted){NULL, 0, 0};
}

static float probability_of(const void *model, double sum)
{
    const struct table_boosted *boosted = model;
    return (float)(1 / (1 + exp(-boosted->base - sum)));
}

void table_boosted_score(const struct table_boosted *boosted, const struct table_bins *bins,
                         unsigned threads, float *scores)
{
    table_score(boosted->trees, boosted->count, bins, threads, probability_of, boosted, scores);
}
