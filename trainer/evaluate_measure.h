/*
 * The measures of an evaluation, over scores of logins and of attacks: the higher a score, the
 * likelier an attack. Nothing to measure is NAN.
 */
#ifndef TRAINER_EVALUATE_MEASURE_H
#define TRAINER_EVALUATE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define EVALUATE_ROUNDS     1000 /* of the bootstrap */
#define EVALUATE_CONFIDENCE 0.95

/*
 * A threshold that holds a budget of false alarms exactly, ties included (the randomised test of
 * Neyman and Pearson 1933): an alarm above the score, and for a share of what has that very score.
 */
struct alarm_threshold {
    double score, share;
};

/* ascending: scores of logins without NAN. Without logins nothing is an alarm. */
struct alarm_threshold alarm_threshold(const double *ascending, size_t count, double budget);

/* The chance of an alarm: 0, the threshold's share, or 1. */
double alarm_chance(const struct alarm_threshold *threshold, double score);

/* The mean chance over such scores. */
double alarm_share(const struct alarm_threshold *threshold, const double *scores, size_t count);

struct attack_measures {
    double auc; /* a chance, ties counting half (Mann-Whitney) */
    double average_precision;
    double reauthentication; /* share of the logins at or above the highest score that at least
                                99 % of the attacks reach */
};

/* Both ascending, without NAN. */
struct attack_measures attack_measures(const double *logins, size_t login_count,
                                       const double *attacks, size_t attack_count);

struct bootstrap_interval {
    double mean, lowest, highest;
};

/*
 * The mean of values with a percentile interval of EVALUATE_CONFIDENCE over EVALUATE_ROUNDS
 * resamples of whole clusters, with replacement: values of one victim are not independent of each
 * other (cluster bootstrap: Davison and Hinkley 1997, 3.8). Values are from `least` to 1. Where all
 * clusters are alike, or there is one alone, which resampling cannot doubt, as large a share may be
 * otherwise, and as far, as Clopper's and Pearson's interval of none in so many trials leaves open.
 * The same seed gives the same interval.
 */
bool bootstrap_mean(const double *values, double least, const uint64_t *clusters, size_t count,
                    uint64_t seed, struct bootstrap_interval *interval,
                    struct error *error) MUST_USE;

/* qsort()'s, of doubles without NAN, ascending. */
int compare_scores(const void *left, const void *right);

#endif
