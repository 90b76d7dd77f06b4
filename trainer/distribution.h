/*
 * How a number is distributed, in a few counts, and how far one distribution is from another. The
 * bins are the deciles of the first one; where many values are equal, deciles fall together and
 * there are fewer. What is missing has a bin of its own.
 */
#ifndef TRAINER_DISTRIBUTION_H
#define TRAINER_DISTRIBUTION_H

#include <stddef.h>

#include "common/json_reader.h"
#include "common/json_writer.h"

#define DISTRIBUTION_BINS 10

struct distribution {
    unsigned edge_count;                 /* bins: one more */
    double edges[DISTRIBUTION_BINS - 1]; /* ascending; bin i ends with edges[i], which is in it */
    double counts[DISTRIBUTION_BINS];
    double missing;
};

/* sorted: the values that are there, ascending. missing: those that are not. */
void distribution_make(const double *sorted, size_t count, size_t missing,
                       struct distribution *distribution);

/* The same bins, empty; and one more value in them, NAN: missing. */
struct distribution distribution_like(const struct distribution *other);
void distribution_count(struct distribution *distribution, double value);

double distribution_total(const struct distribution *distribution);
double distribution_missing_share(const struct distribution *distribution); /* NAN: of nothing */

/*
 * The population stability index of two distributions with the same bins: the sum over bins of
 * (p - q) ln(p / q), which is the divergence of Jeffreys (1946), as credit scoring uses it (Siddiqi
 * 2006, "Credit Risk Scorecards"): below .1 is read as stable, from .25 on as another population.
 * Half a value is added to each count, so that an empty bin is no infinity; a bin that is empty on
 * both sides says nothing.
 */
#define DISTRIBUTION_SHIFTED 0.1
#define DISTRIBUTION_CHANGED 0.25
double distribution_shift(const struct distribution *before, const struct distribution *after);

/*
 * What that index is on average when nothing has changed: (bins - 1) (1/n + 1/m), from its
 * chi-square distribution (Yurdakul 2018, "Statistical properties of population stability index").
 */
double distribution_noise(const struct distribution *before, const struct distribution *after);

void distribution_write(struct json_writer *json, const char *name,
                        const struct distribution *distribution);
/* False when the value is not what distribution_write() wrote. */
bool distribution_read(struct json_value value, struct distribution *distribution) MUST_USE;

#endif
