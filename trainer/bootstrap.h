/* The rows and options that the default model is made from. */
#ifndef TRAINER_BOOTSTRAP_H
#define TRAINER_BOOTSTRAP_H

#include "common/config.h"
#include "trainer/fit.h"

#define BOOTSTRAP_SEED 1 /* of the model that is embedded in the code */

/* Rows of several simulated machines: with all evidence, without databases, without clients, and
 * with a history that was imported before clients were known. */
bool bootstrap_rows(uint64_t seed, struct training_rows *rows, struct error *error) MUST_USE;

/*
 * Adds such rows to a store's own as prior knowledge: what a young history cannot show, and
 * evidence that an imported one never had.
 */
bool bootstrap_add_prior(uint64_t seed, struct training_rows *rows, struct error *error) MUST_USE;

bool bootstrap_model(uint64_t seed, unsigned threads, struct fit_result *result,
                     struct error *error) MUST_USE;

#endif
