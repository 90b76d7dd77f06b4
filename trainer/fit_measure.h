/* How well scores rank attacks above legitimate logins. */
#ifndef TRAINER_FIT_MEASURE_H
#define TRAINER_FIT_MEASURE_H

#include "trainer/rows.h"

/* NAN: nothing to measure. */
struct ranking {
    int64_t legitimate, attacks;
    double auc;               /* a chance, ties counting half (Mann-Whitney) */
    double average_precision; /* by the rows' weights; all else counts rows */
    double recall_at_1pct;    /* attacks above the score that 1 % of the logins exceed */
    struct {
        int64_t rows;
        double auc, recall_at_1pct;
    } family[ROW_FAMILY_COUNT];
};

/* scores: one for each row; NAN: the row is left out. */
bool measure_ranking(const double *scores, const struct training_row *rows, size_t count,
                     struct ranking *ranking, struct error *error) MUST_USE;

#endif
