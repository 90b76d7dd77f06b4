/* The isolation forest of a model: of legitimate logins alone. */
#ifndef TRAINER_FIT_ISOLATION_H
#define TRAINER_FIT_ISOLATION_H

#include "trainer/fit_rows.h"
#include "trainer/grow_isolation.h"

/*
 * From the training part's legitimate rows, each taken as often as it weighs: prior rows stand
 * beside the store's own in the same measure as in the forest. *grown is the caller's to give to
 * grown_isolation_finish(); *rows: how many its samples were drawn from.
 */
bool fit_isolation(const struct fit_part *training, unsigned threads, uint64_t seed,
                   struct grown_isolation *grown, size_t *rows, struct error *error) MUST_USE;

#endif
