/* The model in use, on the very rows that a new one is measured on. */
#ifndef TRAINER_FIT_RIVAL_H
#define TRAINER_FIT_RIVAL_H

#include "scorer/risk.h"
#include "trainer/binomial_interval.h"
#include "trainer/fit_measure.h"
#include "trainer/fit_rows.h"

struct fit_rival {
    struct ranking measures;
    struct {
        double budget;
        int64_t reached;                /* held-out logins at or above its own threshold */
        struct binomial_interval share; /* of logins that reach it, 99 % */
    } levels[RISK_LEVEL_COUNT];
};

/* budgets: RISK_LEVEL_COUNT shares of legitimate logins. */
bool fit_rival_measure(const struct risk_model *model, const struct fit_part *held_out,
                       const double *budgets, struct fit_rival *rival,
                       struct error *error) MUST_USE;

/* A level that it gives to more logins than its budget, beyond chance; RISK_LEVEL_COUNT: none. */
enum risk_level fit_rival_overrun(const struct fit_rival *rival);

/*
 * Whether a new model with these measures is to take its place: when it ranks no worse, by average
 * precision as forests are chosen (trainer/fit_forest.h), or there is no attack to rank; or when
 * the rival overruns a budget. The new one's thresholds stand on these very rows: it overruns none
 * of them.
 */
bool fit_rival_yields(const struct fit_rival *rival, const struct ranking *measures);

#endif
