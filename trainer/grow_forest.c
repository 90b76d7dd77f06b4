#include "trainer/grow_forest.h"

#include <errno.h>
#include <stdlib.h>

#include "trainer/table_forest.h"

_Static_assert(sizeof(struct training_row) % sizeof(float) == 0, "features have a stride");

/* The grown tree with the features' own thresholds in place of bin numbers. */
static bool tree_of(const struct histogram_tree *grown, const struct table_bins *bins,
                    struct grown_tree *tree)
{
    struct grown_node *nodes = calloc(grown->count, sizeof *nodes);
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
        nodes[i].column = (uint16_t)from->column;
        nodes[i].missing_right = from->missing_right;
        nodes[i].threshold = bins->column[from->column].cut[from->cut];
    }
    *tree = (struct grown_tree){.nodes = nodes, .count = grown->count};
    return true;
}

static bool convert(const struct table_forest *grown, const struct table_bins *bins,
                    struct grown_tree **trees)
{
    *trees = calloc(grown->count, sizeof **trees);
    bool made = *trees != NULL;
    for (unsigned i = 0; made && i < grown->count; i++)
        made = tree_of(&grown->trees[i], bins, &(*trees)[i]);
    if (!made) {
        grown_trees_free(*trees, grown->count);
        *trees = NULL;
    }
    return made;
}

static bool grow(const struct table_bins *bins, const struct table_labels *labels,
                 const struct forest_options *options, struct grown_tree **trees,
                 struct error *error)
{
    const struct table_forest_options table_options = {
        .trees = options->trees,
        .depth = options->depth,
        .threads = options->threads,
        .smallest_leaf = options->smallest_leaf,
        .seed = options->seed,
    };
    struct table_forest grown;

    if (!table_forest_grow(&grown, bins, labels, &table_options, NULL, error))
        return false;
    bool converted = convert(&grown, bins, trees);
    table_forest_finish(&grown);
    return converted ||
           error_set_errno(error, FAULT_MODEL, ENOMEM, "the forest does not fit into memory");
}

static bool bin_rows(struct table_bins **bins, const struct training_row *rows, size_t count,
                     unsigned threads, struct error *error)
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
    return table_bins_create(bins, &view, threads, error);
}

bool grow_forest(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct grown_tree **trees,
                 struct error *error)
{
    struct table_bins *bins = NULL;

    *trees = NULL;
    if (count == 0 || count > INT32_MAX)
        return error_set(error, FAULT_MODEL, "cannot grow a forest from %zu rows", count);
    uint8_t *positive = malloc(count);
    float *weights = malloc(count * sizeof *weights);
    bool grown = positive != NULL && weights != NULL;
    if (!grown)
        error_set_errno(error, FAULT_MODEL, ENOMEM, "the training rows do not fit into memory");
    for (size_t i = 0; grown && i < count; i++) {
        positive[i] = rows[i].family != ROW_LEGITIMATE;
        weights[i] = rows[i].weight;
    }
    const struct table_labels labels = {positive, weights};
    grown = grown && bin_rows(&bins, rows, count, options->threads, error) &&
            grow(bins, &labels, options, trees, error);
    table_bins_destroy(bins);
    free(positive);
    free(weights);
    return grown;
}
