#include "trainer/grow_isolation.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/draw.h"
#include "trainer/work_queue.h"

#define NO_ROW UINT32_MAX

struct job;

/* One thread's. */
struct grower {
    const struct job *job;
    struct draw draw;
    float *values;     /* of the sample, column after column */
    uint32_t *indices; /* into the sample, those of one node side by side */
    uint32_t *drawn;   /* hash set of the table's rows in the sample */
    uint32_t drawn_mask;
    uint16_t *columns; /* all, in the order last drawn */
    struct grown_node *nodes;
    uint32_t count;
};

struct job {
    const float *table;
    size_t rows;
    unsigned columns;
    const struct isolation_options *options;
    uint32_t sample, depth_limit;
    struct grown_tree *trees;
    struct grower growers[WORK_MOST_THREADS];
    atomic_bool out_of_memory;
};

static bool grower_init(struct grower *grower, const struct job *job)
{
    uint32_t slots = 4;
    while (slots < 2 * job->sample)
        slots *= 2;
    *grower = (struct grower){.job = job, .drawn_mask = slots - 1};
    grower->values = calloc((size_t)job->sample * job->columns, sizeof *grower->values);
    grower->indices = calloc(job->sample, sizeof *grower->indices);
    grower->drawn = calloc(slots, sizeof *grower->drawn);
    grower->columns = calloc(job->columns, sizeof *grower->columns);
    return grower->values != NULL && grower->indices != NULL && grower->drawn != NULL &&
           grower->columns != NULL;
}

static void grower_finish(struct grower *grower)
{
    free(grower->columns);
    free(grower->drawn);
    free(grower->indices);
    free(grower->values);
}

/* False when the row was there already. */
static bool drawn_add(struct grower *grower, uint32_t row)
{
    uint32_t slot = (row * UINT32_C(0x9e3779b1)) & grower->drawn_mask;
    while (grower->drawn[slot] != NO_ROW && grower->drawn[slot] != row)
        slot = (slot + 1) & grower->drawn_mask;
    bool is_new = grower->drawn[slot] == NO_ROW;
    grower->drawn[slot] = row;
    return is_new;
}

static void copy_row(struct grower *grower, uint32_t at, uint32_t row)
{
    const struct job *job = grower->job;
    const float *values = job->table + (size_t)row * job->columns;
    for (unsigned column = 0; column < job->columns; column++) {
        float value = values[column];
        value = isinf(value) ? copysignf(FLT_MAX, value) : value;
        grower->values[(size_t)column * job->sample + at] = value;
    }
}

/* Without replacement, in time and memory of the sample alone (Floyd; Bentley 1987). */
static void draw_sample(struct grower *grower)
{
    uint32_t sample = grower->job->sample, rows = (uint32_t)grower->job->rows;
    memset(grower->drawn, 0xff, (grower->drawn_mask + 1) * sizeof *grower->drawn);
    for (uint32_t i = 0; i < sample; i++) {
        uint32_t last = rows - sample + i;
        uint32_t row = draw_below(&grower->draw, last + 1);
        if (!drawn_add(grower, row)) {
            row = last;
            (void)drawn_add(grower, row);
        }
        copy_row(grower, i, row);
        grower->indices[i] = i;
    }
}

struct range {
    float least, greatest;
};

static struct range range_of(const float *values, const uint32_t *indices, uint32_t count)
{
    struct range range = {INFINITY, -INFINITY};
    for (uint32_t i = 0; i < count; i++) {
        float value = values[indices[i]]; /* NAN is neither less nor greater */
        range.least = value < range.least ? value : range.least;
        range.greatest = value > range.greatest ? value : range.greatest;
    }
    return range;
}

static const float *column_values(const struct grower *grower, unsigned column)
{
    return grower->values + (size_t)column * grower->job->sample;
}

/* Draws columns, each once, until one's known values differ. False when none's do. */
static bool draw_column(struct grower *grower, const uint32_t *indices, uint32_t count,
                        uint16_t *column, struct range *range)
{
    uint16_t *columns = grower->columns;
    for (uint32_t left = grower->job->columns; left > 0; left--) {
        uint32_t at = draw_below(&grower->draw, left);
        *column = columns[at];
        columns[at] = columns[left - 1];
        columns[left - 1] = *column;
        *range = range_of(column_values(grower, *column), indices, count);
        if (range->least < range->greatest)
            return true;
    }
    return false;
}

/* At least the least and below the greatest, so that neither side is empty. */
static float draw_threshold(struct draw *draw, struct range range)
{
    float threshold = (float)draw_between(draw, (double)range.least, (double)range.greatest);
    return threshold < range.greatest ? threshold : nextafterf(range.greatest, range.least);
}

static bool goes_right(const struct grown_node *node, float value)
{
    return isnan(value) ? node->missing_right : value > node->threshold;
}

static bool draw_default_side(struct draw *draw, const float *values, const uint32_t *indices,
                              uint32_t count, float threshold)
{
    uint32_t known = 0, right = 0;
    for (uint32_t i = 0; i < count; i++) {
        known += isnan(values[indices[i]]) ? 0 : 1;
        right += values[indices[i]] > threshold ? 1 : 0;
    }
    return draw_below(draw, known) < right;
}

