#include "scorer/forest.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/hash.h"

#define BATCH          10   /* trees walked side by side, so that their cache misses overlap */
#define NEVER          2.0f /* above any risk */
#define SMALLEST_SHARE 1e-6
#define BASE_TOLERANCE 1e-5

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");
static_assert(sizeof(struct forest_node) == 8, "nodes are 8 bytes in the file");
static_assert(offsetof(struct forest_node, step) == 0, "a node's low half is its step");
static_assert(sizeof(struct forest_header) == 160 + 4 * FOREST_QUANTILES,
              "struct forest_header has no padding");
static_assert((int)FEATURE_COUNT < FOREST_LEAF, "a leaf is told from every feature");

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "the model file %s", why);
}

double forest_quantile_share(unsigned i)
{
    return pow(SMALLEST_SHARE, (double)i / (FOREST_QUANTILES - 1));
}

static bool check_frame(const struct forest_header *header, size_t size, struct error *error)
{
    if (memcmp(header->magic, FOREST_MAGIC, sizeof header->magic) != 0)
        return refuse(error, "is not a model of pam_anomaly: train one with anomaly-trainer");
    if (header->version != FOREST_VERSION)
        return error_set(error, FAULT_MODEL,
                         "the model file is of version %u, this program reads version %u: train it "
                         "again",
                         header->version, FOREST_VERSION);
    if (header->header_bytes != sizeof *header)
        return refuse(error, "has a header of a wrong size");
    if (header->file_bytes != size)
        return refuse(error, "is truncated or has bytes behind its end");
    size_t covered = offsetof(struct forest_header, checksum) + sizeof header->checksum;
    if (hash_bytes((const char *)header + covered, size - covered) != header->checksum)
        return refuse(error, "is damaged: its checksum does not match");
    if (header->feature_count != FEATURE_COUNT || header->feature_hash != feature_table_hash())
        return refuse(error, "was trained for other features than this program's: train it again");
    return true;
}

static bool check_sizes(const struct forest_header *header, size_t size, struct error *error)
{
    if (header->tree_count < 1 || header->tree_count > FOREST_MAX_TREES)
        return refuse(error, "has no trees or too many");
    if (header->node_count < header->tree_count || header->node_count > FOREST_MAX_NODES)
        return refuse(error, "has fewer nodes than trees or too many");
    uint64_t node_bytes = sizeof(struct forest_node) + sizeof(float);
    if (sizeof *header + header->node_count * node_bytes + header->summary_bytes != size)
        return refuse(error, "holds another number of bytes than its header says");
    return true;
}

static bool is_share(float value)
{
    return value >= 0 && value <= 1;
}

static bool check_facts(const struct forest_header *header, struct error *error)
{
    const struct forest_thresholds *thresholds = &header->thresholds;
    if (!(thresholds->log >= 0 && thresholds->log <= thresholds->step_up &&
          thresholds->step_up <= thresholds->deny && thresholds->deny <= NEVER))
        return refuse(error, "has thresholds out of order");
    if (!is_share(header->budget_log) || !is_share(header->budget_step_up) ||
        !is_share(header->budget_deny))
        return refuse(error, "has budgets that are not shares");
    for (unsigned i = 0; i < FOREST_QUANTILES; i++) {
        const float *quantile = &header->legitimate_quantiles[i];
        if (!is_share(*quantile) || (i > 0 && *quantile < quantile[-1]))
            return refuse(error, "has quantiles of risk that are not shares in order");
    }
    if (header->trained_us < 0 || header->trained_us > LOGIN_TIME_MAX_US)
        return refuse(error, "has a time of training that cannot be");
    if (memchr(header->geo_type, '\0', sizeof header->geo_type) == NULL)
        return refuse(error, "has a name of its geolocation database that does not end");
    return true;
}

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

