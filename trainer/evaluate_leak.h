/*
 * Whether a set of labelled logins is too easy to prove anything: a single column, or a rule of at
 * most three conditions, tells attacks from logins. A high figure on such a set says nothing of
 * others.
 */
#ifndef TRAINER_EVALUATE_LEAK_H
#define TRAINER_EVALUATE_LEAK_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define LEAK_MOST_CONDITIONS 3
#define LEAK_AUC             0.999 /* from which on a column or rule solves a set */

struct leak {
    unsigned conditions; /* 1: a column alone; more: a rule; 0: nothing solves the set */
    double auc; /* of the column, whichever way round, or of the rule's shares of attacks */
    /* In the order that they were found: those above the cut are parted from those up to it. */
    struct {
        unsigned column;
        double cut;
    } condition[LEAK_MOST_CONDITIONS];
};

/*
 * The AUC of a column, 0.5 or more: of its values as they are or turned round; a missing value
 * (NAN) counts as lower than all or as higher, whichever tells more. NAN with one label only.
 */
double leak_column_auc(const float *table, size_t rows, unsigned columns, unsigned column,
                       const uint8_t *labels);

/*
 * The simplest rule that solves the set: grown greedily by Gini impurity, leaf by leaf, so a rule
 * may be missed but is never made up. table: rows × columns, NAN where missing.
 */
bool leak_find(const float *table, size_t rows, unsigned columns, const uint8_t *labels,
               struct leak *leak, struct error *error) MUST_USE;

#endif
