/* The random forest of table_forest.h as a learner. */
#include <errno.h>
#include <stdlib.h>

#include "trainer/learner_bins.h"
#include "trainer/table_forest.h"
#include "trainer/table_learner.h"

struct forest_model {
    struct table_bins *bins;
    struct table_forest forest;
    struct trees kept;
    unsigned threads;
};

static void forest_destroy(void *held)
{
    struct forest_model *model = held;
    if (model == NULL)
        return;
    table_forest_finish(&model->forest);
    table_bins_destroy(model->bins);
    trees_free(&model->kept);
    free(model);
}

static bool forest_fit(void **held, struct csv_table *table, const struct learner_options *options,
                       float *out_of_bag, struct error *error)
{
    const struct table_labels labels = {table->labels, NULL};
    struct forest_model *model = *held = calloc(1, sizeof *model);
    struct table_forest_options forest_options = {
        .trees = options->trees,
        .depth = options->depth,
        .threads = options->threads,
        .smallest_leaf = options->smallest_leaf,
        .seed = options->seed,
    };

    if (model == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the forest");
    model->threads = options->threads;
    if (options->balanced)
        learner_balance(table, forest_options.class_weight);
    return learner_bin(&model->bins, table, NULL, options->threads, error) &&
           table_forest_grow(&model->forest, model->bins, &labels, &forest_options, out_of_bag,
                             error);
}

static bool forest_take_rows(void *held, struct csv_table *table, struct error *error)
{
    struct forest_model *model = held;
    return learner_rebin(&model->bins, table, model->threads, error);
}

static void forest_score(const void *held, float *scores)
{
    const struct forest_model *model = held;
    table_forest_score(&model->forest, model->bins, model->threads, scores);
}

static bool forest_keep(void *held, struct table_model_facts *facts, struct error *error)
{
    struct forest_model *model = held;

    facts->learner = TABLE_FOREST;
    trees_free(&model->kept);
    if (!learner_trees(model->forest.trees, model->forest.count, model->bins, &model->kept, error))
        return false;
    facts->trees = model->kept;
    return true;
}

const struct table_learner table_learner_forest = {
    .usual_depth = 12,
    .needs_label = true,
    .gives_probabilities = true,
    .has_out_of_bag = true,
    .fit = forest_fit,
    .take_rows = forest_take_rows,
    .score = forest_score,
    .destroy = forest_destroy,
    .keep = forest_keep,
};
