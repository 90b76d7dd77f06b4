/* What the learners that see a table in bins share. */
#ifndef TRAINER_LEARNER_BINS_H
#define TRAINER_LEARNER_BINS_H

#include "trainer/csv_table.h"
#include "trainer/table_bins.h"

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

#endif
