#include "trainer/grow_forest.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/feature_bins.h"

#define MOST_THREADS 64

struct bin_sum {
    double weight, attacks; /* sums of weights: of all rows, of attacks */
    uint32_t rows;
};

struct split {
    double gain;
    unsigned feature, cut;
    bool missing_right;
};

/* A tree while it grows. indices holds the sample's rows, those of one node side by side. */
struct tree_grower {
    const struct forest_options *options;
    const struct training_row *rows;
    const struct feature_bins *bins;
    struct draw draw;
    uint32_t *indices, *scratch;
    uint16_t *times; /* how often each row was drawn */
    struct forest_tree_node *nodes;
    uint32_t count, capacity;
};

/* Weight times Gini impurity of two classes, without its constant factor. */
static double impurity(double weight, double attacks)
{
    return weight <= 0 ? 0 : attacks * (weight - attacks) / weight;
}

static void add_sum(struct bin_sum *sum, const struct bin_sum *other)
{
    sum->weight += other->weight;
    sum->attacks += other->attacks;
    sum->rows += other->rows;
}

static void add_row(const struct tree_grower *grower, uint32_t row, struct bin_sum *sum)
{
    double weight = (double)grower->rows[row].weight * grower->times[row];
    sum->weight += weight;
    sum->attacks += grower->rows[row].family != ROW_LEGITIMATE ? weight : 0;
    sum->rows += grower->times[row];
}

static void consider(const struct tree_grower *grower, const struct bin_sum *total,
                     const struct bin_sum *left, const struct split *at, struct split *best)
{
    uint32_t right_rows = total->rows - left->rows;
    if (left->rows < grower->options->smallest_leaf || right_rows < grower->options->smallest_leaf)
        return;
    double gain = impurity(total->weight, total->attacks) - impurity(left->weight, left->attacks) -
                  impurity(total->weight - left->weight, total->attacks - left->attacks);
    if (gain > best->gain) {
        *best = *at;
        best->gain = gain;
    }
}

static void try_feature(const struct tree_grower *grower, unsigned feature, const uint32_t *indices,
                        uint32_t count, const struct bin_sum *total, struct split *best)
{
    struct bin_sum sums[256];
    const uint8_t *bins = grower->bins->bins[feature];
    unsigned cuts = grower->bins->cut_count[feature];
    struct bin_sum left = {0, 0, 0};

    memset(sums, 0, (cuts + 1) * sizeof *sums);
    sums[BIN_MISSING] = left;
    for (uint32_t i = 0; i < count; i++)
        add_row(grower, indices[i], &sums[bins[indices[i]]]);
    const struct bin_sum *missing = &sums[BIN_MISSING];
    for (unsigned cut = 0; cut < cuts; cut++) {
        add_sum(&left, &sums[cut]);
        struct split at = {0, feature, cut, true};
        consider(grower, total, &left, &at, best);
        if (missing->rows == 0)
            continue;
        struct bin_sum with_missing = left;
        add_sum(&with_missing, missing);
        at.missing_right = false;
        consider(grower, total, &with_missing, &at, best);
    }
}

/* The best split of a random subset of features; of all, one by one, while none helps. */
static bool find_split(struct tree_grower *grower, const uint32_t *indices, uint32_t count,
                       const struct bin_sum *total, struct split *best)
{
    unsigned order[FEATURE_COUNT];
    unsigned subset = (unsigned)ceil(sqrt((double)FEATURE_COUNT));

    *best = (struct split){.gain = 1e-9 * (total->weight + 1e-300)};
    double least = best->gain;
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        order[i] = i;
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        unsigned other = i + draw_below(&grower->draw, FEATURE_COUNT - i);
        unsigned feature = order[other];
        order[other] = order[i];
        order[i] = feature;
        if (grower->bins->cut_count[feature] > 0)
            try_feature(grower, feature, indices, count, total, best);
        if (i + 1 >= subset && best->gain > least)
            break;
    }
    return best->gain > least;
}

static bool goes_left(const struct tree_grower *grower, const struct split *split, uint32_t row)
{
    uint8_t bin = grower->bins->bins[split->feature][row];
    return bin == BIN_MISSING ? !split->missing_right : bin <= split->cut;
}

/* Moves the rows that go left to the front, keeping the order of both; returns how many. */
static uint32_t partition(struct tree_grower *grower, const struct split *split, uint32_t *indices,
                          uint32_t count)
{
    uint32_t left = 0, right = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = indices[i];
        if (goes_left(grower, split, row))
            indices[left++] = row;
        else
            grower->scratch[right++] = row;
    }
    memcpy(indices + left, grower->scratch, right * sizeof *indices);
    return left;
}

static bool new_node(struct tree_grower *grower, uint32_t *index)
{
    if (grower->count == grower->capacity) {
        uint32_t capacity = grower->capacity == 0 ? 256 : 2 * grower->capacity;
        struct forest_tree_node *nodes = reallocarray(grower->nodes, capacity, sizeof *nodes);
        if (nodes == NULL)
            return false;
        grower->nodes = nodes;
        grower->capacity = capacity;
    }
    *index = grower->count++;
    memset(&grower->nodes[*index], 0, sizeof grower->nodes[*index]);
    return true;
}

