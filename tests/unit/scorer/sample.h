/* Logins, forests and randomness for the scorer's tests. */
#ifndef TESTS_UNIT_SCORER_SAMPLE_H
#define TESTS_UNIT_SCORER_SAMPLE_H

#include <math.h>

#include "scorer/forest_build.h"
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

/* Thresholds in order, quantiles rising evenly from 0 to 0.63. */
static inline struct forest_header sample_facts(void)
{
    struct forest_header facts;
    memset(&facts, 0, sizeof facts);
    facts.thresholds = (struct forest_thresholds){.log = 0.3f, .step_up = 0.4f, .deny = 0.5f};
    facts.budget_log = 0.02f;
    facts.budget_step_up = 0.005f;
    facts.budget_deny = 0.0001f;
    for (unsigned i = 0; i < FOREST_QUANTILES; i++)
        facts.legitimate_quantiles[i] = (float)i / 100;
    facts.trained_us = MONDAY_US;
    facts.geo_epoch = 1700000000;
    strcpy(facts.geo_type, "City");
    return facts;
}

/* Grows a random tree of the given depth into nodes (room for 2^(depth+1) - 1); returns its size.
 */
static inline uint32_t sample_grow(struct forest_tree_node *nodes, uint32_t at, uint32_t free_at,
                                   unsigned depth, uint64_t *state)
{
    nodes[at] = (struct forest_tree_node){
        .feature = (uint8_t)(sample_random(state) % FEATURE_COUNT),
        .missing_right = sample_random(state) % 2 != 0,
        .threshold = (float)(sample_random(state) % 1000) / 100 - 5,
        .value = (float)(sample_random(state) % 1001) / 1000,
    };
    if (depth == 0 || sample_random(state) % 8 == 0)
        return free_at;
    uint32_t left = free_at, right = free_at + 1;
    nodes[at].left = left;
    nodes[at].right = right;
    free_at = sample_grow(nodes, left, free_at + 2, depth - 1, state);
    return sample_grow(nodes, right, free_at, depth - 1, state);
}

#define SAMPLE_TREE_NODES 256

/* A model of random trees of at most seven levels; the caller frees *bytes. */
static inline void sample_forest(uint32_t tree_count, unsigned depth, uint64_t seed, void **bytes,
                                 size_t *size)
{
    struct forest_header facts = sample_facts();
    struct error error = ERROR_NONE;
    struct forest_tree *trees = calloc(tree_count, sizeof *trees);
    struct forest_tree_node *nodes = calloc(tree_count, SAMPLE_TREE_NODES * sizeof *nodes);
    for (uint32_t i = 0; i < tree_count; i++) {
        struct forest_tree_node *tree = nodes + i * SAMPLE_TREE_NODES;
        trees[i] = (struct forest_tree){tree, sample_grow(tree, 0, 1, depth, &seed)};
    }
    if (!forest_build(trees, tree_count, &facts, "{\"trees\": 1}", bytes, size, &error))
        fail_msg("%s", error.text);
    free(nodes);
    free(trees);
}

#endif
