#include "trainer/table_bins.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "scorer/trees.h"
#include "trainer/work_queue.h"

#define BLOCK_ROWS  4096
#define HUGE_PAGE   ((size_t)2 << 20)
#define DIGIT_BITS  11
#define DIGIT_COUNT (1U << DIGIT_BITS)
#define DIGITS      3 /* of DIGIT_BITS bits in 32 */

struct binning {
    const struct table_view *view;
    struct table_bins *bins;
    atomic_bool failed;
};

/* The other way of tree_key(). */
static float value_of(uint32_t key)
{
    uint32_t bits = key & 0x80000000U ? key & 0x7fffffffU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Least significant digit first; the sorted keys end up in scratch. */
static void sort_keys(uint32_t *keys, uint32_t *scratch, size_t count)
{
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        size_t places[DIGIT_COUNT] = {0}, place = 0;
        unsigned shift = digit * DIGIT_BITS;
        for (size_t i = 0; i < count; i++)
            places[keys[i] >> shift & (DIGIT_COUNT - 1)]++;
        for (unsigned value = 0; value < DIGIT_COUNT; value++) {
            size_t times = places[value];
            places[value] = place;
            place += times;
        }
        for (size_t i = 0; i < count; i++)
            scratch[places[keys[i] >> shift & (DIGIT_COUNT - 1)]++] = keys[i];
        uint32_t *sorted = scratch;
        scratch = keys;
        keys = sorted;
    }
}

/* A cut between two neighbours that is below the greater one even after rounding. */
static float between(float low, float high)
{
    float middle = low + (high - low) / 2;
    return middle >= low && middle < high ? middle : low;
}

/* Cuts between distinct neighbours of the sorted values, each as far from the last one as parts
 * what is left equally, so that neither ties nor rounding leave the greatest values in one bin. */
static void find_cuts(struct column_bins *column, const uint32_t *sorted, size_t count)
{
    size_t next = count / (BIN_MOST_CUTS + 1);

    column->cut_count = 0;
    for (size_t i = 1; i < count && column->cut_count < BIN_MOST_CUTS; i++) {
        if (sorted[i] > sorted[i - 1] && i >= next) {
            column->cut[column->cut_count++] =
                between(value_of(sorted[i - 1]), value_of(sorted[i]));
            next = i + (count - i) / (BIN_MOST_CUTS + 1 - column->cut_count);
        }
    }
    column->cut[column->cut_count] = count > 0 ? value_of(sorted[count - 1]) : 0;
}

static void cut_column(void *context, unsigned number, unsigned worker)
{
    struct binning *binning = context;
    const struct table_view *view = binning->view;
    struct column_bins *column = &binning->bins->column[number];
    const float *values = view->column[number];
    uint32_t *keys = malloc((view->rows + 1) * sizeof *keys);
    uint32_t *scratch = malloc((view->rows + 1) * sizeof *scratch);
    size_t known = 0;

    (void)worker;
    if (keys == NULL || scratch == NULL) {
        atomic_store(&binning->failed, true);
    } else {
        for (size_t row = 0; row < view->rows; row++) {
            float value = values[row * view->stride];
            if (!isnan(value))
                keys[known++] = tree_key(value);
        }
        sort_keys(keys, scratch, known);
        find_cuts(column, scratch, known);
        column->has_missing = known < view->rows;
    }
    free(keys);
    free(scratch);
}

/* How many cuts are below the value, in eight steps without a branch; cuts: filled up with INFINITY
 * to 256. */
static uint8_t bin_of(float value, const float cuts[256])
{
    unsigned low = 0;
    for (unsigned step = 128; step > 0; step /= 2)
        low += cuts[low + step - 1] < value ? step : 0;
    return (uint8_t)low;
}

static void fill_block(void *context, unsigned number, unsigned worker)
{
    struct binning *binning = context;
    const struct table_view *view = binning->view;
    struct table_bins *bins = binning->bins;
    size_t first = (size_t)number * BLOCK_ROWS, end = first + BLOCK_ROWS;

    (void)worker;
    if (end > view->rows)
        end = view->rows;
    for (unsigned c = 0; c < bins->columns; c++) {
        const struct column_bins *column = &bins->column[c];
        float cuts[256];
        for (unsigned i = 0; i < 256; i++)
            cuts[i] = i < column->cut_count ? column->cut[i] : INFINITY;
        for (size_t row = first; row < end; row++) {
            float value = view->column[c][row * view->stride];
            bins->bins[row * bins->columns + c] =
                isnan(value) ? (uint8_t)BIN_MISSING : bin_of(value, cuts);
        }
    }
}

static bool no_room(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the table does not fit into memory");
}

/* In huge pages, where the system has them: a tree jumps from row to row, each time into another
 * page. */
static uint8_t *allocate_bins(size_t bytes)
{
    size_t rounded = (bytes / HUGE_PAGE + 1) * HUGE_PAGE;
    uint8_t *bins = aligned_alloc(HUGE_PAGE, rounded);
    if (bins != NULL && bytes >= HUGE_PAGE)
        (void)madvise(bins, rounded, MADV_HUGEPAGE);
    return bins;
}

static struct table_bins *allocate(const struct table_view *view)
{
    struct table_bins *bins = calloc(1, sizeof *bins);
    if (bins == NULL)
        return NULL;
    bins->rows = view->rows;
    bins->columns = view->columns;
    bins->column = calloc(view->columns + 1, sizeof *bins->column);
    bins->bins = allocate_bins(view->rows * view->columns);
    if (bins->column != NULL && bins->bins != NULL)
        return bins;
    table_bins_destroy(bins);
    return NULL;
}

static void fill(struct binning *binning, unsigned threads)
{
    unsigned blocks = (unsigned)((binning->view->rows + BLOCK_ROWS - 1) / BLOCK_ROWS);
    work_run(threads, blocks, fill_block, binning);
}

bool table_bins_create(struct table_bins **bins, const struct table_view *view, unsigned threads,
                       struct error *error)
{
    struct binning binning = {.view = view, .bins = *bins = allocate(view)};

    if (*bins == NULL)
        return no_room(error);
    work_run(threads, view->columns, cut_column, &binning);
    if (atomic_load(&binning.failed)) {
        table_bins_destroy(*bins);
        *bins = NULL;
        return no_room(error);
    }
    fill(&binning, threads);
    return true;
}

bool table_bins_create_like(struct table_bins **bins, const struct table_bins *like,
                            const struct table_view *view, unsigned threads, struct error *error)
{
    struct binning binning = {.view = view, .bins = *bins = allocate(view)};

    if (*bins == NULL)
        return no_room(error);
    memcpy((*bins)->column, like->column, like->columns * sizeof *like->column);
    fill(&binning, threads);
    return true;
}

void table_bins_destroy(struct table_bins *bins)
{
    if (bins == NULL)
        return;
    free(bins->column);
    free(bins->bins);
    free(bins);
}
