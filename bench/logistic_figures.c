/*
 * What fit_logistic() finds in a CSV: one line, penalty, steps, the time of fitting, the intercept,
 * and each coefficient.
 *     logistic_figures FILE.csv PENALTY
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/numeric_csv.h"
#include "trainer/fit_logistic.h"

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int print_fit(const struct numeric_csv *csv, double penalty)
{
    const struct logistic_options options = {
        .penalty = penalty, .most_steps = 100, .tolerance = 1e-10};
    struct logistic_model model;
    struct error error = ERROR_NONE;
    double start = now_ms();
    if (!fit_logistic(csv->table, csv->rows, csv->columns, csv->labels, &options, &model, &error)) {
        fprintf(stderr, "logistic_figures: %s\n", error.text);
        return 1;
    }
    printf("%g %u %.1f %.9g", penalty, model.steps, now_ms() - start, model.intercept);
    for (unsigned i = 0; i < model.columns; i++)
        printf(" %.9g", model.coefficients[i]);
    printf("\n");
    bool converged = model.converged;
    logistic_model_free(&model);
    if (!converged)
        fprintf(stderr, "logistic_figures: did not converge\n");
    return converged ? 0 : 1;
}

int main(int count, char **arguments)
{
    struct numeric_csv csv;
    struct error error = ERROR_NONE;
    if (count != 3) {
        fprintf(stderr, "usage: logistic_figures FILE.csv PENALTY\n");
        return 2;
    }
    if (!numeric_csv_read(arguments[1], &csv, &error)) {
        fprintf(stderr, "logistic_figures: %s\n", error.text);
        return 1;
    }
    int status = print_fit(&csv, strtod(arguments[2], NULL));
    free(csv.labels);
    free(csv.table);
    return status;
}
