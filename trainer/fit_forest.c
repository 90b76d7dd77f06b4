#include "trainer/fit_forest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/fit_measure.h"

static bool bag(const struct fit_parts *parts, const struct forest_options *options,
                struct grown_forest *forest, struct error *error)
{
    return grow_bagged(parts->training.rows, parts->training.count, options, forest, error);
}

static bool boost(const struct fit_parts *parts, const struct forest_options *options,
                  struct grown_forest *forest, struct error *error)
{
    return grow_boosted(parts->training.rows, parts->training.count, parts->validation.rows,
                        parts->validation.count, options, forest, error);
}

/* By kind; of equals the first is taken. */
static const struct {
    const char *name;
    bool (*grow)(const struct fit_parts *parts, const struct forest_options *options,
                 struct grown_forest *forest, struct error *error);
} KINDS[FOREST_KIND_COUNT] = {
    [FOREST_BAGGED] = {"random forest", bag},
    [FOREST_BOOSTED] = {"boosted trees", boost},
};

const char *fit_forest_name(enum forest_kind kind)
{
    return KINDS[kind].name;
}

static bool is_met(const struct training_row *row)
{
    return !row->prior && !row->cold;
}

/*
 * Average precision: the stack calibrates whatever log-odds a forest gives, so that its order of
 * the logins is what counts, and precision is decided where few legitimate logins rank, the only
 * place where budgets let a verdict be given.
 */
static bool measure(const struct grown_forest *grown, const struct fit_part *validation,
                    double *average_precision, struct error *error)
{
    struct forest forest = {.kind = grown->kind, .bias = grown->bias};
    struct ranking ranking;

    if (!trees_build(grown->trees, grown->count, FEATURE_COUNT, &forest.trees, error))
        return false;
    double *scores = calloc(validation->count + 1, sizeof *scores);
    bool measured = scores != NULL;
    if (!measured)
        error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
    for (size_t i = 0; measured && i < validation->count; i++)
        scores[i] = is_met(&validation->rows[i])
                        ? forest_score(&forest, validation->rows[i].features)
                        : (double)NAN;
    measured =
        measured && measure_ranking(scores, validation->rows, validation->count, &ranking, error);
    if (measured)
        *average_precision = ranking.average_precision;
    free(scores);
    trees_free(&forest.trees);
    return measured;
}

/* Keeps the better one of the two. */
static void keep_better(struct grown_forest *best, struct grown_forest *grown,
                        const struct fit_candidate *candidates)
{
    struct grown_forest worse = *grown;
    if (best->trees == NULL ||
        candidates[grown->kind].average_precision > candidates[best->kind].average_precision) {
        worse = *best;
        *best = *grown;
    }
    grown_forest_finish(&worse);
}

bool fit_forest(const struct fit_parts *parts, const struct fit_options *options,
                struct grown_forest *forest, struct fit_candidate *candidates, struct error *error)
{
    bool may_choose = !options->bagged_only && parts->validation.logins >= FIT_LEAST_TO_CHOOSE;

    *forest = (struct grown_forest){.trees = NULL};
    for (int kind = 0; kind < FOREST_KIND_COUNT; kind++) {
        struct fit_candidate *candidate = &candidates[kind];
        struct grown_forest grown;
        *candidate = (struct fit_candidate){.average_precision = (double)NAN};
        if (kind != FOREST_BAGGED && !may_choose)
            continue;
        if (!KINDS[kind].grow(parts, &options->forest, &grown, error))
            return false;
        candidate->trees = grown.count;
        if (grown.count == 0) { /* nothing to boost: no candidate */
            grown_forest_finish(&grown);
            continue;
        }
        if (!measure(&grown, &parts->validation, &candidate->average_precision, error)) {
            grown_forest_finish(&grown);
            return false;
        }
        keep_better(forest, &grown, candidates);
    }
    return true;
}
