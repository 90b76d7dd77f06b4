#include "trainer/fit_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRAINING_SHARE   0.55 /* of the store's own logins */
#define VALIDATION_SHARE 0.15
#define ATTACK_WEIGHT    0.35 /* of all attacks together, over that of the legitimate logins */
#define HEAVIEST_ROW     25.0
#define PRIOR_LOGINS     2000.0

enum part { TRAINING, VALIDATION, HELD_OUT, LEFT_OUT, PART_COUNT };

static bool out_of_memory(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the training rows do not fit into memory");
}

/* ---- the split ---- */

/* The store's own rows, or the prior ones: where they are parted. */
struct cuts {
    int64_t validation_us, held_out_us;
};

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static bool find_cuts(const struct training_rows *rows, bool prior, struct cuts *cuts,
                      struct error *error)
{
    double kept_back = prior ? 0 : 1 - TRAINING_SHARE - VALIDATION_SHARE;
    int64_t *times = calloc(rows->count + 1, sizeof *times);
    size_t count = 0;

    if (times == NULL)
        return out_of_memory(error);
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        if (row->family == ROW_LEGITIMATE && !row->cold && row->prior == prior)
            times[count++] = row->time_us;
    }
    qsort(times, count, sizeof *times, compare_times);
    double ratio = TRAINING_SHARE / (TRAINING_SHARE + VALIDATION_SHARE);
    cuts->validation_us = times[(size_t)(ratio * (1 - kept_back) * (double)count)];
    cuts->held_out_us = prior ? INT64_MAX : times[(size_t)((1 - kept_back) * (double)count)];
    free(times);
    return true;
}

static enum part part_of(const struct training_row *row, const struct cuts cuts[2])
{
    const struct cuts *own = &cuts[row->prior];
    if (row->untrained && row->time_us < own->held_out_us)
        return LEFT_OUT;
    if (row->time_us < own->validation_us)
        return TRAINING;
    if (row->time_us < own->held_out_us)
        return VALIDATION;
    return row->cold ? LEFT_OUT : HELD_OUT;
}

/* Each part together, in the order that the rows had. starts: PART_COUNT + 1 of them. */
static bool order_rows(struct training_rows *rows, const struct cuts cuts[2], size_t *starts,
                       struct error *error)
{
    struct training_row *ordered = calloc(rows->count + 1, sizeof *ordered);
    size_t next[PART_COUNT];

    if (ordered == NULL)
        return out_of_memory(error);
    memset(starts, 0, (PART_COUNT + 1) * sizeof *starts);
    for (size_t i = 0; i < rows->count; i++)
        starts[part_of(&rows->rows[i], cuts) + 1]++;
    for (int part = 0; part < PART_COUNT; part++) {
        next[part] = starts[part];
        starts[part + 1] += starts[part];
    }
    for (size_t i = 0; i < rows->count; i++)
        ordered[next[part_of(&rows->rows[i], cuts)]++] = rows->rows[i];
    free(rows->rows);
    rows->rows = ordered;
    rows->capacity = rows->count + 1;
    return true;
}

/* ---- weights ---- */

/* The rows of the store, or the prior ones beside them; `legitimate` is what a login weighs. */
static void weigh(struct training_row *rows, size_t count, bool prior, double legitimate)
{
    double counts[ROW_FAMILY_COUNT] = {0};
    unsigned families = 0;

    for (size_t i = 0; i < count; i++)
        counts[rows[i].family] += rows[i].prior == prior;
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++)
        families += counts[family] > 0;
    double share = ATTACK_WEIGHT * counts[ROW_LEGITIMATE] / (families == 0 ? 1 : families);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].prior != prior)
            continue;
        rows[i].weight = (float)legitimate;
        if (rows[i].family != ROW_LEGITIMATE)
            rows[i].weight *= (float)fmin(share / counts[rows[i].family], HEAVIEST_ROW);
    }
}

/*
 * In each part all families weigh the same; the attacks together a fixed part of the legitimate
 * logins, among the store's rows as among the prior ones: evidence that only one of the two has
 * must not speak for or against a login. Prior rows weigh as much in training as PRIOR_LOGINS
 * logins of the store's own would, and each as much in validation: they carry a young store and
 * hardly count beside a long history.
 */
static void weigh_parts(struct training_row *rows, const size_t *starts)
{
    double prior_logins = 0;

    for (size_t i = starts[TRAINING]; i < starts[TRAINING + 1]; i++)
        prior_logins += rows[i].prior && rows[i].family == ROW_LEGITIMATE;
    for (int part = TRAINING; part <= HELD_OUT; part++) {
        struct training_row *first = rows + starts[part];
        size_t count = starts[part + 1] - starts[part];
        weigh(first, count, false, 1);
        weigh(first, count, true, PRIOR_LOGINS / fmax(prior_logins, 1));
    }
}

void fit_rows_weigh(struct training_row *rows, size_t count)
{
    weigh(rows, count, false, 1);
}

/* ---- both ---- */

static struct fit_part describe(const struct training_row *rows, const size_t *starts,
                                enum part part)
{
    struct fit_part found = {.rows = rows + starts[part], .count = starts[part + 1] - starts[part]};
    for (size_t i = 0; i < found.count; i++) {
        const struct training_row *row = &found.rows[i];
        bool met = !row->cold && !row->prior;
        found.logins += met && row->family == ROW_LEGITIMATE;
        found.attacks += met && row->family != ROW_LEGITIMATE;
        found.prior_rows += row->prior;
    }
    return found;
}

/* Trees and stack need both kinds, prior ones among them; thresholds need logins. */
static bool check_part(const struct fit_part *part, bool attacks, const char *name,
                       struct error *error)
{
    bool found[2] = {false, !attacks};
    for (size_t i = 0; i < part->count; i++)
        found[part->rows[i].family != ROW_LEGITIMATE] = true;
    return (found[0] && found[1]) ||
           error_set(error, FAULT_MODEL,
                     "nothing can be learned: the %s part of the history has no %s; the built-in "
                     "model stays in use",
                     name, found[0] ? "attack, labelled or simulated" : "completed login");
}

bool fit_rows_split(struct training_rows *rows, struct fit_parts *parts, struct error *error)
{
    struct cuts cuts[2];
    size_t starts[PART_COUNT + 1];

    if (!find_cuts(rows, false, &cuts[false], error) ||
        !find_cuts(rows, true, &cuts[true], error) || !order_rows(rows, cuts, starts, error))
        return false;
    weigh_parts(rows->rows, starts);
    *parts = (struct fit_parts){.training = describe(rows->rows, starts, TRAINING),
                                .validation = describe(rows->rows, starts, VALIDATION),
                                .held_out = describe(rows->rows, starts, HELD_OUT)};
    return check_part(&parts->training, true, "training", error) &&
           check_part(&parts->validation, true, "validation", error) &&
           check_part(&parts->held_out, false, "held-out", error);
}
