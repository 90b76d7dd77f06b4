/*
 * A forest of binary trees as an index-based array that needs no parsing: built by the trainer,
 * embedded in the code or mapped from a model file, walked at each login.
 *
 * File, little-endian, position-independent:
 *     struct forest_header
 *     struct forest_node  nodes[node_count]
 *     float               values[node_count]   mean of the training labels at each node
 *     char                summary[summary_bytes] training summary, one JSON object
 *
 * The roots come first, then pairs of siblings, those that training rows reached most often first:
 * what a row visits lies in few cache lines and pages. A child stands behind its parent, so no walk
 * can loop. forest_open() checks that, all bounds, the checksum and the feature table, and refuses
 * everything else with a sentence.
 */
#ifndef SCORER_FOREST_H
#define SCORER_FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "scorer/features.h"

#define FOREST_MAGIC     "PAMANOM1"
#define FOREST_VERSION   2
#define FOREST_MAX_TREES 1024
#define FOREST_MAX_NODES (UINT32_C(1) << 22)
#define FOREST_MAX_BYTES (UINT32_C(64) << 20)
#define FOREST_QUANTILES 64
#define FOREST_LEAF      0x7f /* feature number that marks a leaf */

/*
 * A walk compares integers and branches nowhere. Row values become keys in the order of the values,
 * each twice: for nodes that send a missing value left and for those that send it right. Every node
 * looks at the key that step's low byte names, and goes to step's child, or to the one behind it
 * when that key is greater than its own. A leaf looks at a key that is never greater, and its child
 * is itself.
 */
struct forest_node {
    uint32_t step; /* child << 8 | feature << 1 | whether a missing value goes right */
    int32_t key;   /* forest_key() of the threshold; of a leaf the bits of its probability */
};

#define FOREST_KEYS     256
#define FOREST_LEAF_KEY (FOREST_LEAF << 1 | 1)

static inline uint32_t forest_child(const struct forest_node *node)
{
    return node->step >> 8;
}

static inline unsigned forest_feature(const struct forest_node *node)
{
    return node->step >> 1 & 0x7f;
}

static inline bool forest_is_leaf(const struct forest_node *node)
{
    return (node->step & 0xff) == FOREST_LEAF_KEY;
}

/* Integers in the order of floats, both zeros being one. Not for NAN. */
int32_t forest_key(float value);

struct forest_thresholds {
    float log, step_up, deny; /* risk at or above which the verdict is given; > 1: never */
};

struct forest_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t file_bytes;
    uint64_t checksum;     /* hash_bytes of everything behind this field */
    uint32_t feature_hash; /* feature_table_hash() */
    uint32_t feature_count;
    uint32_t tree_count; /* tree t's root is node t */
    uint32_t node_count;
    uint32_t summary_bytes;
    float base; /* mean of values[root] over the trees: the score before any evidence */
    struct forest_thresholds thresholds; /* at the budgets below, on held-out later time */
    float budget_log, budget_step_up, budget_deny;
    float legitimate_quantiles[FOREST_QUANTILES]; /* of held-out legitimate logins: the risk that a
                                                     share of forest_quantile_share(i) exceeds */
    int64_t trained_us;
    uint64_t geo_epoch; /* build epoch of the databases the history was located with; 0: none */
    char geo_type[64];
};

/* Share of legitimate logins above quantile i: from 1 down to 1e-6 in equal logarithmic steps. */
double forest_quantile_share(unsigned i);

struct forest {
    const struct forest_header *header;
    const struct forest_node *nodes;
    const float *values;
    const char *summary; /* summary_bytes long, no NUL */
};

/*
 * Looks at bytes (8-byte aligned, which must outlive the forest) and checks them fully. False with
 * a FAULT_MODEL sentence when they are not a sound model for this feature table.
 */
bool forest_open(struct forest *forest, const void *bytes, size_t size,
                 struct error *error) MUST_USE;

/*
 * The same without the checks, for bytes that are part of the program and were checked when it was
 * built.
 */
void forest_open_checked(struct forest *forest, const void *bytes);

/* The default forest that is embedded in the code, grown at build time. */
void forest_open_default(struct forest *forest);

/* Mean leaf probability over the trees, 0 to 1. */
double forest_score(const struct forest *forest, const float features[FEATURE_COUNT]);

/*
 * Each feature's share of score - base: along each path, the change of the node's mean is given to
 * the feature that was asked (Saabas 2014, "Interpreting random forests"). They add up exactly to
 * score - base but for rounding.
 */
void forest_contributions(const struct forest *forest, const float features[FEATURE_COUNT],
                          double contributions[FEATURE_COUNT]);

/*
 * The least risk that keeps within the budget: a share of at most `budget` of legitimate logins is
 * at or above it, by interpolation in the model's quantiles. More than 1 (never) for a budget of 0
 * or one smaller than the quantiles can tell, 1e-6.
 */
float forest_threshold_for(const struct forest *forest, double budget);

#endif
