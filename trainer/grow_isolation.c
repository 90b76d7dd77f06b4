#include "trainer/grow_isolation.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/draw.h"

#define MOST_THREADS 64
#define NO_ROW       UINT32_MAX

/* While it is grown: children are numbered within their tree, a leaf has none. */
struct grown_node {
    float threshold;
    uint32_t path;  /* isolation_leaf_key() of a leaf */
    uint32_t child; /* 0 in a leaf */
    uint32_t rows;  /* of the sample */
    uint16_t column, missing_right;
};

struct job {
    const float *table;
    size_t rows;
    unsigned columns;
    const struct isolation_options *options;
    uint32_t sample, depth_limit, tree_nodes; /* tree_nodes: the most a tree may have */
    struct grown_node *nodes;                 /* tree t's from t × tree_nodes on */
    uint32_t *counts;                         /* of each tree's nodes */
    atomic_uint next_tree;
    atomic_bool out_of_memory;
};

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

/* Recursion is at most ISOLATION_MAX_DEPTH deep. */
static void grow_node(struct grower *grower, uint32_t at, uint32_t *indices, uint32_t count,
                      uint32_t depth)
{
    struct grown_node *node = &grower->nodes[at];
    struct range range;
    uint16_t column;
    *node = (struct grown_node){.rows = count};
    if (count <= 1 || depth == grower->job->depth_limit ||
        !draw_column(grower, indices, count, &column, &range)) {
        node->path = isolation_leaf_key(depth, count);
        return;
    }
    const float *values = column_values(grower, column);
    node->column = column;
    node->threshold = draw_threshold(&grower->draw, range);
    node->missing_right = draw_default_side(&grower->draw, values, indices, count, node->threshold);
    node->child = grower->count;
    grower->count += 2;
    uint32_t left = part_rows(values, node, indices, count);
    grow_node(grower, node->child, indices, left, depth + 1);
    grow_node(grower, node->child + 1, indices + left, count - left, depth + 1);
}

static void grow_tree(struct grower *grower, uint32_t tree)
{
    const struct job *job = grower->job;
    draw_seed(&grower->draw, job->options->seed, tree);
    for (unsigned i = 0; i < job->columns; i++)
        grower->columns[i] = (uint16_t)i;
    grower->nodes = job->nodes + (size_t)tree * job->tree_nodes;
    grower->count = 1;
    draw_sample(grower);
    grow_node(grower, 0, grower->indices, job->sample, 0);
    job->counts[tree] = grower->count;
}

static void *work(void *argument)
{
    struct job *job = argument;
    struct grower grower;
    if (grower_init(&grower, job)) {
        uint32_t tree;
        while ((tree = atomic_fetch_add(&job->next_tree, 1)) < job->options->trees)
            grow_tree(&grower, tree);
    } else {
        atomic_store(&job->out_of_memory, true);
    }
    grower_finish(&grower);
    return NULL;
}

static void grow_trees(struct job *job)
{
    pthread_t threads[MOST_THREADS];
    unsigned wanted = job->options->threads, started = 0;
    wanted = wanted < MOST_THREADS ? wanted : MOST_THREADS;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, job) == 0)
        started++;
    (void)work(job);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/*
 * Where each pair of children comes: after the roots, by falling number of rows at their parent
 * and then by tree. A parent has more rows than its children, so that parents come first.
 * places[rows - 1]: the next free place for the children of a parent of that many rows.
 */
static uint32_t plan_places(const struct job *job, uint32_t *places)
{
    uint32_t next = job->options->trees;
    memset(places, 0, job->sample * sizeof *places);
    for (uint32_t tree = 0; tree < job->options->trees; tree++) {
        const struct grown_node *nodes = job->nodes + (size_t)tree * job->tree_nodes;
        for (uint32_t i = 0; i < job->counts[tree]; i++)
            places[nodes[i].rows - 1] += nodes[i].child != 0 ? 2 : 0;
    }
    for (uint32_t rows = job->sample; rows > 0; rows--) {
        uint32_t here = places[rows - 1];
        places[rows - 1] = next;
        next += here;
    }
    return next;
}

