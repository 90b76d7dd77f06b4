/* How well scores rank attacks above legitimate logins. */
#ifndef TRAINER_FIT_MEASURE_H
#define TRAINER_FIT_MEASURE_H

#include "trainer/rows.h"

/* Shares of legitimate logins raised by mistake at which recall is measured for a curve. */
#define RECALL_CURVE_POINTS 9
extern const double RECALL_CURVE_SHARES[RECALL_CURVE_POINTS];

/* NAN: nothing to measure. */
struct ranking {
    int64_t legitimate, attacks;
    double auc;               /* a chance, ties counting half (Mann-Whitney) */
    double average_precision; /* by the rows' weights; all else counts rows */
    double recall_at_1pct;    /* attacks above the score that 1 % of the logins exceed */
    double recall_curve[RECALL_CURVE_POINTS]; /* likewise at the other shares */
    struct {
        int64_t rows;
        double auc, recall_at_1pct;
    } family[ROW_FAMILY_COUNT];
};

/* scores: one for each row; NAN: the row is left out. */
bool measure_ranking(const double *scores, const struct training_row *rows, size_t count,
                     struct ranking *ranking, struct error *error) MUST_USE;

#endif
