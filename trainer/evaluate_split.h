/*
 * The rows of an evaluation in three parts by time: 60 of 100 completed logins to learn from, the
 * next 10 for thresholds, the last 30 to measure on.
 *
 * Whose account is attacked in one part is attacked in no other: a hash of the name says in which.
 * An address that attacks in the test attacks in no earlier part. Attacks that would break either
 * rule are left out. Takeovers count when the login succeeded, bursts by their attempts. Where
 * logins are labelled as attacks, the test has only these; else those simulated against the
 * profiles.
 */
#ifndef TRAINER_EVALUATE_SPLIT_H
#define TRAINER_EVALUATE_SPLIT_H

#include "trainer/rows.h"

enum evaluate_part { PART_TRAINING, PART_VALIDATION, PART_TEST, PART_COUNT };

/* Where attacks on that name belong. */
enum evaluate_part evaluate_victim_part(uint64_t user);

/* Whether the row is of an attack that takes an account over with one login. */
bool evaluate_is_takeover(const struct training_row *row);

struct evaluate_split {
    struct training_rows training;                 /* all that a model may learn from */
    struct training_rows validation;               /* completed logins alone */
    struct training_rows test;                     /* completed logins and attacks */
    bool labelled;                                 /* the test's attacks were told of */
    int64_t attacks_by_victim, attacks_by_address; /* left out for either */
};

/*
 * Of rows that were made with row_options.measured. False with a sentence when a part lacks what
 * it is for.
 */
bool evaluate_split(const struct training_rows *rows, struct evaluate_split *split,
                    struct error *error) MUST_USE;
void evaluate_split_finish(struct evaluate_split *split);

#endif
