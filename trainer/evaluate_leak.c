#include "trainer/evaluate_leak.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAVES (LEAK_MOST_CONDITIONS + 1)

struct labelled_value {
    float value; /* missing: below all others */
    uint32_t row;
};

static int compare_values(const void *left, const void *right)
{
    const struct labelled_value *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void sort_column(const float *table, size_t rows, unsigned columns, unsigned column,
                        float missing, struct labelled_value *sorted)
{
    for (size_t i = 0; i < rows; i++) {
        float value = table[i * columns + column];
        sorted[i] = (struct labelled_value){isnan(value) ? missing : value, (uint32_t)i};
    }
    qsort(sorted, rows, sizeof *sorted, compare_values);
}

/* ---- a column ---- */

static double sorted_auc(const struct labelled_value *sorted, size_t rows, const uint8_t *labels)
{
    double wins = 0, below = 0, attacks = 0;

    for (size_t i = 0; i < rows;) {
        double ties[2] = {0, 0};
        float value = sorted[i].value;
        for (; i < rows && sorted[i].value == value; i++)
            ties[labels[sorted[i].row]]++;
        wins += ties[1] * (below + ties[0] / 2);
        below += ties[0];
        attacks += ties[1];
    }
    double auc = wins / attacks / below;
    return auc < 0.5 ? 1 - auc : auc;
}

double leak_column_auc(const float *table, size_t rows, unsigned columns, unsigned column,
                       const uint8_t *labels)
{
    struct labelled_value *sorted = calloc(rows + 1, sizeof *sorted);
    if (sorted == NULL)
        return NAN;
    sort_column(table, rows, columns, column, -INFINITY, sorted);
    double low = sorted_auc(sorted, rows, labels);
    sort_column(table, rows, columns, column, INFINITY, sorted);
    double high = sorted_auc(sorted, rows, labels);
    free(sorted);
    return low > high ? low : high;
}

/* ---- a rule ---- */

struct rule {
    const uint8_t *labels;
    size_t rows;
    unsigned columns;
    struct labelled_value *sorted; /* columns × rows */
    uint8_t *leaf;                 /* of each row */
    double totals[LEAVES][2];
};

struct cut {
    double gain;
    unsigned leaf, column;
    double at;
};

static double impurity(double logins, double attacks)
{
    double all = logins + attacks;
    return all > 0 ? 2 * logins * attacks / all : 0;
}

static void try_column(const struct rule *rule, unsigned column, struct cut *best)
{
    const struct labelled_value *sorted = rule->sorted + (size_t)column * rule->rows;
    double left[LEAVES][2] = {{0}};
    float last[LEAVES];

    for (size_t i = 0; i < rule->rows; i++) {
        unsigned leaf = rule->leaf[sorted[i].row];
        const double *total = rule->totals[leaf];
        double *seen = left[leaf];
        if (seen[0] + seen[1] > 0 && sorted[i].value != last[leaf]) {
            double gain = impurity(total[0], total[1]) - impurity(seen[0], seen[1]) -
                          impurity(total[0] - seen[0], total[1] - seen[1]);
            if (gain > best->gain)
                *best = (struct cut){gain, leaf, column, (double)last[leaf]};
        }
        seen[rule->labels[sorted[i].row]]++;
        last[leaf] = sorted[i].value;
    }
}

/* Rows of the leaf above the cut go into the new leaf. */
static void take_cut(struct rule *rule, const struct cut *cut, unsigned new_leaf)
{
    const struct labelled_value *sorted = rule->sorted + (size_t)cut->column * rule->rows;

    for (size_t i = 0; i < rule->rows; i++) {
        uint32_t row = sorted[i].row;
        if (rule->leaf[row] != cut->leaf || !((double)sorted[i].value > cut->at))
            continue;
        rule->leaf[row] = (uint8_t)new_leaf;
        rule->totals[cut->leaf][rule->labels[row]]--;
        rule->totals[new_leaf][rule->labels[row]]++;
    }
}

/* By the leaves' shares of attacks. */
static double rule_auc(const struct rule *rule)
{
    double wins = 0, all[2] = {0, 0};

    for (int i = 0; i < LEAVES; i++) {
        const double *a = rule->totals[i];
        all[0] += a[0];
        all[1] += a[1];
        for (int j = 0; j < LEAVES; j++) {
            const double *b = rule->totals[j];
            double ahead = a[1] * (b[0] + b[1]) - b[1] * (a[0] + a[1]);
            wins += a[1] * b[0] * (ahead > 0 ? 1 : ahead < 0 ? 0 : 0.5);
        }
    }
    return wins / all[0] / all[1];
}

static void grow_rule(struct rule *rule, struct leak *leak)
{
    struct leak grown = {.conditions = 0};

    while (grown.conditions < LEAK_MOST_CONDITIONS && leak->conditions == 0) {
        struct cut best = {.gain = 1e-9};
        for (unsigned column = 0; column < rule->columns; column++)
            try_column(rule, column, &best);
        if (best.gain <= 1e-9)
            return;
        take_cut(rule, &best, grown.conditions + 1);
        grown.condition[grown.conditions].column = best.column;
        grown.condition[grown.conditions++].cut = best.at;
        grown.auc = rule_auc(rule);
        if (grown.auc >= LEAK_AUC)
            *leak = grown;
    }
}

static void find_column(const float *table, size_t rows, unsigned columns, const uint8_t *labels,
                        struct leak *leak)
{
    for (unsigned column = 0; column < columns; column++) {
        double auc = leak_column_auc(table, rows, columns, column, labels);
        if (auc >= LEAK_AUC && auc > leak->auc) {
            leak->conditions = 1;
            leak->auc = auc;
            leak->condition[0].column = column;
            leak->condition[0].cut = NAN;
        }
    }
}

bool leak_find(const float *table, size_t rows, unsigned columns, const uint8_t *labels,
               struct leak *leak, struct error *error)
{
    struct rule rule = {.labels = labels, .rows = rows, .columns = columns};

    *leak = (struct leak){.conditions = 0};
    for (size_t i = 0; i < rows; i++)
        rule.totals[0][labels[i]]++;
    if (rule.totals[0][0] == 0 || rule.totals[0][1] == 0)
        return true;
    find_column(table, rows, columns, labels, leak);
    if (leak->conditions > 0)
        return true;
    rule.sorted = calloc((size_t)columns * rows + 1, sizeof *rule.sorted);
    rule.leaf = calloc(rows + 1, 1);
    bool room = rule.sorted != NULL && rule.leaf != NULL;
    for (unsigned column = 0; room && column < columns; column++)
        sort_column(table, rows, columns, column, -INFINITY, rule.sorted + (size_t)column * rows);
    if (room)
        grow_rule(&rule, leak);
    free(rule.leaf);
    free(rule.sorted);
    return room || error_set_errno(error, FAULT_MODEL, ENOMEM, "the rows do not fit into memory");
}
