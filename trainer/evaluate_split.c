#include "trainer/evaluate_split.h"

#include <errno.h>
#include <stdlib.h>

#include "common/hash.h"
#include "trainer/fit.h"
#include "trainer/key_table.h"

#define TRAINING_SHARE   0.6
#define VALIDATION_SHARE 0.1

enum evaluate_part evaluate_victim_part(uint64_t user)
{
    double at = (double)(hash_bytes(&user, sizeof user) >> 11) * 0x1p-53;
    if (at < TRAINING_SHARE)
        return PART_TRAINING;
    return at < TRAINING_SHARE + VALIDATION_SHARE ? PART_VALIDATION : PART_TEST;
}

bool evaluate_is_takeover(const struct training_row *row)
{
    return row->family != ROW_LEGITIMATE && row->completed &&
           !row_family_is_burst((enum row_family)row->family) &&
           row->family != ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK;
}

/* ---- by time ---- */

static bool is_login(const struct training_row *row)
{
    return row->family == ROW_LEGITIMATE && !row->cold;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* When validation and test begin. */
static bool find_cuts(const struct training_rows *rows, int64_t cuts[2], struct error *error)
{
    int64_t *times = calloc(rows->count + 1, sizeof *times);
    size_t count = 0;

    if (times == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the rows do not fit into memory");
    for (size_t i = 0; i < rows->count; i++) {
        if (is_login(&rows->rows[i]))
            times[count++] = rows->rows[i].time_us;
    }
    qsort(times, count, sizeof *times, compare_times);
    cuts[0] = times[(size_t)(TRAINING_SHARE * (double)count)];
    cuts[1] = times[(size_t)((TRAINING_SHARE + VALIDATION_SHARE) * (double)count)];
    free(times);
    return true;
}

static enum evaluate_part part_at(int64_t time_us, const int64_t cuts[2])
{
    return time_us < cuts[0] ? PART_TRAINING : time_us < cuts[1] ? PART_VALIDATION : PART_TEST;
}

/* ---- what belongs into a part ---- */

/* An attack that the test measures, but for whose it is. */
static bool is_measured_attack(const struct training_row *row, bool labelled)
{
    return row->family != ROW_LEGITIMATE && !row->cold && row->injected != labelled &&
           (row->completed || row_family_is_burst((enum row_family)row->family));
}

static bool has_labelled_takeovers(const struct training_rows *rows, const int64_t cuts[2])
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        if (!row->injected && !row->cold && evaluate_is_takeover(row) &&
            part_at(row->time_us, cuts) == PART_TEST)
            return true;
    }
    return false;
}

static bool note_test_addresses(const struct training_rows *rows, const int64_t cuts[2],
                                bool labelled, struct key_table *addresses, struct error *error)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        bool added;
        if (part_at(row->time_us, cuts) == PART_TEST && is_measured_attack(row, labelled) &&
            evaluate_victim_part(row->user) == PART_TEST && row->address != 0 &&
            key_table_add(addresses, row->address, &added, error) == NULL)
            return false;
    }
    return true;
}

static bool belongs(struct evaluate_split *split, const struct training_row *row,
                    enum evaluate_part part, const struct key_table *addresses)
{
    if (row->family == ROW_LEGITIMATE)
        return part == PART_TRAINING ? !row->untrained : !row->cold;
    bool wanted = part == PART_TEST ? is_measured_attack(row, split->labelled) : !row->untrained;
    if (!wanted || part == PART_VALIDATION)
        return false;
    if (evaluate_victim_part(row->user) != part) {
        split->attacks_by_victim++;
        return false;
    }
    if (part == PART_TEST || key_table_find(addresses, row->address) == NULL)
        return true;
    split->attacks_by_address++;
    return false;
}

static bool append(struct training_rows *rows, const struct training_row *row, struct error *error)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 4096 : 2 * rows->capacity;
        struct training_row *grown = reallocarray(rows->rows, capacity, sizeof *grown);
        if (grown == NULL)
            return error_set_errno(error, FAULT_MODEL, ENOMEM, "the rows do not fit into memory");
        rows->rows = grown;
        rows->capacity = capacity;
    }
    rows->rows[rows->count++] = *row;
    rows->legitimate += is_login(row);
    return true;
}

static bool part_rows(const struct training_rows *rows, const int64_t cuts[2],
                      const struct key_table *addresses, struct evaluate_split *split,
                      struct error *error)
{
    struct training_rows *const parts[PART_COUNT] = {&split->training, &split->validation,
                                                     &split->test};
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        enum evaluate_part part = part_at(row->time_us, cuts);
        if (belongs(split, row, part, addresses) && !append(parts[part], row, error))
            return false;
    }
    return true;
}

static bool check(const struct evaluate_split *split, struct error *error)
{
    for (size_t i = 0; i < split->test.count; i++) {
        if (evaluate_is_takeover(&split->test.rows[i]))
            return true;
    }
    return error_set(error, FAULT_MODEL,
                     "the last 30 %% of the history have no takeover of an account that was not "
                     "attacked before: there is nothing to evaluate on; more users or more days "
                     "are needed");
}

bool evaluate_split(const struct training_rows *rows, struct evaluate_split *split,
                    struct error *error)
{
    struct key_table addresses;
    int64_t cuts[2] = {0, 0};

    *split = (struct evaluate_split){.labelled = false};
    if (rows->legitimate < FIT_LEAST_LOGINS)
        return error_set(error, FAULT_MODEL,
                         "%lld completed logins are too few to evaluate on, at least %d are needed",
                         (long long)rows->legitimate, FIT_LEAST_LOGINS);
    if (!find_cuts(rows, cuts, error))
        return false;
    split->labelled = has_labelled_takeovers(rows, cuts);
    key_table_init(&addresses, 1);
    bool parted = note_test_addresses(rows, cuts, split->labelled, &addresses, error) &&
                  part_rows(rows, cuts, &addresses, split, error) && check(split, error);
    key_table_finish(&addresses);
    return parted;
}

void evaluate_split_finish(struct evaluate_split *split)
{
    training_rows_finish(&split->training);
    training_rows_finish(&split->validation);
    training_rows_finish(&split->test);
}
