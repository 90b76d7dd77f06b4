/* Logins, forests and randomness for the scorer's tests. */
#ifndef TESTS_UNIT_SCORER_SAMPLE_H
#define TESTS_UNIT_SCORER_SAMPLE_H

#include <math.h>

#include "scorer/risk.h"
#include "scorer/trees_build.h"
#include "tests/unit/common/unit.h"

#define assert_near(found, expected, within)                                                       \
    do {                                                                                           \
        double near_found = (double)(found), near_expected = (double)(expected);                   \
        if (!(fabs(near_found - near_expected) <= (double)(within)))                               \
            fail_msg("%s is %.9g, not %.9g", #found, near_found, near_expected);                   \
    } while (0)

#define DAY_US    (INT64_C(86400) * 1000000)
#define HOUR_US   (INT64_C(3600) * 1000000)
#define MINUTE_US (INT64_C(60) * 1000000)
#define MONDAY_US (INT64_C(1772409600) * 1000000) /* 2026-03-02 00:00 UTC, a Monday */

/* ada opens an ssh session by public key from Munich on a Monday at 09:00 local time (UTC). */
static inline struct login_event sample_login(void)
{
    struct login_event event;
    login_event_init(&event);
    event.id = login_id_make(MONDAY_US, 42);
    event.stage = STAGE_OPENED;
    event.learn = true;
    event.time_us = MONDAY_US + 9 * HOUR_US;
    event.method = METHOD_PUBLICKEY;
    strcpy(event.user, "ada");
    strcpy(event.host, "door");
    strcpy(event.service, "sshd");
    if (!ip_parse("8.8.8.8", &event.source))
        abort();
    event.source_port = 50022;
    event.connection = 77;
    event.place = (struct place){.latitude = 48.1f, .longitude = 11.6f, .asn = 3320};
    event.place.anonymous = ANONYMOUS_NO;
    strcpy(event.place.country, "DE");
    strcpy(event.place.city, "Munich");
    strcpy(event.device, "linux ts sack ws7 mss1460");
    strcpy(event.key, "SHA256:abc");
    event.rtt_us = 20000;
    return event;
}

static inline struct login_event sample_stage(struct login_event event, enum login_stage stage,
                                              int64_t time_us)
{
    event.stage = stage;
    event.time_us = time_us;
    return event;
}

/* Deterministic and good enough to vary tests (xorshift64). */
static inline uint64_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Thresholds in order, quantiles rising evenly from 0 to 0.63; the forest alone makes the risk. */
static inline struct risk_model_facts sample_facts(void)
{
    static const struct grown_node ROOM[] = {
        {.left = 1, .right = 2, .column = 1, .threshold = 3, .value = 6, .visits = 8},
        {.value = 7, .visits = 6},
        {.value = 3, .visits = 2},
    };
    static const struct grown_tree ISOLATION[] = {{ROOM, LENGTH(ROOM)}, {ROOM, LENGTH(ROOM)}};
    struct risk_model_facts facts = {
        .isolation = ISOLATION,
        .isolation_trees = LENGTH(ISOLATION),
        .isolation_sample = 256,
        .stack = {.forest = 1},
        .thresholds = {{.budget = 0.02f, .risk = 0.3f, .lowest = 0.01f, .highest = 0.03f},
                       {.budget = 0.005f, .risk = 0.4f, .highest = 0.02f},
                       {.budget = 0.0001f, .risk = 0.5f, .highest = 0.01f}},
        .trained_us = MONDAY_US,
        .geo_epoch = 1700000000,
        .geo_type = "City",
        .summary = "{}",
    };
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++)
        facts.legitimate_quantiles[i] = (float)i / 100;
    return facts;
}

/* Grows a random tree of the given depth into nodes (room for 2^(depth+1) - 1); returns its size.
 */
static inline uint32_t sample_grow(struct grown_node *nodes, uint32_t at, uint32_t free_at,
                                   unsigned depth, uint32_t columns, uint64_t *state)
{
    nodes[at] = (struct grown_node){
        .column = (uint16_t)(sample_random(state) % columns),
        .missing_right = sample_random(state) % 2 != 0,
        .threshold = (float)(sample_random(state) % 1000) / 100 - 5,
        .value = (float)(sample_random(state) % 1001) / 1000,
    };
    if (depth == 0 || sample_random(state) % 8 == 0)
        return free_at;
    uint32_t left = free_at, right = free_at + 1;
    nodes[at].left = left;
    nodes[at].right = right;
    free_at = sample_grow(nodes, left, free_at + 2, depth - 1, columns, state);
    return sample_grow(nodes, right, free_at, depth - 1, columns, state);
}

#define SAMPLE_TREE_NODES 256

/* Random trees of at most seven levels; the caller gives them to grown_trees_free(). */
static inline struct grown_tree *sample_trees(uint32_t tree_count, unsigned depth, uint32_t columns,
                                              uint64_t seed)
{
    struct grown_tree *trees = calloc(tree_count, sizeof *trees);
    assert_non_null(trees);
    for (uint32_t i = 0; i < tree_count; i++) {
        struct grown_node *nodes = calloc(SAMPLE_TREE_NODES, sizeof *nodes);
        assert_non_null(nodes);
        trees[i] = (struct grown_tree){nodes, sample_grow(nodes, 0, 1, depth, columns, &seed)};
    }
    return trees;
}

/* A random row, a quarter of it missing. */
static inline void sample_row(float *row, uint32_t columns, uint64_t *state)
{
    for (unsigned i = 0; i < columns; i++)
        row[i] =
            sample_random(state) % 4 == 0 ? NAN : (float)(sample_random(state) % 1000) / 100 - 5;
}

/* A model of random trees; the caller frees *bytes. */
static inline void sample_model(uint32_t tree_count, unsigned depth, uint64_t seed, void **bytes,
                                size_t *size)
{
    struct risk_model_facts facts = sample_facts();
    struct error error = ERROR_NONE;
    struct grown_tree *trees = sample_trees(tree_count, depth, FEATURE_COUNT, seed);
    facts.forest = trees;
    facts.forest_trees = tree_count;
    facts.summary = "{\"trees\": 1}";
    if (!risk_model_build(&facts, bytes, size, &error))
        fail_msg("%s", error.text);
    grown_trees_free(trees, tree_count);
}

#endif