int32_t forest_key(float value)
{
    uint32_t bits = float_bits(value + 0.0f); /* -0 becomes 0 */
    /* The larger a negative float's bits, the smaller it is. */
    return (int32_t)(bits ^ ((bits >> 31) * UINT32_C(0x7fffffff)));
}

/* Of values from 0 to 1, and of finite ones, by their bits and their keys. */
#define ONE_BITS     UINT32_C(0x3f800000)
#define INFINITE_KEY INT32_C(0x7f800000)

static bool asks_soundly(const struct forest_node *node)
{
    return (forest_feature(node) < FEATURE_COUNT) & (node->key < INFINITE_KEY) &
           (node->key > -INFINITE_KEY - 1);
}

/*
 * Without branches, since a login waits while every node is looked at and no processor guesses
 * leaves.
 */
static inline bool node_sound(const struct forest_node *node, float value, uint32_t at,
                              uint32_t node_count)
{
    uint32_t child = forest_child(node);
    bool leaf_sound = (child == at) & ((uint32_t)node->key == float_bits(value));
    bool inner_sound = asks_soundly(node) & (child > at) & (child < node_count - 1);
    return (float_bits(value) <= ONE_BITS) & (forest_is_leaf(node) ? leaf_sound : inner_sound);
}

static const char *why_unsound(const struct forest_node *node, float value)
{
    if (float_bits(value) > ONE_BITS)
        return "has no sound mean";
    if (forest_is_leaf(node))
        return "is an unsound leaf";
    return asks_soundly(node) ? "has unsound children" : "asks nothing sound";
}

static bool explain_nodes(const struct forest *forest, struct error *error)
{
    uint32_t count = forest->header->node_count;
    uint32_t at = 0;
    while (at < count - 1 && node_sound(&forest->nodes[at], forest->values[at], at, count))
        at++;
    return error_set(error, FAULT_MODEL, "the model file's node %u %s", at,
                     why_unsound(&forest->nodes[at], forest->values[at]));
}

static bool check_nodes(const struct forest *forest, struct error *error)
{
    uint32_t count = forest->header->node_count;
    bool sound = true;
    for (uint32_t i = 0; i < count; i++)
        sound &= node_sound(&forest->nodes[i], forest->values[i], i, count);
    return sound || explain_nodes(forest, error);
}

static bool check_base(const struct forest *forest, struct error *error)
{
    double roots = 0;
    for (uint32_t i = 0; i < forest->header->tree_count; i++)
        roots += (double)forest->values[i];
    if (!(fabs(roots / forest->header->tree_count - (double)forest->header->base) <=
          BASE_TOLERANCE))
        return refuse(error, "has a base that is not the mean of its trees");
    return true;
}

static bool check_summary(const struct forest *forest, struct error *error)
{
    for (uint32_t i = 0; i < forest->header->summary_bytes; i++) {
        unsigned char c = (unsigned char)forest->summary[i];
        if (c < ' ' && c != '\n' && c != '\t')
            return refuse(error, "has control bytes in its summary");
    }
    return true;
}

void forest_open_checked(struct forest *forest, const void *bytes)
{
    forest->header = bytes;
    forest->nodes = (const void *)((const char *)bytes + sizeof *forest->header);
    forest->values = (const void *)(forest->nodes + forest->header->node_count);
    forest->summary = (const void *)(forest->values + forest->header->node_count);
}

bool forest_open(struct forest *forest, const void *bytes, size_t size, struct error *error)
{
    const struct forest_header *header = bytes;
    if ((uintptr_t)bytes % 8 != 0)
        return refuse(error, "does not lie at a multiple of 8 bytes in memory");
    if (size < sizeof *header)
        return refuse(error, "is shorter than its header");
    if (size > FOREST_MAX_BYTES)
        return refuse(error, "is larger than any model");
    if (!check_frame(header, size, error) || !check_sizes(header, size, error) ||
        !check_facts(header, error))
        return false;
    struct forest found;
    forest_open_checked(&found, bytes);
    if (!check_nodes(&found, error) || !check_base(&found, error) || !check_summary(&found, error))
        return false;
    *forest = found;
    return true;
}

