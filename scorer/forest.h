/*
 * What was learned from labels: a random forest (Breiman 2001), whose leaves hold the share of
 * anomalies among the training rows, or boosted trees (Friedman 2001; Chen and Guestrin 2016),
 * whose leaves hold steps of log-odds. Both are trees of scorer/trees.h.
 */
#ifndef SCORER_FOREST_H
#define SCORER_FOREST_H

#include "scorer/trees.h"

enum forest_kind { FOREST_BAGGED, FOREST_BOOSTED, FOREST_KIND_COUNT };

const char *forest_kind_name(enum forest_kind kind); /* "bagged", "boosted" */

/* Beyond these log-odds a mean of leaves says no more: no forest has seen that many rows. */
#define FOREST_MOST_LOGIT 10.0

struct forest {
    enum forest_kind kind;
    struct trees trees;
    double bias; /* log-odds before any tree; 0 for bagged trees */
};

/* Log-odds of an anomaly, within FOREST_MOST_LOGIT of 0, of what trees_sum() tells. */
double forest_logit_of(const struct forest *forest, int64_t sum);

/* 0 to 1, the same. */
double forest_score_of(const struct forest *forest, int64_t sum);

/* 0 to 1. row: column_count values, NAN where missing. */
double forest_score(const struct forest *forest, const float *row);

/* The same of each of `rows` rows of column_count values that follow one another. */
void forest_score_rows(const struct forest *forest, const float *table, size_t rows,
                       double *scores);

/* What leaves and means of such trees can be. */
struct tree_bounds forest_bounds(enum forest_kind kind);

double forest_logistic(double log_odds);

#endif
