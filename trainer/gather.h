/* The rows that a model of a store is made from, and how. */
#ifndef TRAINER_GATHER_H
#define TRAINER_GATHER_H

#include "store/store.h"
#include "trainer/fit.h"
#include "trainer/rows.h"

#define GATHER_INJECTED_PER_LOGIN 1.0
#define GATHER_SMALLEST_LEAF      10

/*
 * Replays the store's logins into rows. also: shown each login before it is replayed; NULL: nobody.
 * *rows is the caller's to give to training_rows_finish(), whatever is returned.
 */
bool gather_rows(struct store *store, const struct row_options *options, struct training_rows *rows,
                 bool (*also)(void *context, const struct stored_login *login, struct error *error),
                 void *context, struct error *error) MUST_USE;

/* Rows of simulated machines beside those of a young store; one whose own logins would outweigh
 * them does without. */
bool gather_prior(struct training_rows *rows, uint64_t seed, struct error *error) MUST_USE;

/* The forest that a store's model has; threads 0: one for each processor. */
struct fit_options gather_fit_options(unsigned trees, unsigned depth, unsigned threads,
                                      uint64_t seed);

#endif
