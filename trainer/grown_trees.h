/* Trees grown on bins as those that scorer/trees_build.h lays out. */
#ifndef TRAINER_GROWN_TREES_H
#define TRAINER_GROWN_TREES_H

#include "scorer/trees_build.h"
#include "trainer/histogram_tree.h"

/*
 * bins: whose columns' cuts become the thresholds, for rows of values; NULL: the bin numbers do,
 * for rows of bins. *trees: count of them, the caller's to give to grown_trees_free().
 */
bool grown_trees_of(const struct histogram_tree *grown, uint32_t count,
                    const struct table_bins *bins, struct grown_tree **trees,
                    struct error *error) MUST_USE;

#endif
