#include "trainer/grow_forest.h"

#include <errno.h>
#include <stdlib.h>

#include "trainer/table_forest.h"

_Static_assert(sizeof(struct training_row) % sizeof(float) == 0, "features have a stride");

/* The grown tree with the features' own thresholds in place of bin numbers. */
static bool tree_of(const struct histogram_tree *grown, const struct table_bins *bins,
                    struct forest_tree *tree)
{
    struct forest_tree_node *nodes = calloc(grown->count, sizeof *nodes);
    if (nodes == NULL)
        return false;
    for (uint32_t i = 0; i < grown->count; i++) {
        const struct histogram_node *from = &grown->nodes[i];
        nodes[i].value = from->value;
        nodes[i].visits = (float)from->visits;
        if (from->child == 0)
            continue;
        nodes[i].left = from->child;
        nodes[i].right = from->child + 1;
        nodes[i].feature = (uint8_t)from->column;
        nodes[i].missing_right = from->missing_right;
        nodes[i].threshold = bins->column[from->column].cut[from->cut];
    }
    *tree = (struct forest_tree){.nodes = nodes, .count = grown->count};
    return true;
}

static bool convert(const struct histogram_tree *grown, unsigned count,
                    const struct table_bins *bins, struct forest_tree **trees, struct error *error)
{
    *trees = calloc(count + 1, sizeof **trees);
    bool made = *trees != NULL;
    for (unsigned i = 0; made && i < count; i++)
        made = tree_of(&grown[i], bins, &(*trees)[i]);
    if (made)
        return true;
    grown_forest_free(*trees, count);
    *trees = NULL;
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the trees do not fit into memory");
}

/* Training rows as the table that is learned from. */
struct learned_rows {
    struct table_bins *bins;
    uint8_t *positive;
    float *weights;
};

static struct table_labels labels_of(const struct learned_rows *rows)
{
    return (struct table_labels){rows->positive, rows->weights};
}

static bool bin_rows(struct learned_rows *learned, const struct training_row *rows, size_t count,
                     const struct table_bins *like, unsigned threads, struct error *error)
{
    const float *columns[FEATURE_COUNT];
    const struct table_view view = {
        .rows = count,
        .columns = FEATURE_COUNT,
        .column = columns,
        .stride = sizeof *rows / sizeof(float),
    };
    for (unsigned feature = 0; feature < FEATURE_COUNT; feature++)
        columns[feature] = &rows[0].features[feature];
    return like == NULL ? table_bins_create(&learned->bins, &view, threads, error)
                        : table_bins_create_like(&learned->bins, like, &view, threads, error);
}

static void learned_rows_finish(struct learned_rows *learned)
{
    table_bins_destroy(learned->bins);
    free(learned->positive);
    free(learned->weights);
}

/* like: NULL, or rows whose cuts are taken. */
static bool learned_rows_init(struct learned_rows *learned, const struct training_row *rows,
                              size_t count, const struct learned_rows *like, unsigned threads,
                              struct error *error)
{
    *learned = (struct learned_rows){NULL, NULL, NULL};
    if (count == 0 || count > INT32_MAX)
        return error_set(error, FAULT_MODEL, "cannot grow a forest from %zu rows", count);
    learned->positive = malloc(count);
    learned->weights = malloc(count * sizeof *learned->weights);
    if (learned->positive == NULL || learned->weights == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM,
                               "the training rows do not fit into memory");
    for (size_t i = 0; i < count; i++) {
        learned->positive[i] = rows[i].family != ROW_LEGITIMATE;
        learned->weights[i] = rows[i].weight;
    }
    return bin_rows(learned, rows, count, like != NULL ? like->bins : NULL, threads, error);
}

bool grow_forest(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct forest_tree **trees,
                 struct error *error)
{
    const struct table_forest_options table_options = {
        .trees = options->trees,
        .depth = options->depth,
        .threads = options->threads,
        .smallest_leaf = options->smallest_leaf,
        .seed = options->seed,
    };
    struct table_forest grown = {NULL, 0};
    struct learned_rows learned;

    *trees = NULL;
    bool done = learned_rows_init(&learned, rows, count, NULL, options->threads, error);
    if (done) {
        const struct table_labels labels = labels_of(&learned);
        done = table_forest_grow(&grown, learned.bins, &labels, &table_options, NULL, error) &&
               convert(grown.trees, grown.count, learned.bins, trees, error);
    }
    table_forest_finish(&grown);
    learned_rows_finish(&learned);
    return done;
}

bool grow_boosted(const struct training_row *rows, size_t row_count,
                  const struct training_row *later, size_t later_count,
                  const struct table_boosted_options *options, struct forest_tree **trees,
                  unsigned *count, double *base, struct error *error)
{
    struct table_boosted grown = {NULL, 0, 0};
    struct learned_rows learned, later_learned = {NULL, NULL, NULL};

    *trees = NULL;
    bool done = learned_rows_init(&learned, rows, row_count, NULL, options->threads, error) &&
                (later == NULL || learned_rows_init(&later_learned, later, later_count, &learned,
                                                    options->threads, error));
    if (done) {
        const struct table_labels labels = labels_of(&learned);
        const struct table_later stop = {later_learned.bins, labels_of(&later_learned)};
        done = table_boosted_grow(&grown, learned.bins, &labels, later != NULL ? &stop : NULL,
                                  options, error) &&
               convert(grown.trees, grown.count, learned.bins, trees, error);
    }
    *count = done ? grown.count : 0;
    *base = grown.base;
    table_boosted_finish(&grown);
    learned_rows_finish(&learned);
    learned_rows_finish(&later_learned);
    return done;
}

void grown_forest_free(struct forest_tree *trees, unsigned count)
{
    if (trees == NULL)
        return;
    for (unsigned i = 0; i < count; i++)
        free((void *)(uintptr_t)trees[i].nodes);
    free(trees);
}
