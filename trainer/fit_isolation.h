/* The isolation forest of a model: of legitimate logins alone, labelled or not. */
#ifndef TRAINER_FIT_ISOLATION_H
#define TRAINER_FIT_ISOLATION_H

#include "scorer/trees_build.h"
#include "trainer/fit_rows.h"
#include "trainer/grow_isolation.h"

struct fit_isolation {
    struct grown_tree *trees; /* the maker's to give to grown_trees_free() */
    uint32_t count, sample_rows;
    size_t rows; /* that the samples were drawn from */
};

/*
 * From the training part's legitimate rows, each taken as often as it weighs: prior rows stand
 * beside the store's own in the same measure as in the forest.
 */
bool fit_isolation(const struct fit_part *training, unsigned threads, uint64_t seed,
                   struct fit_isolation *forest, struct error *error) MUST_USE;

#endif
