/*
 * Grows an isolation forest (Liu, Ting and Zhou 2008; scorer/isolation.h): each tree on a sample of
 * rows drawn without replacement, to a height of at most ceil(log2(sample)). A split draws a column
 * uniformly among those whose known values differ at the node, then a threshold uniformly between
 * the least and the greatest of them. A node whose rows differ in no column is a leaf.
 *
 * Missing values (NAN) take no part in choosing a threshold and go to the node's default side,
 * drawn in proportion to the known values on either side. Infinite values count as the largest
 * finite ones. Deterministic for a seed, whatever the number of threads.
 */
#ifndef TRAINER_GROW_ISOLATION_H
#define TRAINER_GROW_ISOLATION_H

#include "scorer/isolation.h"
#include "scorer/trees_build.h"

#define ISOLATION_SAMPLE 256 /* of the paper, with as good as no gain beyond */
#define ISOLATION_TREES  100

struct isolation_options {
    uint32_t trees;
    uint32_t sample; /* rows a tree; all rows where the table has no more */
    unsigned threads;
    uint64_t seed;
};

struct grown_isolation {
    struct grown_tree *trees;
    uint32_t tree_count, sample_rows;
};

/*
 * table: rows × columns values, row after row. *grown is the caller's to give to
 * grown_isolation_finish(). A node's value is the mean
 * path length of the sample's rows that came there.
 */
bool grow_isolation(const float *table, size_t rows, unsigned columns,
                    const struct isolation_options *options, struct grown_isolation *grown,
                    struct error *error) MUST_USE;
void grown_isolation_finish(struct grown_isolation *grown);

/* A forest that scores, in memory of its own: forest->trees is the caller's to give to
 * trees_free(). */
bool isolation_forest_build(const struct grown_isolation *grown, unsigned columns,
                            struct isolation_forest *forest, struct error *error) MUST_USE;

#endif
