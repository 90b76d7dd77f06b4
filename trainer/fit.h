/*
 * From rows to a model: the better of two forests, an isolation forest, a stack of both and of the
 * likelihood ratio, and thresholds. What is learned from earlier logins is chosen on later ones and
 * measured on the last (trainer/fit_rows.h).
 */
#ifndef TRAINER_FIT_H
#define TRAINER_FIT_H

#include "common/config.h"
#include "trainer/calibration.h"
#include "trainer/distribution.h"
#include "trainer/fit_forest.h"
#include "trainer/fit_measure.h"
#include "trainer/fit_rival.h"
#include "trainer/fit_stack.h"
#include "trainer/fit_threshold.h"

#define FIT_LEAST_LOGINS 50 /* completed logins below which nothing can be held out */

struct fit_budgets {
    double of[RISK_LEVEL_COUNT]; /* shares of legitimate logins */
};

struct fit_budgets fit_budgets_of(const struct config *config);

/* Of the part that is held out or chosen on: the store's own, met logins. */
struct fit_counts {
    int64_t logins, attacks, prior_rows;
};

struct fit_result {
    int64_t logins;     /* legitimate logins in all */
    int64_t rows;       /* that the forest was grown on */
    int64_t prior_rows; /* of them, of simulated machines */
    struct fit_counts validation, held_out;
    enum forest_kind kind; /* of the forest that was kept */
    unsigned trees;
    struct fit_candidate candidates[FOREST_KIND_COUNT];
    unsigned isolation_trees;
    size_t isolation_rows; /* that its samples were drawn from */
    struct risk_stack stack;
    /* On held-out logins: of the risk, and of each kind of evidence alone. */
    struct ranking measures, alone[EVIDENCE_COUNT];
    struct calibration calibration;
    struct fit_threshold thresholds[RISK_LEVEL_COUNT];
    struct fit_rival rival; /* when options->rival was given */
    /* Of the store's own legitimate logins, all parts; of a sample where there are many. */
    struct distribution features[FEATURE_COUNT];
    struct distribution risk; /* of held-out legitimate logins */
    void *bytes;              /* the model file, the caller's to free() */
    size_t size;
};

/*
 * facts: trained_us, geo_epoch and geo_type alone are looked at. The rows change their order and
 * get weights. The same rows and options give the same bytes, whatever options->forest.threads.
 */
bool fit_model(struct training_rows *rows, const struct fit_options *options,
               const struct fit_budgets *budgets, const struct risk_model_facts *facts,
               struct fit_result *result, struct error *error) MUST_USE;

#endif