static void make_keys(const float features[FEATURE_COUNT], int32_t keys[FOREST_KEYS])
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        int32_t key = forest_key(features[i]);
        bool missing = isnan(features[i]);
        keys[2 * i] = missing ? INT32_MIN : key;
        keys[2 * i + 1] = missing ? INT32_MAX : key;
    }
    keys[FOREST_LEAF_KEY] = INT32_MIN;
}

/* A leaf's key is a probability's bits, which are not below INT32_MIN either. */
static inline uint32_t next_node(const struct forest_node *node, const int32_t keys[FOREST_KEYS])
{
    uint64_t both; /* one load */
    memcpy(&both, node, sizeof both);
    return ((uint32_t)both >> 8) + (keys[(uint8_t)both] > (int32_t)(both >> 32));
}

/* From the nodes at[] to their leaves. */
static inline void walk(const struct forest_node *nodes, const int32_t keys[FOREST_KEYS],
                        uint32_t at[BATCH])
{
    uint32_t moved;
    do {
        moved = 0;
#pragma GCC unroll 10
        for (unsigned i = 0; i < BATCH; i++) {
            uint32_t to = next_node(&nodes[at[i]], keys);
            moved |= to ^ at[i];
            at[i] = to;
        }
    } while (moved != 0);
}

static double leaf_value(const struct forest_node *node)
{
    float value;
    memcpy(&value, &node->key, sizeof value);
    return (double)value;
}

double forest_score(const struct forest *forest, const float features[FEATURE_COUNT])
{
    int32_t keys[FOREST_KEYS];
    uint32_t trees = forest->header->tree_count;
    double sum = 0;
    make_keys(features, keys);
    for (uint32_t first = 0; first < trees; first += BATCH) {
        uint32_t count = trees - first < BATCH ? trees - first : BATCH, at[BATCH];
        for (uint32_t i = 0; i < BATCH; i++)
            at[i] = first + (i < count ? i : 0);
        walk(forest->nodes, keys, at);
        for (uint32_t i = 0; i < count; i++)
            sum += leaf_value(&forest->nodes[at[i]]);
    }
    return sum / trees;
}

void forest_contributions(const struct forest *forest, const float features[FEATURE_COUNT],
                          double contributions[FEATURE_COUNT])
{
    int32_t keys[FOREST_KEYS];
    uint32_t trees = forest->header->tree_count;
    memset(contributions, 0, FEATURE_COUNT * sizeof *contributions);
    make_keys(features, keys);
    for (uint32_t tree = 0; tree < trees; tree++) {
        uint32_t at = tree;
        while (!forest_is_leaf(&forest->nodes[at])) {
            const struct forest_node *node = &forest->nodes[at];
            uint32_t next = next_node(node, keys);
            contributions[forest_feature(node)] +=
                (double)forest->values[next] - (double)forest->values[at];
            at = next;
        }
    }
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        contributions[i] /= trees;
}

float forest_threshold_for(const struct forest *forest, double budget)
{
    const float *quantiles = forest->header->legitimate_quantiles;
    if (!(budget >= SMALLEST_SHARE))
        return NEVER;
    if (budget >= 1)
        return 0;
    double position = log(budget) / log(SMALLEST_SHARE) * (FOREST_QUANTILES - 1);
    unsigned below = (unsigned)position;
    double part = position - below;
    double quantile = below + 1 < FOREST_QUANTILES ? (1 - part) * (double)quantiles[below] +
                                                         part * (double)quantiles[below + 1]
                                                   : (double)quantiles[FOREST_QUANTILES - 1];
    /* Logins often tie at one risk: only above it does the budget hold. */
    return nextafterf((float)quantile, NEVER);
}
