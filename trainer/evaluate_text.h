/* How an evaluation's numbers and sentences read, on a terminal as in a page. */
#ifndef TRAINER_EVALUATE_TEXT_H
#define TRAINER_EVALUATE_TEXT_H

#include "trainer/evaluate.h"

#define EVALUATE_TEXT_BYTES 512

/* "93.1 %", "-" for NAN; text: EVALUATE_TEXT_BYTES. Each returns it. */
const char *evaluate_percent(double share, char *text);
const char *evaluate_interval(const struct bootstrap_interval *interval, char *text);
const char *evaluate_number(double value, char *text); /* four digits behind the point */

/* What was done, in sentences; 0, 1, …; "" behind the last. */
const char *evaluate_sentence(const struct evaluate_output *output, unsigned number, char *text);

/* Whether a family has anything to show. */
bool evaluate_has_family(const struct evaluation *evaluation, int family);

/* "false alarms 1.3 %, budget 1 %" where a budget is missed by more than half; "" otherwise. */
const char *evaluate_budget_note(const struct evaluation *evaluation, char *text);

/* What a family is, where its name alone does not say. */
const char *evaluate_family_note(int family);

#endif
