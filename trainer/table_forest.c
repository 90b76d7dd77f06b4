#include "trainer/table_forest.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/table_score.h"
#include "trainer/work_queue.h"

#define VALUE_UNIT   (1U << 20) /* leaf values are added up as integers: in any order the same */
#define WEIGHT_TOTAL (1U << 28) /* times SAMPLE_MOST_DRAWN it stays below 2^32 */

struct left_out {
    uint32_t *sums;   /* of leaf values, for each row */
    uint16_t *trees;  /* that did not see it */
    uint8_t *is_seen; /* by the tree that was just grown */
};

/* A worker's tree is shared, by subtrees, with workers that find no other tree to grow. */
struct forest_worker {
    struct tree_grower *grower;
    uint32_t subtrees, taken, done; /* of the tree it grows */
    struct left_out left_out;
};

struct forest_job {
    const struct table_bins *bins;
    const struct table_labels *labels;
    const struct table_forest_options *options;
    const uint32_t *weights; /* of each row, as integers; NULL: all 1 */
    struct tree_options tree_options;
    struct table_forest *forest;
    struct forest_worker workers[WORK_MOST_THREADS];
    double mean_weight; /* in the same unit */
    bool wants_left_out;
    pthread_mutex_t lock;   /* over subtrees, taken and done of all workers, and what follows */
    pthread_cond_t changed; /* any of them, in a way that somebody may wait for */
    unsigned finished;      /* trees */
    bool failed;
};

/* The Poisson distribution of mean 1, cumulated, in 65536ths. */
static unsigned poisson_count(unsigned uniform)
{
    static const unsigned BELOW[] = {24109, 48219, 60273, 64292, 65296, 65497, 65531, 65535};
    unsigned count = 0;
    for (unsigned i = 0; i < sizeof BELOW / sizeof BELOW[0]; i++)
        count += uniform >= BELOW[i];
    return count;
}

/* Fills the grower's sample; returns how many distinct rows it has. */
static uint32_t draw_sample(const struct forest_job *job, struct draw *draw,
                            struct forest_worker *worker)
{
    struct sample_row *sample = tree_grower_sample(worker->grower);
    uint32_t distinct = 0;
    uint64_t bits = 0;

    for (uint32_t row = 0; row < job->bins->rows; row++) {
        bits = row % 4 == 0 ? draw_bits(draw) : bits >> 16;
        unsigned drawn = job->options->every_row ? 1 : poisson_count((unsigned)bits & 0xffff);
        sample[distinct] = (struct sample_row){
            .row = row,
            .weight = (job->weights != NULL ? job->weights[row] : 1) & SAMPLE_MOST_WEIGHT,
            .drawn = drawn & 0x7f,
            .positive = (uint32_t)job->labels->positive[row] & 1U,
        };
        distinct += drawn > 0;
        if (job->wants_left_out)
            worker->left_out.is_seen[row] = drawn > 0;
    }
    return distinct;
}

static void add_left_out(const struct forest_job *job, const struct histogram_tree *tree,
                         struct left_out *left_out)
{
    for (size_t row = 0; row < job->bins->rows; row++) {
        if (left_out->is_seen[row])
            continue;
        const struct histogram_node *leaf =
            tree_leaf(tree, job->bins->bins + row * job->bins->columns);
        left_out->sums[row] += (uint32_t)lrintf(leaf->value * (float)VALUE_UNIT);
        left_out->trees[row]++;
    }
}

static void left_out_finish(struct left_out *left_out)
{
    free(left_out->sums);
    free(left_out->trees);
    free(left_out->is_seen);
}

static bool worker_prepare(struct forest_job *job, struct forest_worker *worker)
{
    size_t rows = job->bins->rows;

    if (worker->grower != NULL)
        return true;
    if (job->wants_left_out && worker->left_out.sums == NULL) {
        struct left_out left_out = {
            .sums = calloc(rows, sizeof *left_out.sums),
            .trees = calloc(rows, sizeof *left_out.trees),
            .is_seen = calloc(rows, sizeof *left_out.is_seen),
        };
        worker->left_out = left_out;
        if (left_out.sums == NULL || left_out.trees == NULL || left_out.is_seen == NULL)
            return false;
    }
    return tree_grower_create(&worker->grower, job->bins, &job->tree_options, job->weights != NULL,
                              NULL);
}

