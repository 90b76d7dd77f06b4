/*
 * Scoring the rows of a table by trees that were grown on its bins: with the trees of
 * scorer/trees.h, whose thresholds are then bin numbers.
 */
#ifndef TRAINER_TABLE_SCORE_H
#define TRAINER_TABLE_SCORE_H

#include "trainer/histogram_tree.h"

/* A row's score, from its leaves' values summed over all trees. */
typedef float table_score_of(const void *model, double sum);

/*
 * Each row's score_of(model, sum), in this order in scores. The values are rounded to
 * TREES_VALUE_UNITs, unless scorer/trees.h cannot hold the trees, because they or the columns are
 * too many or a value is too great, or there is no memory for it: then the grown trees themselves
 * are walked, which takes several times as long.
 */
void table_score(const struct histogram_tree *grown, unsigned count, const struct table_bins *bins,
                 unsigned threads, table_score_of *score_of, const void *model, float *scores);

#endif
