#include "trainer/worst_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_worse(const struct worst_row *a, const struct worst_row *b)
{
    return a->score > b->score || (a->score == b->score && a->row < b->row);
}

bool worst_rows_want(const struct worst_rows *worst, float score)
{
    return worst->count < WORST_ROWS || score > worst->at[0].score;
}

static void sift_up(struct worst_rows *worst, struct worst_row added)
{
    unsigned hole = worst->count++;
    while (hole > 0 && is_worse(&worst->at[(hole - 1) / 2], &added)) {
        worst->at[hole] = worst->at[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    worst->at[hole] = added;
}

/* In place of the least of them. */
static void sift_down(struct worst_rows *worst, struct worst_row added)
{
    unsigned hole = 0;
    for (unsigned child = 1; child < worst->count; child = 2 * hole + 1) {
        if (child + 1 < worst->count && is_worse(&worst->at[child], &worst->at[child + 1]))
            child++;
        if (is_worse(&worst->at[child], &added))
            break;
        worst->at[hole] = worst->at[child];
        hole = child;
    }
    worst->at[hole] = added;
}

bool worst_rows_add(struct worst_rows *worst, uint64_t row, float score, const char *record,
                    size_t size, struct error *error)
{
    struct worst_row added = {.score = score, .row = row, .size = size};

    if (size <= WORST_ROWS_RECORD_BYTES) {
        added.record = malloc(size + 1);
        if (added.record == NULL)
            return error_set_errno(error, FAULT_MODEL, ENOMEM,
                                   "no room for the rows that stand out");
        memcpy(added.record, record, size);
    }
    if (worst->count < WORST_ROWS) {
        sift_up(worst, added);
    } else {
        free(worst->at[0].record);
        sift_down(worst, added);
    }
    return true;
}

static int worse_first(const void *left, const void *right)
{
    return is_worse(left, right) ? -1 : 1;
}

void worst_rows_sort(struct worst_rows *worst)
{
    qsort(worst->at, worst->count, sizeof *worst->at, worse_first);
}

void worst_rows_finish(struct worst_rows *worst)
{
    for (unsigned i = 0; i < worst->count; i++)
        free(worst->at[i].record);
    worst->count = 0;
}