/* Takes one of the owner's subtrees and grows it in the helper's room; the lock is held around it.
 */
static void grow_subtree(struct forest_job *job, struct forest_worker *owner,
                         struct forest_worker *helper)
{
    uint32_t number = owner->taken++;

    pthread_mutex_unlock(&job->lock);
    bool grown =
        worker_prepare(job, helper) && tree_grow_subtree(owner->grower, number, helper->grower);
    pthread_mutex_lock(&job->lock);
    job->failed |= !grown;
    if (++owner->done == owner->subtrees)
        pthread_cond_broadcast(&job->changed);
}

static void grow_subtrees(struct forest_job *job, struct forest_worker *worker)
{
    pthread_mutex_lock(&job->lock);
    worker->taken = worker->done = 0;
    worker->subtrees = tree_subtree_count(worker->grower);
    pthread_cond_broadcast(&job->changed);
    while (worker->taken < worker->subtrees)
        grow_subtree(job, worker, worker);
    while (worker->done < worker->subtrees)
        pthread_cond_wait(&job->changed, &job->lock);
    pthread_mutex_unlock(&job->lock);
}

static struct forest_worker *find_owner(struct forest_job *job)
{
    for (unsigned i = 0; i < WORK_MOST_THREADS; i++) {
        if (job->workers[i].taken < job->workers[i].subtrees)
            return &job->workers[i];
    }
    return NULL;
}

/* Until every tree is finished. */
static void help(struct forest_job *job, struct forest_worker *helper)
{
    pthread_mutex_lock(&job->lock);
    while (job->finished < job->forest->count && !job->failed) {
        struct forest_worker *owner = find_owner(job);
        if (owner != NULL)
            grow_subtree(job, owner, helper);
        else
            pthread_cond_wait(&job->changed, &job->lock);
    }
    pthread_mutex_unlock(&job->lock);
}

static bool has_failed(struct forest_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool failed = job->failed;
    pthread_mutex_unlock(&job->lock);
    return failed;
}

/* An empty sample, which a table of few rows may get, is drawn again. */
static bool grow_tree(struct forest_job *job, unsigned number, struct forest_worker *worker)
{
    struct histogram_tree *tree = &job->forest->trees[number];
    struct draw draw;

    if (has_failed(job) || !worker_prepare(job, worker))
        return false;
    draw_seed(&draw, job->options->seed, 1000 + (uint64_t)number);
    uint32_t distinct = draw_sample(job, &draw, worker);
    while (distinct == 0)
        distinct = draw_sample(job, &draw, worker);
    if (!tree_grow_trunk(worker->grower, &draw, distinct))
        return false;
    grow_subtrees(job, worker);
    if (has_failed(job) || !tree_finish(worker->grower, tree))
        return false;
    if (job->wants_left_out)
        add_left_out(job, tree, &worker->left_out);
    return true;
}

