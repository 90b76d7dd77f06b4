/*
 * A model file: a forest, an isolation forest and what stacks them, with the thresholds found for
 * the budgets. Built by the trainer, embedded in the code or mapped, position-independent,
 * little-endian:
 *
 *     struct risk_model_header
 *     uint32_t          checks[]      of each block of the body the low half of its hash_bytes()
 *                                    padding to a multiple of RISK_MODEL_BLOCK
 *     body:  struct tree_node  nodes[]                of the forest, then of the isolation forest
 *            int32_t           values[]               of both
 *            char              summary[summary_bytes] training summary, one JSON object
 *
 * Opening looks at the header alone. What a login then reads of the body is checked
 * when it is read, block by block and node by node (risk_model_open_checked() looks at all of it
 * once, for those who score often): a score costs what it touches, and no bytes whatever can make a
 * reader leave the file, loop, or give a score that a sound file would not give.
 */
#ifndef SCORER_RISK_MODEL_H
#define SCORER_RISK_MODEL_H

#include "scorer/features.h"
#include "scorer/forest.h"
#include "scorer/isolation.h"

#define RISK_MODEL_MAGIC      "PAMANOM1"
#define RISK_MODEL_VERSION    3
#define RISK_MODEL_BLOCK      64 /* bytes of one checksum: a cache line, all that a walk needs of it */
#define RISK_MODEL_MOST_BYTES (UINT32_C(32) << 20)
#define RISK_MODEL_MOST_TREES 1024
#define RISK_MODEL_MOST_DEPTH 64 /* of a walk; no deeper trees are built */
#define RISK_MODEL_QUANTILES  64

#define RISK_NEVER 2.0f /* a threshold above any risk */

/* What a budget became on held-out later logins. */
struct risk_threshold {
    float budget;          /* share of legitimate logins */
    float risk;            /* at or above which the verdict is given; above 1: never */
    float lowest, highest; /* 95 % interval of the share of legitimate logins that reach it */
};

enum risk_level { RISK_LOG, RISK_STEP_UP, RISK_DENY, RISK_LEVEL_COUNT };
const char *risk_level_name(enum risk_level level); /* "log", "step_up", "deny" */

/*
 * Log-odds of the risk: intercept + forest * log-odds of the forest + isolation * isolation score +
 * likelihood * (likelihood ratio, or its mean where it is missing). No weight is negative.
 */
struct risk_stack {
    double intercept, forest, isolation, likelihood, likelihood_mean;
};

struct risk_model_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t checksum; /* hash_bytes of what of the header stands behind this; names the model */
    uint64_t file_bytes;
    uint64_t checks_checksum; /* hash_bytes of the checks, for those who look at all of them */
    uint32_t feature_hash;    /* feature_table_hash() */
    uint32_t feature_count;
    uint32_t forest_kind; /* enum forest_kind */
    uint32_t forest_trees, forest_nodes;
    uint32_t isolation_trees, isolation_nodes, isolation_sample;
    uint32_t summary_bytes;
    uint32_t unused; /* 0 */
    double forest_bias;
    int64_t forest_base, isolation_base; /* trees_base() of both */
    struct risk_stack stack;
    struct risk_threshold thresholds[RISK_LEVEL_COUNT];
    float
        legitimate_quantiles[RISK_MODEL_QUANTILES]; /* of held-out legitimate logins: the risk that
                                                       a share of risk_quantile_share(i) exceeds */
    int64_t trained_us;
    uint64_t geo_epoch; /* build epoch of the databases the history was located with; 0: none */
    char geo_type[64];
};

/* Share of legitimate logins above quantile i: from 1 down to 1e-6 in equal logarithmic steps. */
double risk_quantile_share(unsigned i);

/* Which blocks of a model were found sound. */
struct risk_blocks {
    uint64_t sound[RISK_MODEL_MOST_BYTES / RISK_MODEL_BLOCK / 64];
};

struct risk_model {
    const struct risk_model_header *header;
    const uint32_t *checks;
    const char *body;
    struct forest forest;
    struct isolation_forest isolation;
    const char *summary;        /* summary_bytes long, no NUL */
    struct risk_blocks *blocks; /* NULL: all were checked */
};

/*
 * Looks at bytes (8-byte aligned, which must outlive the model) without the body. blocks: the
 * caller's room, for as long as the model is used. False with a FAULT_MODEL sentence when they are
 * not a model for this feature table.
 */
bool risk_model_open(struct risk_model *model, const void *bytes, size_t size,
                     struct risk_blocks *blocks, struct error *error) MUST_USE;

/* The same with all of the body: scores are faster then, and may be taken by several threads. */
bool risk_model_open_checked(struct risk_model *model, const void *bytes, size_t size,
                             struct error *error) MUST_USE;

/* For bytes that are part of the program and were checked when it was built. */
void risk_model_of_program(struct risk_model *model, const void *bytes);

/* The default model that is embedded in the code, made and checked at build time. */
void risk_model_open_default(struct risk_model *model);

/* What the trainer knows of a model; all else of the header is computed. */
struct risk_model_facts {
    enum forest_kind forest_kind;
    const struct grown_tree *forest, *isolation;
    uint32_t forest_trees, isolation_trees, isolation_sample;
    double forest_bias;
    struct risk_stack stack;
    struct risk_threshold thresholds[RISK_LEVEL_COUNT];
    float legitimate_quantiles[RISK_MODEL_QUANTILES];
    int64_t trained_us;
    uint64_t geo_epoch;
    char geo_type[64];
    const char *summary; /* one JSON object, may be "" */
};

/*
 * *bytes is the caller's to free(). What it made passes risk_model_open_checked(); false with a
 * FAULT_MODEL sentence when the facts cannot make a sound model.
 */
bool risk_model_build(const struct risk_model_facts *facts, void **bytes, size_t *size,
                      struct error *error) MUST_USE;

#endif