/* own: the place of each of the tree's nodes, known by the time it is reached. */
static void place_tree(const struct job *job, uint32_t tree, uint32_t *places, uint32_t *own,
                       struct isolation_node *nodes)
{
    const struct grown_node *grown = job->nodes + (size_t)tree * job->tree_nodes;
    own[0] = tree;
    for (uint32_t i = 0; i < job->counts[tree]; i++) {
        const struct grown_node *from = &grown[i];
        struct isolation_node *to = &nodes[own[i]];
        if (from->child == 0) {
            to->key = from->path;
            to->link = isolation_leaf_link(own[i], job->columns);
            continue;
        }
        uint32_t child = places[from->rows - 1];
        places[from->rows - 1] += 2;
        own[from->child] = child;
        own[from->child + 1] = child + 1;
        to->key = isolation_key(from->threshold);
        to->link = isolation_link(child, from->column, from->missing_right);
    }
}

static bool lay_out(const struct job *job, struct isolation_forest *forest)
{
    uint32_t *places = calloc(job->sample, sizeof *places);
    uint32_t *own = calloc(job->tree_nodes, sizeof *own);
    struct isolation_node *nodes = NULL;
    if (places != NULL && own != NULL) {
        forest->node_count = plan_places(job, places);
        nodes = aligned_alloc(64, ((size_t)forest->node_count * sizeof *nodes + 63) / 64 * 64);
    }
    for (uint32_t tree = 0; nodes != NULL && tree < job->options->trees; tree++)
        place_tree(job, tree, places, own, nodes);
    free(own);
    free(places);
    forest->nodes = nodes;
    return nodes != NULL;
}

static bool check_request(size_t rows, unsigned columns, const struct isolation_options *options,
                          struct error *error)
{
    if (rows < 2 || rows > UINT32_MAX - 1)
        return error_set(error, FAULT_MODEL, "an isolation forest needs 2 to %u rows, here are %zu",
                         UINT32_MAX - 1, rows);
    if (columns < 1 || columns > ISOLATION_MAX_COLUMNS)
        return error_set(error, FAULT_MODEL, "an isolation forest takes 1 to %u columns, not %u",
                         ISOLATION_MAX_COLUMNS, columns);
    if (options->sample < 2 || options->sample > ISOLATION_MAX_SAMPLE)
        return error_set(error, FAULT_MODEL, "the sample of a tree must be 2 to %u rows, not %u",
                         ISOLATION_MAX_SAMPLE, options->sample);
    if (options->trees < 1 || options->trees > ISOLATION_MAX_NODES / (2 * options->sample))
        return error_set(error, FAULT_MODEL,
                         "there must be 1 to %u trees of %u rows, not %u: take fewer trees or a "
                         "smaller sample",
                         ISOLATION_MAX_NODES / (2 * options->sample), options->sample,
                         options->trees);
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
                    const struct isolation_options *options, struct isolation_forest *forest,
                    struct error *error)
{
    if (!check_request(rows, columns, options, error))
        return false;
    struct job job = {.table = table, .rows = rows, .columns = columns, .options = options};
    job.sample = rows < options->sample ? (uint32_t)rows : options->sample;
    job.depth_limit = height_limit(job.sample);
    job.tree_nodes = 2 * job.sample - 1;
    job.nodes = calloc((size_t)options->trees * job.tree_nodes, sizeof *job.nodes);
    job.counts = calloc(options->trees, sizeof *job.counts);
    *forest = (struct isolation_forest){.tree_count = options->trees,
                                        .column_count = columns,
                                        .depth = job.depth_limit,
                                        .sample_rows = job.sample};
    bool grown = job.nodes != NULL && job.counts != NULL;
    if (grown) {
        grow_trees(&job);
        grown = !atomic_load(&job.out_of_memory) && lay_out(&job, forest);
    }
    free(job.counts);
    free(job.nodes);
    return grown || error_set_errno(error, FAULT_MODEL, ENOMEM,
                                    "the isolation forest does not fit into memory");
}

void grown_isolation_free(struct isolation_forest *forest)
{
    free((void *)forest->nodes);
    forest->nodes = NULL;
}
