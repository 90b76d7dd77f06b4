/* The boosted trees of table_boosted.h as a learner. */
#include <errno.h>
#include <stdlib.h>

#include "trainer/learner_bins.h"
#include "trainer/table_boosted.h"
#include "trainer/table_learner.h"

struct boosted_model {
    struct table_bins *bins;
    struct table_boosted boosted;
    struct trees kept;
    unsigned threads;
};

static void boosted_destroy(void *held)
{
    struct boosted_model *model = held;
    if (model == NULL)
        return;
    table_boosted_finish(&model->boosted);
    table_bins_destroy(model->bins);
    trees_free(&model->kept);
    free(model);
}

static bool boosted_fit(void **held, struct csv_table *table, const struct learner_options *options,
                        float *out_of_bag, struct error *error)
{
    const struct table_labels labels = {table->labels, NULL};
    struct boosted_model *model = *held = calloc(1, sizeof *model);
    struct table_boosted_options boosted_options = TABLE_BOOSTED_DEFAULTS;

    (void)out_of_bag;
    if (model == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the boosted trees");
    model->threads = options->threads;
    boosted_options.rounds = options->trees;
    boosted_options.depth = options->depth;
    boosted_options.threads = options->threads;
    boosted_options.seed = options->seed;
    if (options->balanced)
        learner_balance(table, boosted_options.class_weight);
    return learner_bin(&model->bins, table, NULL, options->threads, error) &&
           table_boosted_grow(&model->boosted, model->bins, &labels, NULL, &boosted_options, error);
}

static bool boosted_take_rows(void *held, struct csv_table *table, struct error *error)
{
    struct boosted_model *model = held;
    return learner_rebin(&model->bins, table, model->threads, error);
}

static void boosted_score(const void *held, float *scores)
{
    const struct boosted_model *model = held;
    table_boosted_score(&model->boosted, model->bins, model->threads, scores);
}

static bool boosted_keep(void *held, struct table_model_facts *facts, struct error *error)
{
    struct boosted_model *model = held;

    facts->learner = TABLE_BOOSTED;
    facts->bias = model->boosted.base;
    trees_free(&model->kept);
    if (!learner_trees(model->boosted.trees, model->boosted.count, model->bins, &model->kept,
                       error))
        return false;
    facts->trees = model->kept;
    return true;
}

const struct table_learner table_learner_boosted = {
    .usual_depth = 6,
    .needs_label = true,
    .gives_probabilities = true,
    .fit = boosted_fit,
    .take_rows = boosted_take_rows,
    .score = boosted_score,
    .destroy = boosted_destroy,
    .keep = boosted_keep,
};