/* Grows the node over these rows and everything below it; recursion ends at the tree's depth. */
static bool grow_node(struct tree_grower *grower, uint32_t *indices, uint32_t count, unsigned depth,
                      uint32_t *index)
{
    struct bin_sum total = {0, 0, 0};
    struct split split;
    uint32_t left = 0, right = 0;

    if (!new_node(grower, index))
        return false;
    for (uint32_t i = 0; i < count; i++)
        add_row(grower, indices[i], &total);
    grower->nodes[*index].value = total.weight > 0 ? (float)(total.attacks / total.weight) : 0;
    grower->nodes[*index].visits = (float)total.rows;
    if (depth >= grower->options->depth || total.rows < 2 * grower->options->smallest_leaf ||
        total.attacks <= 0 || total.attacks >= total.weight ||
        !find_split(grower, indices, count, &total, &split))
        return true;
    uint32_t left_count = partition(grower, &split, indices, count);
    if (!grow_node(grower, indices, left_count, depth + 1, &left) ||
        !grow_node(grower, indices + left_count, count - left_count, depth + 1, &right))
        return false;
    struct forest_tree_node *node = &grower->nodes[*index];
    node->left = left;
    node->right = right;
    node->feature = (uint8_t)split.feature;
    node->missing_right = split.missing_right;
    node->threshold = grower->bins->cuts[split.feature][split.cut];
    return true;
}

/* Draws as many rows as there are, with replacement; returns how many distinct ones. */
static uint32_t draw_sample(struct tree_grower *grower, size_t count)
{
    uint32_t distinct = 0;

    memset(grower->times, 0, count * sizeof *grower->times);
    for (size_t i = 0; i < count; i++) {
        uint32_t row = draw_below(&grower->draw, (uint32_t)count);
        if (grower->times[row] < UINT16_MAX)
            grower->times[row]++;
    }
    for (uint32_t row = 0; row < count; row++) {
        if (grower->times[row] > 0)
            grower->indices[distinct++] = row;
    }
    return distinct;
}

struct forest_job {
    const struct forest_options *options;
    const struct training_row *rows;
    const struct feature_bins *bins;
    size_t count;
    struct forest_tree *trees;
    atomic_uint next;
    atomic_bool failed;
};

static bool grow_tree(struct forest_job *job, struct tree_grower *grower, unsigned number)
{
    uint32_t root = 0;

    grower->nodes = NULL;
    grower->count = grower->capacity = 0;
    draw_seed(&grower->draw, job->options->seed, 1000 + (uint64_t)number);
    uint32_t distinct = draw_sample(grower, job->count);
    if (!grow_node(grower, grower->indices, distinct, 0, &root)) {
        free(grower->nodes);
        return false;
    }
    job->trees[number] = (struct forest_tree){.nodes = grower->nodes, .count = grower->count};
    return true;
}

static void *work(void *argument)
{
    struct forest_job *job = argument;
    struct tree_grower grower = {.options = job->options, .rows = job->rows, .bins = job->bins};

    grower.indices = calloc(job->count + 1, sizeof *grower.indices);
    grower.scratch = calloc(job->count + 1, sizeof *grower.scratch);
    grower.times = calloc(job->count + 1, sizeof *grower.times);
    bool sound = grower.indices != NULL && grower.scratch != NULL && grower.times != NULL;
    while (sound && !atomic_load(&job->failed)) {
        unsigned number = atomic_fetch_add(&job->next, 1);
        if (number >= job->options->trees)
            break;
        sound = grow_tree(job, &grower, number);
    }
    if (!sound)
        atomic_store(&job->failed, true);
    free(grower.indices);
    free(grower.scratch);
    free(grower.times);
    return NULL;
}

/* The calling thread works too, so a thread that cannot be started only costs time. */
static void work_in_threads(struct forest_job *job)
{
    pthread_t threads[MOST_THREADS];
    unsigned wanted = job->options->threads < MOST_THREADS ? job->options->threads : MOST_THREADS;
    unsigned started = 0;

    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, job) == 0)
        started++;
    work(job);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

bool grow_forest(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct forest_tree **trees,
                 struct error *error)
{
    struct feature_bins *bins = NULL;

    *trees = NULL;
    if (count == 0 || count > UINT32_MAX / 2)
        return error_set(error, FAULT_MODEL, "cannot grow a forest from %zu rows", count);
    if (!feature_bins_create(&bins, rows, count, error))
        return false;
    struct forest_job job = {.options = options, .rows = rows, .bins = bins, .count = count};
    job.trees = calloc(options->trees, sizeof *job.trees);
    if (job.trees != NULL)
        work_in_threads(&job);
    feature_bins_destroy(bins);
    if (job.trees == NULL || atomic_load(&job.failed)) {
        grown_forest_free(job.trees, options->trees);
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the forest does not fit into memory");
    }
    *trees = job.trees;
    return true;
}

void grown_forest_free(struct forest_tree *trees, unsigned count)
{
    if (trees == NULL)
        return;
    for (unsigned i = 0; i < count; i++)
        free((void *)(uintptr_t)trees[i].nodes);
    free(trees);
}