/* Brings those that go left to the front; how many. */
static uint32_t part_rows(const float *values, const struct grown_node *node, uint32_t *indices,
                          uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = indices[i];
        indices[i] = indices[left];
        indices[left] = index;
        left += goes_right(node, values[index]) ? 0 : 1;
    }
    return left;
}

/* Recursion is at most depth_limit deep. Returns the sum of the paths that the rows here end in. */
static double grow_node(struct grower *grower, uint32_t at, uint32_t *indices, uint32_t count,
                        uint32_t depth)
{
    struct grown_node *node = &grower->nodes[at];
    struct range range;
    uint16_t column;
    *node = (struct grown_node){.visits = (float)count};
    if (count <= 1 || depth == grower->job->depth_limit ||
        !draw_column(grower, indices, count, &column, &range)) {
        node->value = (float)(depth + isolation_mean_path(count));
        return (double)node->value * count;
    }
    const float *values = column_values(grower, column);
    node->column = column;
    node->threshold = draw_threshold(&grower->draw, range);
    node->missing_right = draw_default_side(&grower->draw, values, indices, count, node->threshold);
    node->left = grower->count;
    node->right = grower->count + 1;
    grower->count += 2;
    uint32_t left = part_rows(values, node, indices, count);
    double paths = grow_node(grower, node->left, indices, left, depth + 1) +
                   grow_node(grower, node->right, indices + left, count - left, depth + 1);
    node->value = (float)(paths / count);
    return paths;
}

static bool grow_tree(struct grower *grower, uint32_t tree)
{
    const struct job *job = grower->job;
    draw_seed(&grower->draw, job->options->seed, tree);
    for (unsigned i = 0; i < job->columns; i++)
        grower->columns[i] = (uint16_t)i;
    grower->nodes = calloc(2 * job->sample - 1, sizeof *grower->nodes);
    if (grower->nodes == NULL)
        return false;
    grower->count = 1;
    draw_sample(grower);
    (void)grow_node(grower, 0, grower->indices, job->sample, 0);
    job->trees[tree] = (struct grown_tree){grower->nodes, grower->count};
    return true;
}

static void grow_one(void *context, unsigned tree, unsigned worker)
{
    struct job *job = context;
    struct grower *grower = &job->growers[worker];
    if (atomic_load(&job->out_of_memory))
        return;
    if ((grower->job == NULL && !grower_init(grower, job)) || !grow_tree(grower, tree))
        atomic_store(&job->out_of_memory, true);
}

static bool check_request(size_t rows, unsigned columns, const struct isolation_options *options,
                          struct error *error)
{
    if (rows < 2 || rows > UINT32_MAX - 1)
        return error_set(error, FAULT_MODEL, "an isolation forest needs 2 to %u rows, here are %zu",
                         UINT32_MAX - 1, rows);
    if (columns < 1 || columns > TREES_MOST_COLUMNS)
        return error_set(error, FAULT_MODEL, "an isolation forest takes 1 to %u columns, not %u",
                         TREES_MOST_COLUMNS, columns);
    if (options->sample < 2 || options->sample > ISOLATION_MAX_SAMPLE)
        return error_set(error, FAULT_MODEL, "the sample of a tree must be 2 to %u rows, not %u",
                         ISOLATION_MAX_SAMPLE, options->sample);
    if (options->trees < 1 || options->trees > TREES_MOST_COUNT)
        return error_set(error, FAULT_MODEL, "there must be 1 to %u trees, not %u",
                         TREES_MOST_COUNT, options->trees);
    return true;
}

static uint32_t height_limit(uint32_t sample)
{
    uint32_t height = 0;
    while (UINT32_C(1) << height < sample)
        height++;
    return height;
}

bool grow_isolation(const float *table, size_t rows, unsigned columns,
                    const struct isolation_options *options, struct grown_isolation *grown,
                    struct error *error)
{
    *grown = (struct grown_isolation){.tree_count = options->trees};
    if (!check_request(rows, columns, options, error))
        return false;
    struct job job = {.table = table, .rows = rows, .columns = columns, .options = options};
    job.sample = rows < options->sample ? (uint32_t)rows : options->sample;
    job.depth_limit = height_limit(job.sample);
    job.trees = calloc(options->trees, sizeof *job.trees);
    grown->trees = job.trees;
    grown->sample_rows = job.sample;
    if (job.trees == NULL)
        atomic_store(&job.out_of_memory, true);
    work_run(options->threads, options->trees, grow_one, &job);
    for (unsigned worker = 0; worker < WORK_MOST_THREADS; worker++)
        grower_finish(&job.growers[worker]);
    if (!atomic_load(&job.out_of_memory))
        return true;
    grown_isolation_finish(grown);
    return error_set_errno(error, FAULT_MODEL, ENOMEM,
                           "the isolation forest does not fit into memory");
}

void grown_isolation_finish(struct grown_isolation *grown)
{
    grown_trees_free(grown->trees, grown->tree_count);
    *grown = (struct grown_isolation){.trees = NULL};
}

bool isolation_forest_build(const struct grown_isolation *grown, unsigned columns,
                            struct isolation_forest *forest, struct error *error)
{
    forest->sample_rows = grown->sample_rows;
    return trees_build(grown->trees, grown->tree_count, columns, &forest->trees, error);
}
