#include "trainer/fit_rival.h"

#include <errno.h>
#include <stdlib.h>

#define CONFIDENCE 0.99 /* asked every night */

static void count_reached(const struct risk_model *model, const double *risks,
                          const struct fit_part *part, const double *budgets,
                          struct fit_rival *rival)
{
    for (int level = 0; level < RISK_LEVEL_COUNT; level++) {
        double threshold = (double)risk_threshold_for(model, budgets[level]);
        int64_t reached = 0;
        for (size_t i = 0; i < part->count; i++)
            reached += part->rows[i].family == ROW_LEGITIMATE && risks[i] >= threshold;
        rival->levels[level].budget = budgets[level];
        rival->levels[level].reached = reached;
        rival->levels[level].share = binomial_interval(reached, part->logins, CONFIDENCE);
    }
}

bool fit_rival_measure(const struct risk_model *model, const struct fit_part *held_out,
                       const double *budgets, struct fit_rival *rival, struct error *error)
{
    double *risks = calloc(held_out->count + 1, sizeof *risks);
    bool measured = risks != NULL;

    if (!measured)
        error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
    for (size_t i = 0; measured && i < held_out->count; i++) {
        struct risk risk;
        measured = risk_assess(model, held_out->rows[i].features, &risk, error);
        risks[i] = risk.probability;
    }
    measured = measured &&
               measure_ranking(risks, held_out->rows, held_out->count, &rival->measures, error);
    if (measured)
        count_reached(model, risks, held_out, budgets, rival);
    free(risks);
    return measured;
}

enum risk_level fit_rival_overrun(const struct fit_rival *rival)
{
    int level = 0;
    while (level < RISK_LEVEL_COUNT &&
           !(rival->levels[level].share.lowest > rival->levels[level].budget))
        level++;
    return (enum risk_level)level;
}

bool fit_rival_yields(const struct fit_rival *rival, const struct ranking *measures)
{
    return !(measures->average_precision < rival->measures.average_precision) ||
           fit_rival_overrun(rival) != RISK_LEVEL_COUNT;
}
