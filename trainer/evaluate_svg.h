/* The drawings of an evaluation's page: inline SVG whose colours the page's style sheet sets. */
#ifndef TRAINER_EVALUATE_SVG_H
#define TRAINER_EVALUATE_SVG_H

#include "trainer/evaluate.h"

/* Recall against the share of false alarms, a line for each method of class "m0", "m1", … */
void svg_curves(const struct evaluation *evaluation, FILE *out);

/* The share of attacks in each tenth of the risk, against the risk. */
void svg_reliability(const struct calibration *calibration, FILE *out);

/* Recall at 1 % of each family, with its interval. */
void svg_families(const struct evaluation *evaluation, FILE *out);

#endif
