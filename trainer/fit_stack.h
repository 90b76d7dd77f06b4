/*
 * The stack of a model: a logistic regression (trainer/fit_logistic.h) of attack or not on the
 * forest's log-odds, the isolation score and the likelihood ratio of the validation rows, by their
 * weights. Its probabilities are calibrated to the share of attacks that the weights make.
 */
#ifndef TRAINER_FIT_STACK_H
#define TRAINER_FIT_STACK_H

#include "scorer/risk.h"
#include "trainer/fit_rows.h"

enum fit_evidence { EVIDENCE_FOREST, EVIDENCE_ISOLATION, EVIDENCE_LIKELIHOOD, EVIDENCE_COUNT };

const char *fit_evidence_name(enum fit_evidence evidence); /* "forest", … */

/*
 * risks: of the rows, of which the three kinds of evidence are looked at. A kind that would lower
 * the risk of logins that it finds more anomalous gets the weight 0, and the others are fitted
 * again: it could only make up for what another says too loudly. False with a sentence when nothing
 * is left or the regression does not converge.
 */
bool fit_stack(const struct risk *risks, const struct fit_part *validation,
               struct risk_stack *stack, struct error *error) MUST_USE;

/* What a kind says; the stack's mean where it is missing. */
double fit_evidence_of(const struct risk *risk, enum fit_evidence evidence,
                       const struct risk_stack *stack);

#endif
