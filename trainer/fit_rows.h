/*
 * The rows in three parts by time, so that whatever is learned from one is chosen and measured on
 * later logins:
 *
 *     training    the trees are grown on it
 *     validation  chooses among forests, stops boosting, fits the stack
 *     held out    measures, quantiles and thresholds: no choice has seen it
 *
 * Rows of simulated machines are no evidence of how the store's own logins are judged: their
 * earlier part goes into training, their later one into validation, so that both hold the same
 * mixture and a young store's few logins need not carry a fit alone. Cold rows are made, not met,
 * and so are trained on and never measured; logins that were not learned are measured alone.
 */
#ifndef TRAINER_FIT_ROWS_H
#define TRAINER_FIT_ROWS_H

#include "trainer/rows.h"

struct fit_part {
    const struct training_row *rows;
    size_t count;
    int64_t logins, attacks; /* neither cold nor prior */
    int64_t prior_rows;
};

struct fit_parts {
    struct fit_part training, validation, held_out;
};

/*
 * Orders the rows by part, weighs them, and tells the parts, which point into rows. Those of no
 * part stand behind all. False with a sentence when a part lacks what it is for.
 */
bool fit_rows_split(struct training_rows *rows, struct fit_parts *parts,
                    struct error *error) MUST_USE;

/* Weighs rows of the store's own as one part of them is weighed. */
void fit_rows_weigh(struct training_row *rows, size_t count);

#endif
