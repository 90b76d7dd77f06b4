#include "trainer/distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDGE_TEXT_BYTES 32

/* As short as it is written: what is counted now must be counted alike after reading it back. */
static double rounded(double value)
{
    char text[EDGE_TEXT_BYTES];

    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

void distribution_make(const double *sorted, size_t count, size_t missing,
                       struct distribution *distribution)
{
    memset(distribution, 0, sizeof *distribution);
    for (size_t i = 1; count > 0 && i < DISTRIBUTION_BINS; i++) {
        double edge = rounded(sorted[i * count / DISTRIBUTION_BINS]);
        unsigned have = distribution->edge_count;

        if (have == 0 || edge > distribution->edges[have - 1])
            distribution->edges[distribution->edge_count++] = edge;
    }
    for (size_t i = 0; i < count; i++)
        distribution_count(distribution, sorted[i]);
    distribution->missing = (double)missing;
}

struct distribution distribution_like(const struct distribution *other)
{
    struct distribution empty = *other;

    memset(empty.counts, 0, sizeof empty.counts);
    empty.missing = 0;
    return empty;
}

void distribution_count(struct distribution *distribution, double value)
{
    unsigned bin = 0;

    if (isnan(value)) {
        distribution->missing++;
        return;
    }
    while (bin < distribution->edge_count && value > distribution->edges[bin])
        bin++;
    distribution->counts[bin]++;
}

double distribution_total(const struct distribution *distribution)
{
    double total = distribution->missing;

    for (unsigned i = 0; i <= distribution->edge_count; i++)
        total += distribution->counts[i];
    return total;
}

double distribution_missing_share(const struct distribution *distribution)
{
    return distribution->missing / distribution_total(distribution);
}

/* ---- the index ------------------------------------------------------------------------------ */

/* The count of bin i, the last of which is what is missing. */
static double count_in(const struct distribution *distribution, unsigned bin)
{
    return bin <= distribution->edge_count ? distribution->counts[bin] : distribution->missing;
}

static unsigned bins_in_use(const struct distribution *before, const struct distribution *after)
{
    unsigned bins = 0;

    for (unsigned bin = 0; bin <= before->edge_count + 1; bin++)
        bins += count_in(before, bin) + count_in(after, bin) > 0;
    return bins;
}

double distribution_shift(const struct distribution *before, const struct distribution *after)
{
    double added = (double)bins_in_use(before, after) / 2, shift = 0;

    for (unsigned bin = 0; bin <= before->edge_count + 1; bin++) {
        double p = (count_in(after, bin) + 0.5) / (distribution_total(after) + added);
        double q = (count_in(before, bin) + 0.5) / (distribution_total(before) + added);

        if (count_in(before, bin) + count_in(after, bin) > 0)
            shift += (p - q) * log(p / q);
    }
    return shift;
}

double distribution_noise(const struct distribution *before, const struct distribution *after)
{
    return ((double)bins_in_use(before, after) - 1) *
           (1 / distribution_total(before) + 1 / distribution_total(after));
}

/* ---- as text -------------------------------------------------------------------------------- */

void distribution_write(struct json_writer *json, const char *name,
                        const struct distribution *distribution)
{
    json_object_begin(json, name);
    json_integer(json, "missing", (int64_t)distribution->missing);
    json_array_begin(json, "edges");
    for (unsigned i = 0; i < distribution->edge_count; i++)
        json_number(json, NULL, distribution->edges[i]);
    json_array_end(json);
    json_array_begin(json, "counts");
    for (unsigned i = 0; i <= distribution->edge_count; i++)
        json_integer(json, NULL, (int64_t)distribution->counts[i]);
    json_array_end(json);
    json_object_end(json);
}

bool distribution_read(struct json_value value, struct distribution *distribution)
{
    struct json_value edges = json_member(value, "edges"), counts = json_member(value, "counts");

    memset(distribution, 0, sizeof *distribution);
    distribution->missing = json_to_number(json_member(value, "missing"));
    while (distribution->edge_count < DISTRIBUTION_BINS - 1 &&
           json_element(edges, distribution->edge_count).begin != NULL) {
        unsigned at = distribution->edge_count++;
        distribution->edges[at] = json_to_number(json_element(edges, at));
        if (!isfinite(distribution->edges[at]) ||
            (at > 0 && !(distribution->edges[at] > distribution->edges[at - 1])))
            return false;
    }
    for (unsigned i = 0; i <= distribution->edge_count; i++) {
        distribution->counts[i] = json_to_number(json_element(counts, i));
        if (!(distribution->counts[i] >= 0))
            return false;
    }
    return distribution->missing >= 0 && isfinite(distribution_total(distribution)) &&
           distribution_total(distribution) > 0;
}
