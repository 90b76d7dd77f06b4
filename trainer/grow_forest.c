#include "trainer/grow_forest.h"

#include <errno.h>
#include <stdlib.h>

#include "trainer/grown_trees.h"
#include "trainer/table_boosted.h"
#include "trainer/table_forest.h"

#define BOOSTED_DEPTH    6   /* the most: deeper trees learn single logins by heart */
#define BOOSTED_RATE     0.2 /* half of it takes twice the trees at login, for nothing that shows */
#define BOOSTED_PATIENCE 20

_Static_assert(sizeof(struct training_row) % sizeof(float) == 0, "features have a stride");

/* ---- rows as a table ---- */

struct labelled {
    struct table_bins *bins;
    uint8_t *positive;
    float *weights;
};

static void labelled_finish(struct labelled *table)
{
    table_bins_destroy(table->bins);
    free(table->positive);
    free(table->weights);
}

/* like: NULL, or the bins whose cuts are taken. */
static bool bin_rows(struct table_bins **bins, const struct table_bins *like,
                     const struct training_row *rows, size_t count, unsigned threads,
                     struct error *error)
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
    return like != NULL ? table_bins_create_like(bins, like, &view, threads, error)
                        : table_bins_create(bins, &view, threads, error);
}

static bool labelled_init(struct labelled *table, const struct table_bins *like,
                          const struct training_row *rows, size_t count, unsigned threads,
                          struct error *error)
{
    *table = (struct labelled){.bins = NULL};
    if (count == 0 || count > INT32_MAX)
        return error_set(error, FAULT_MODEL, "cannot grow a forest from %zu rows", count);
    table->positive = malloc(count);
    table->weights = malloc(count * sizeof *table->weights);
    if (table->positive == NULL || table->weights == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM,
                               "the training rows do not fit into memory");
    for (size_t i = 0; i < count; i++) {
        table->positive[i] = rows[i].family != ROW_LEGITIMATE;
        table->weights[i] = rows[i].weight;
    }
    return bin_rows(&table->bins, like, rows, count, threads, error);
}

/* ---- growing ---- */

/* A boosted inner node holds the step it would take as a leaf: the mean of its leaves' instead. */
static void average_nodes(const struct histogram_tree *tree)
{
    for (uint32_t i = tree->count; i-- > 0;) {
        struct histogram_node *node = &tree->nodes[i];
        const struct histogram_node *left = &tree->nodes[node->child], *right = left + 1;
        double visits = (double)left->visits + (double)right->visits;
        if (node->child != 0 && visits > 0)
            node->value = (float)(((double)left->value * left->visits +
                                   (double)right->value * right->visits) /
                                  visits);
    }
}

static bool bag(const struct labelled *table, const struct forest_options *options,
                struct grown_forest *forest, struct error *error)
{
    const struct table_forest_options table_options = {
        .trees = options->trees,
        .depth = options->depth,
        .threads = options->threads,
        .smallest_leaf = options->smallest_leaf,
        .seed = options->seed,
    };
    const struct table_labels labels = {table->positive, table->weights};
    struct table_forest grown;

    if (!table_forest_grow(&grown, table->bins, &labels, &table_options, NULL, error))
        return false;
    forest->count = grown.count;
    bool converted = grown_trees_of(grown.trees, grown.count, table->bins, &forest->trees, error);
    table_forest_finish(&grown);
    return converted;
}

static bool boost(const struct labelled *table, const struct labelled *later,
                  const struct forest_options *options, struct grown_forest *forest,
                  struct error *error)
{
    struct table_boosted_options table_options = TABLE_BOOSTED_DEFAULTS;
    const struct table_labels labels = {table->positive, table->weights};
    const struct table_later stop = {later->bins, {later->positive, later->weights}};
    struct table_boosted grown;

    table_options.rounds = options->trees;
    table_options.depth = options->depth < BOOSTED_DEPTH ? options->depth : BOOSTED_DEPTH;
    table_options.threads = options->threads;
    table_options.rate = BOOSTED_RATE;
    table_options.least_hessian = options->smallest_leaf;
    table_options.patience = BOOSTED_PATIENCE;
    table_options.seed = options->seed;
    if (!table_boosted_grow(&grown, table->bins, &labels, &stop, &table_options, error))
        return false;
    forest->bias = grown.base;
    for (unsigned i = 0; i < grown.count; i++)
        average_nodes(&grown.trees[i]);
    forest->count = grown.count;
    bool converted = grown_trees_of(grown.trees, grown.count, table->bins, &forest->trees, error);
    table_boosted_finish(&grown);
    return converted;
}

bool grow_bagged(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct grown_forest *forest,
                 struct error *error)
{
    struct labelled table;

    *forest = (struct grown_forest){.kind = FOREST_BAGGED};
    bool grown = labelled_init(&table, NULL, rows, count, options->threads, error) &&
                 bag(&table, options, forest, error);
    labelled_finish(&table);
    if (!grown)
        grown_forest_finish(forest);
    return grown;
}

bool grow_boosted(const struct training_row *rows, size_t count, const struct training_row *later,
                  size_t later_count, const struct forest_options *options,
                  struct grown_forest *forest, struct error *error)
{
    struct labelled table, stop = {.bins = NULL};

    *forest = (struct grown_forest){.kind = FOREST_BOOSTED};
    bool grown = labelled_init(&table, NULL, rows, count, options->threads, error) &&
                 labelled_init(&stop, table.bins, later, later_count, options->threads, error) &&
                 boost(&table, &stop, options, forest, error);
    labelled_finish(&stop);
    labelled_finish(&table);
    if (!grown)
        grown_forest_finish(forest);
    return grown;
}

void grown_forest_finish(struct grown_forest *forest)
{
    grown_trees_free(forest->trees, forest->count);
    *forest = (struct grown_forest){.trees = NULL};
}
