#include "trainer/evaluate_measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/binomial_interval.h"
#include "trainer/draw.h"

#define CAUGHT_SHARE 0.99 /* of the attacks, when users are asked again */

int compare_scores(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* How many are below the score; how many are not above it. */
static size_t count_below(const double *ascending, size_t count, double score, bool or_equal)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ascending[middle] < score || (or_equal && ascending[middle] == score))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- thresholds ---- */

struct alarm_threshold alarm_threshold(const double *ascending, size_t count, double budget)
{
    double allowed = budget * (double)count;
    size_t whole = (size_t)floor(allowed + 1e-9);

    if (count == 0)
        return (struct alarm_threshold){.score = INFINITY};
    if (whole >= count)
        return (struct alarm_threshold){.score = ascending[0], .share = 1};
    double score = ascending[count - 1 - whole];
    size_t below = count_below(ascending, count, score, false);
    size_t to = count_below(ascending, count, score, true);
    double left = allowed - (double)(count - to);
    return (struct alarm_threshold){.score = score, .share = left / (double)(to - below)};
}

double alarm_chance(const struct alarm_threshold *threshold, double score)
{
    if (score == threshold->score)
        return threshold->share;
    return score > threshold->score;
}

double alarm_share(const struct alarm_threshold *threshold, const double *scores, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += alarm_chance(threshold, scores[i]);
    return count > 0 ? sum / (double)count : NAN;
}

/* ---- rankings ---- */

/* The sum of precision times gain in recall at each score, from the highest down. */
static double average_precision(const double *logins, size_t login_count, const double *attacks,
                                size_t attack_count)
{
    double sum = 0;

    for (size_t i = attack_count; i > 0;) {
        size_t end = i;
        while (i > 0 && attacks[i - 1] == attacks[end - 1])
            i--;
        double hits = (double)(attack_count - i);
        double false_alarms =
            (double)(login_count - count_below(logins, login_count, attacks[i], false));
        sum += (double)(end - i) * hits / (hits + false_alarms);
    }
    return sum / (double)attack_count;
}

struct attack_measures attack_measures(const double *logins, size_t login_count,
                                       const double *attacks, size_t attack_count)
{
    double wins = 0;

    if (login_count == 0 || attack_count == 0)
        return (struct attack_measures){NAN, NAN, NAN};
    for (size_t i = 0; i < attack_count; i++)
        wins += 0.5 * (double)(count_below(logins, login_count, attacks[i], false) +
                               count_below(logins, login_count, attacks[i], true));
    size_t caught = (size_t)ceil(CAUGHT_SHARE * (double)attack_count - 1e-9);
    double score = attacks[attack_count - caught];
    size_t asked = login_count - count_below(logins, login_count, score, false);
    return (struct attack_measures){
        .auc = wins / (double)attack_count / (double)login_count,
        .average_precision = average_precision(logins, login_count, attacks, attack_count),
        .reauthentication = (double)asked / (double)login_count};
}

/* ---- the bootstrap ---- */

struct cluster {
    uint64_t key;
    double sum, count;
};

static int compare_clusters(const void *left, const void *right)
{
    const struct cluster *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->sum > b->sum) - (a->sum < b->sum);
}

/* One for each key; returns how many. */
static size_t gather_clusters(const double *values, const uint64_t *keys, size_t count,
                              struct cluster *clusters)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        clusters[i] = (struct cluster){keys[i], values[i], 1};
    qsort(clusters, count, sizeof *clusters, compare_clusters);
    for (size_t i = 0; i < count; i++) {
        if (found > 0 && clusters[found - 1].key == clusters[i].key) {
            clusters[found - 1].sum += clusters[i].sum;
            clusters[found - 1].count++;
        } else {
            clusters[found++] = clusters[i];
        }
    }
    return found;
}

static double resampled_mean(struct draw *draw, const struct cluster *clusters, size_t count)
{
    double sum = 0, values = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cluster *drawn = &clusters[draw_below(draw, (uint32_t)count)];
        sum += drawn->sum;
        values += drawn->count;
    }
    return sum / values;
}

/* Between the two nearest of the means. */
static double percentile(const double *ascending, double share)
{
    double at = share * (EVALUATE_ROUNDS - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < EVALUATE_ROUNDS ? below + 1 : below;
    return ascending[below] + (at - (double)below) * (ascending[above] - ascending[below]);
}

/* Every resample has the same mean. The share of victims that none of these is like may be unseen.
 */
static void widen_certainty(struct bootstrap_interval *interval, size_t clusters, double least)
{
    double unseen = binomial_interval(0, (int64_t)clusters, EVALUATE_CONFIDENCE).highest;

    interval->lowest = interval->mean - unseen * (interval->mean - least);
    interval->highest = interval->mean + unseen * (1 - interval->mean);
}

bool bootstrap_mean(const double *values, double least, const uint64_t *keys, size_t count,
                    uint64_t seed, struct bootstrap_interval *interval, struct error *error)
{
    struct cluster *clusters = calloc(count + 1, sizeof *clusters);
    double means[EVALUATE_ROUNDS], sum = 0;
    struct draw draw;

    *interval = (struct bootstrap_interval){NAN, NAN, NAN};
    if (clusters == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
    size_t found = gather_clusters(values, keys, count, clusters);
    draw_seed(&draw, seed, 2);
    for (int round = 0; found > 0 && round < EVALUATE_ROUNDS; round++)
        means[round] = resampled_mean(&draw, clusters, found);
    for (size_t i = 0; i < found; i++)
        sum += clusters[i].sum;
    if (found > 0) {
        qsort(means, EVALUATE_ROUNDS, sizeof *means, compare_scores);
        double tail = (1 - EVALUATE_CONFIDENCE) / 2;
        *interval = (struct bootstrap_interval){sum / (double)count, percentile(means, tail),
                                                percentile(means, 1 - tail)};
        if (interval->lowest == interval->highest)
            widen_certainty(interval, found, least);
    }
    free(clusters);
    return true;
}
