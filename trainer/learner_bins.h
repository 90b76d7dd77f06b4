/* What the learners that see a table in bins share. */
#ifndef TRAINER_LEARNER_BINS_H
#define TRAINER_LEARNER_BINS_H

#include "scorer/trees_build.h"
#include "trainer/csv_table.h"
#include "trainer/histogram_tree.h"

/*
 * The table's values in bins, cut as those of `like` unless it is NULL; the values themselves are
 * dropped. A word counts as its number, one that was never learned as missing.
 */
bool learner_bin(struct table_bins **bins, struct csv_table *table, const struct table_bins *like,
                 unsigned threads, struct error *error) MUST_USE;

/* Other rows in the same cuts, in place of those that *bins holds. */
bool learner_rebin(struct table_bins **bins, struct csv_table *table, unsigned threads,
                   struct error *error) MUST_USE;

/* Weights by which rows of both labels weigh the same together, 1 in the mean. */
void learner_balance(const struct csv_table *table, double class_weight[2]);

/*
 * Grown trees as rows of values walk them, none where there are none: *trees is the caller's to
 * give to trees_free().
 */
bool learner_trees(const struct histogram_tree *grown, uint32_t count,
                   const struct table_bins *bins, struct trees *trees,
                   struct error *error) MUST_USE;

#endif
