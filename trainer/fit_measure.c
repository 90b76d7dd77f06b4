#include "trainer/fit_measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scored {
    double score;
    float weight;
    uint8_t family;
};

/* A total order but for rows that no measure tells apart: sums do not depend on the sort. */
static int compare_scored(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

static void measure_auc(const struct scored *scored, size_t count, struct ranking *ranking)
{
    double wins[ROW_FAMILY_COUNT] = {0}, all = 0;
    double legitimate_below = 0;

    for (size_t i = 0; i < count;) {
        size_t end = i;
        double ties = 0;
        for (; end < count && scored[end].score == scored[i].score; end++)
            ties += scored[end].family == ROW_LEGITIMATE;
        for (; i < end; i++) {
            if (scored[i].family != ROW_LEGITIMATE)
                wins[scored[i].family] += legitimate_below + ties / 2;
        }
        legitimate_below += ties;
    }
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        all += wins[family];
        ranking->family[family].auc =
            wins[family] / (double)ranking->family[family].rows / (double)ranking->legitimate;
    }
    ranking->auc = all / (double)ranking->attacks / (double)ranking->legitimate;
}

/* From the highest score down, rows of the same score at once. */
static void measure_recall(const struct scored *scored, size_t count, struct ranking *ranking)
{
    double allowed = floor((double)ranking->legitimate / 100);
    double above[ROW_FAMILY_COUNT] = {0}, all = 0;
    size_t i = count;

    while (i > 0) {
        size_t end = i;
        double legitimate = 0;
        for (; i > 0 && scored[i - 1].score == scored[end - 1].score; i--)
            legitimate += scored[i - 1].family == ROW_LEGITIMATE;
        allowed -= legitimate;
        if (allowed < 0)
            break;
        for (size_t at = i; at < end; at++)
            above[scored[at].family]++;
    }
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        all += above[family];
        ranking->family[family].recall_at_1pct =
            above[family] / (double)ranking->family[family].rows;
    }
    ranking->recall_at_1pct = all / (double)ranking->attacks;
}

const double RECALL_CURVE_SHARES[RECALL_CURVE_POINTS] = {0.0001, 0.0003, 0.001, 0.003, 0.01,
                                                         0.03,   0.1,    0.3,   1};

/* The same way down: the attacks above as many logins as each share allows. */
static void measure_curve(const struct scored *scored, size_t count, struct ranking *ranking)
{
    double legitimate = 0, attacks = 0;
    size_t i = count;

    for (int point = 0; point < RECALL_CURVE_POINTS; point++) {
        double allowed = floor((double)ranking->legitimate * RECALL_CURVE_SHARES[point]);
        while (i > 0) {
            double more = 0;
            size_t begin = i;
            for (; begin > 0 && scored[begin - 1].score == scored[i - 1].score; begin--)
                more += scored[begin - 1].family == ROW_LEGITIMATE;
            if (legitimate + more > allowed)
                break;
            legitimate += more;
            attacks += (double)(i - begin) - more;
            i = begin;
        }
        ranking->recall_curve[point] = attacks / (double)ranking->attacks;
    }
}

/* The sum of precision times gain in recall, the same way down. */
static double average_precision(const struct scored *scored, size_t count)
{
    double hits = 0, all = 0, sum = 0;

    for (size_t i = count; i > 0;) {
        size_t end = i;
        double gained = 0;
        for (; i > 0 && scored[i - 1].score == scored[end - 1].score; i--) {
            double weight = (double)scored[i - 1].weight;
            gained += scored[i - 1].family != ROW_LEGITIMATE ? weight : 0;
            all += weight;
        }
        hits += gained;
        sum += gained * hits / all;
    }
    return sum / hits;
}

bool measure_ranking(const double *scores, const struct training_row *rows, size_t count,
                     struct ranking *ranking, struct error *error)
{
    struct scored *scored = calloc(count + 1, sizeof *scored);
    size_t known = 0;

    if (scored == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
    memset(ranking, 0, sizeof *ranking);
    for (size_t i = 0; i < count; i++) {
        if (isnan(scores[i]))
            continue;
        scored[known++] = (struct scored){scores[i], rows[i].weight, rows[i].family};
        ranking->family[rows[i].family].rows++;
    }
    qsort(scored, known, sizeof *scored, compare_scored);
    ranking->legitimate = ranking->family[ROW_LEGITIMATE].rows;
    ranking->attacks = (int64_t)known - ranking->legitimate;
    measure_auc(scored, known, ranking);
    measure_recall(scored, known, ranking);
    measure_curve(scored, known, ranking);
    ranking->average_precision = average_precision(scored, known);
    free(scored);
    return true;
}