/* A job for each tree, and behind them one for each thread that finds no tree left. */
static void grow_or_help(void *context, unsigned number, unsigned worker_number)
{
    struct forest_job *job = context;
    struct forest_worker *worker = &job->workers[worker_number];

    if (number >= job->forest->count) {
        help(job, worker);
        return;
    }
    bool grown = grow_tree(job, number, worker);
    pthread_mutex_lock(&job->lock);
    job->finished++;
    job->failed |= !grown;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static void write_out_of_bag(const struct forest_job *job, float *out_of_bag)
{
    for (size_t row = 0; row < job->bins->rows; row++) {
        uint64_t sum = 0, trees = 0;
        for (unsigned worker = 0; worker < WORK_MOST_THREADS; worker++) {
            const struct left_out *left_out = &job->workers[worker].left_out;
            sum += left_out->sums != NULL ? left_out->sums[row] : 0;
            trees += left_out->trees != NULL ? left_out->trees[row] : 0;
        }
        out_of_bag[row] =
            trees == 0 ? NAN : (float)((double)sum / ((double)trees * (double)VALUE_UNIT));
    }
}

static double row_weight(const struct forest_job *job, size_t row)
{
    return table_row_weight(job->labels, job->options->class_weight, row);
}

/* Weights as integers, as fine as their sum allows; *weights stays NULL when all are the same. */
static bool weigh(struct forest_job *job, uint32_t **weights)
{
    size_t rows = job->bins->rows;
    double total = 0, most = 0, least = INFINITY;

    *weights = NULL;
    for (size_t row = 0; row < rows; row++) {
        double weight = row_weight(job, row);
        total += weight;
        most = fmax(most, weight);
        least = fmin(least, weight);
    }
    if (most <= least || total <= 0)
        return true;
    double unit = fmax(total / (WEIGHT_TOTAL - (double)rows), most / SAMPLE_MOST_WEIGHT);
    if (rows >= WEIGHT_TOTAL / 2 || (*weights = calloc(rows, sizeof **weights)) == NULL)
        return false;
    for (size_t row = 0; row < rows; row++) {
        double weight = row_weight(job, row);
        (*weights)[row] = weight > 0 ? (uint32_t)fmax(1, floor(weight / unit)) : 0;
    }
    job->mean_weight = total / unit / (double)rows;
    return true;
}

static bool run(struct forest_job *job, uint32_t **weights, float *out_of_bag)
{
    struct table_forest *forest = job->forest;

    forest->trees = calloc(job->options->trees, sizeof *forest->trees);
    forest->count = job->options->trees;
    if (forest->trees == NULL || !weigh(job, weights))
        return false;
    job->weights = *weights;
    if (!job->options->plain_shares)
        job->tree_options.parent_weight = job->mean_weight;
    unsigned threads = work_thread_count(job->options->threads);
    work_run(threads, forest->count + threads, grow_or_help, job);
    if (job->failed)
        return false;
    if (out_of_bag != NULL)
        write_out_of_bag(job, out_of_bag);
    return true;
}

bool table_forest_grow(struct table_forest *forest, const struct table_bins *bins,
                       const struct table_labels *labels,
                       const struct table_forest_options *options, float *out_of_bag,
                       struct error *error)
{
    unsigned tried = options->columns_tried;
    uint32_t *weights = NULL;

    *forest = (struct table_forest){NULL, 0};
    if (bins->rows == 0 || bins->rows > INT32_MAX || options->trees == 0)
        return error_set(error, FAULT_MODEL, "cannot grow %u trees from %zu rows", options->trees,
                         bins->rows);
    if (tried == 0)
        tried = (unsigned)ceil(sqrt((double)bins->columns));
    struct forest_job job = {
        .bins = bins,
        .labels = labels,
        .options = options,
        .tree_options =
            {
                .depth = options->depth,
                .smallest_leaf = options->smallest_leaf,
                .columns_tried = tried,
            },
        .forest = forest,
        .mean_weight = 1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .wants_left_out = out_of_bag != NULL,
    };
    bool grown = run(&job, &weights, out_of_bag);
    for (unsigned worker = 0; worker < WORK_MOST_THREADS; worker++) {
        tree_grower_destroy(job.workers[worker].grower);
        left_out_finish(&job.workers[worker].left_out);
    }
    free(weights);
    if (grown)
        return true;
    table_forest_finish(forest);
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the forest does not fit into memory");
}

void table_forest_finish(struct table_forest *forest)
{
    for (unsigned tree = 0; forest->trees != NULL && tree < forest->count; tree++)
        free(forest->trees[tree].nodes);
    free(forest->trees);
    *forest = (struct table_forest){NULL, 0};
}

static float mean_of(const void *model, double sum)
{
    const struct table_forest *forest = model;
    return (float)(sum / forest->count);
}

void table_forest_score(const struct table_forest *forest, const struct table_bins *bins,
                        unsigned threads, float *scores)
{
    table_score(forest->trees, forest->count, bins, threads, mean_of, forest, scores);
}
