#include "common/hash.h"
#include "tests/unit/scorer/sample.h"

/* One question on the first feature: 0.2 to the left, 0.8 to the right, NAN right. */
static const struct forest_tree_node STUMP[] = {
    {.left = 1, .right = 2, .feature = 0, .missing_right = true, .threshold = 1.5f, .value = 0.4f},
    {.value = 0.2f},
    {.value = 0.8f},
};
static const struct forest_tree STUMP_TREE = {STUMP, LENGTH(STUMP)};

struct model {
    struct forest_header *header;
    size_t size;
};

static struct model stump_model(void)
{
    struct forest_header facts = sample_facts();
    struct error error = ERROR_NONE;
    struct model model;
    void *bytes;
    if (!forest_build(&STUMP_TREE, 1, &facts, "{}", &bytes, &model.size, &error))
        fail_msg("%s", error.text);
    model.header = bytes;
    return model;
}

#define STEP(child, feature, missing_right)                                                        \
    ((uint32_t)(child) << 8 | (uint32_t)(feature) << 1 | (missing_right))

static int32_t bits_of(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static struct forest_node *nodes_of(struct model model)
{
    return (void *)(model.header + 1);
}

static float *values_of(struct model model)
{
    return (void *)(nodes_of(model) + model.header->node_count);
}

/* The checksum that belongs to the bytes as they are now. */
static void seal(struct model model)
{
    size_t covered = offsetof(struct forest_header, checksum) + 8;
    model.header->checksum = hash_bytes((const char *)model.header + covered, model.size - covered);
}

static void fill(float features[FEATURE_COUNT], uint64_t *state)
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        features[i] =
            sample_random(state) % 4 == 0 ? NAN : (float)(sample_random(state) % 1000) / 100 - 5;
}

static void test_a_built_model_opens_and_scores(void **state)
{
    (void)state;
    struct model model = stump_model();
    struct forest forest;
    struct error error = ERROR_NONE;
    float features[FEATURE_COUNT] = {0};
    assert_true(forest_open(&forest, model.header, model.size, &error));
    features[0] = 1.5f;
    assert_near(forest_score(&forest, features), 0.2, 1e-7);
    features[0] = 1.6f;
    assert_near(forest_score(&forest, features), 0.8, 1e-7);
    features[0] = NAN;
    assert_near(forest_score(&forest, features), 0.8, 1e-7);
    assert_near(forest.header->base, 0.4, 1e-7);
    assert_int_equal(forest.header->summary_bytes, 2);
    assert_memory_equal(forest.summary, "{}", 2);
    free(model.header);
}

static void test_keys_are_in_the_order_of_their_values(void **state)
{
    (void)state;
    static const float ORDER[] = {-INFINITY, -3e38f, -2, -1.5f, -1e-40f,
                                  0,         1e-40f, 1,  3e38f, INFINITY};
    for (size_t i = 1; i < LENGTH(ORDER); i++)
        assert_true(forest_key(ORDER[i - 1]) < forest_key(ORDER[i]));
    assert_int_equal(forest_key(-0.0f), forest_key(0.0f));
}

/* The pair behind the more visited of two nodes comes first. */
static void test_what_is_visited_most_stands_first(void **state)
{
    (void)state;
    const struct forest_tree_node nodes[] = {
        {.left = 1, .right = 2, .value = 0.5f, .visits = 100},
        {.left = 3, .right = 4, .value = 0.5f, .visits = 10},
        {.left = 5, .right = 6, .value = 0.5f, .visits = 90},
        {.value = 0.1f},
        {.value = 0.2f},
        {.value = 0.3f},
        {.value = 0.4f},
    };
    const struct forest_tree tree = {nodes, LENGTH(nodes)};
    struct forest_header facts = sample_facts();
    struct error error = ERROR_NONE;
    struct model model;
    void *bytes;
    assert_true(forest_build(&tree, 1, &facts, "{}", &bytes, &model.size, &error));
    model.header = bytes;
    assert_int_equal(forest_child(&nodes_of(model)[1]), 5);
    assert_int_equal(forest_child(&nodes_of(model)[2]), 3);
    free(bytes);
}

static double walk_plainly(const struct forest_tree_node *nodes, const float *features)
{
    uint32_t at = 0;
    while (nodes[at].left != 0) {
        float value = features[nodes[at].feature];
        bool right = isnan(value) ? nodes[at].missing_right : value > nodes[at].threshold;
        at = right ? nodes[at].right : nodes[at].left;
    }
    return (double)nodes[at].value;
}

static void test_the_file_scores_as_the_trees_it_was_built_from(void **state)
{
    (void)state;
    enum { TREES = 21 };
    struct forest_tree_node nodes[TREES][SAMPLE_TREE_NODES];
    struct forest_tree trees[TREES];
    struct forest_header facts = sample_facts();
    uint64_t seed = 7;
    for (unsigned i = 0; i < TREES; i++)
        trees[i] = (struct forest_tree){nodes[i], sample_grow(nodes[i], 0, 1, 6, &seed)};
    void *bytes;
    size_t size;
    struct forest forest;
    assert_true(forest_build(trees, TREES, &facts, "", &bytes, &size, NULL));
    assert_true(forest_open(&forest, bytes, size, NULL));
    for (unsigned round = 0; round < 200; round++) {
        float features[FEATURE_COUNT];
        double sum = 0;
        fill(features, &seed);
        for (unsigned i = 0; i < TREES; i++)
            sum += walk_plainly(nodes[i], features);
        assert_near(forest_score(&forest, features), sum / TREES, 1e-12);
    }
    free(bytes);
}

static void test_contributions_add_up_to_the_score(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    struct forest forest;
    uint64_t seed = 99;
    sample_forest(50, 6, 3, &bytes, &size);
    assert_true(forest_open(&forest, bytes, size, NULL));
    for (unsigned round = 0; round < 200; round++) {
        float features[FEATURE_COUNT];
        double contributions[FEATURE_COUNT], sum = (double)forest.header->base;
        fill(features, &seed);
        forest_contributions(&forest, features, contributions);
        for (unsigned i = 0; i < FEATURE_COUNT; i++)
            sum += contributions[i];
        assert_near(sum, forest_score(&forest, features), 1e-5);
    }
    free(bytes);
}

static void test_a_contribution_goes_to_the_feature_that_was_asked(void **state)
{
    (void)state;
    struct model model = stump_model();
    struct forest forest;
    float features[FEATURE_COUNT] = {[0] = 3};
    double contributions[FEATURE_COUNT];
    assert_true(forest_open(&forest, model.header, model.size, NULL));
    forest_contributions(&forest, features, contributions);
    assert_near(contributions[0], 0.4, 1e-6);
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        assert_near(contributions[i], 0, 0);
    free(model.header);
}

static void test_a_budget_finds_its_threshold_between_quantiles(void **state)
{
    (void)state;
    struct model model = stump_model();
    struct forest forest;
    assert_true(forest_open(&forest, model.header, model.size, NULL));
    assert_near(forest_quantile_share(0), 1, 0);
    assert_near(forest_quantile_share(63), 1e-6, 1e-12);
    assert_near(forest_quantile_share(21), 1e-2, 1e-8);
    assert_near(forest_threshold_for(&forest, forest_quantile_share(21)), 0.21, 1e-6);
    double between = sqrt(forest_quantile_share(21) * forest_quantile_share(22));
    assert_near(forest_threshold_for(&forest, between), 0.215, 1e-6);
    assert_near(forest_threshold_for(&forest, 1e-6), 0.63, 1e-6);
    assert_near(forest_threshold_for(&forest, 1), 0, 0);
    free(model.header);
}

static void test_no_budget_and_budgets_beyond_the_quantiles_are_never_reached(void **state)
{
    (void)state;
    struct model model = stump_model();
    struct forest forest;
    assert_true(forest_open(&forest, model.header, model.size, NULL));
    assert_near(forest_threshold_for(&forest, 0), 2, 0);
    assert_near(forest_threshold_for(&forest, -1), 2, 0);
    assert_near(forest_threshold_for(&forest, (double)NAN), 2, 0);
    assert_near(forest_threshold_for(&forest, 1e-7), 2, 0);
    free(model.header);
}

static void test_logins_that_tie_at_a_quantile_stay_below_its_threshold(void **state)
{
    (void)state;
    struct model model = stump_model();
    struct forest forest;
    for (unsigned i = 0; i < FOREST_QUANTILES; i++)
        model.header->legitimate_quantiles[i] = 0.25f;
    seal(model);
    assert_true(forest_open(&forest, model.header, model.size, NULL));
    assert_true(forest_threshold_for(&forest, 0.01) > 0.25f);
    free(model.header);
}

static void test_a_truncated_model_is_refused_at_every_length(void **state)
{
    (void)state;
    struct model model = stump_model();
    for (size_t length = 0; length < model.size; length++) {
        /* A copy of just that length, so that a read past it is seen. */
        void *copy = malloc(length > 0 ? length : 1);
        struct forest forest;
        struct error error = ERROR_NONE;
        memcpy(copy, model.header, length);
        assert_false(forest_open(&forest, copy, length, &error));
        assert_int_equal(error.fault, FAULT_MODEL);
        assert_true(error.text[0] != '\0');
        free(copy);
    }
    free(model.header);
}

static void test_every_damaged_byte_is_refused(void **state)
{
    (void)state;
    struct model model = stump_model();
    unsigned char *bytes = (unsigned char *)model.header;
    struct forest forest;
    for (size_t i = 0; i < model.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct error error = ERROR_NONE;
            bytes[i] ^= (unsigned char)(1U << bit);
            if (forest_open(&forest, bytes, model.size, &error))
                fail_msg("byte %zu, bit %u", i, bit);
            assert_int_equal(error.fault, FAULT_MODEL);
            bytes[i] ^= (unsigned char)(1U << bit);
        }
    }
    assert_true(forest_open(&forest, bytes, model.size, NULL));
    free(model.header);
}

static void test_bytes_behind_the_end_and_odd_addresses_are_refused(void **state)
{
    (void)state;
    struct model model = stump_model();
    char *copy = calloc(1, model.size + 8);
    struct forest forest;
    struct error error = ERROR_NONE;
    memcpy(copy, model.header, model.size);
    assert_false(forest_open(&forest, copy, model.size + 1, &error));
    error = ERROR_NONE;
    memcpy(copy + 4, model.header, model.size);
    assert_false(forest_open(&forest, copy + 4, model.size, &error));
    assert_contains(error.text, "multiple of 8");
    free(copy);
    free(model.header);
}

/* Ways to be bad under a right checksum: what is done, and what the sentence says of it. */
#define BAD_MODELS                                                                                 \
    BAD(header->magic[0] = 'X', "not a model")                                                     \
    BAD(header->version = 1, "version 2")                                                          \
    BAD(header->header_bytes += 8, "header of a wrong size")                                       \
    BAD(header->file_bytes++, "truncated")                                                         \
    BAD(header->feature_hash++, "other features")                                                  \
    BAD(header->feature_count--, "other features")                                                 \
    BAD(header->tree_count = 0, "no trees")                                                        \
    BAD(header->tree_count = FOREST_MAX_TREES + 1, "too many")                                     \
    BAD(header->tree_count = 4, "fewer nodes")                                                     \
    BAD(header->tree_count = 2, "base")                                                            \
    BAD(header->node_count = FOREST_MAX_NODES + 1, "too many")                                     \
    BAD(header->node_count = UINT32_MAX, "too many")                                               \
    BAD(header->node_count--, "another number of bytes")                                           \
    BAD(header->summary_bytes++, "another number of bytes")                                        \
    BAD(header->summary_bytes = UINT32_MAX, "another number of bytes")                             \
    BAD(header->base = 0.5f, "base")                                                               \
    BAD(header->base = NAN, "base")                                                                \
    BAD(header->thresholds.log = 0.45f, "thresholds")                                              \
    BAD(header->thresholds.deny = NAN, "thresholds")                                               \
    BAD(header->thresholds.deny = 3, "thresholds")                                                 \
    BAD(header->thresholds.log = -1, "thresholds")                                                 \
    BAD(header->budget_log = 1.5f, "budgets")                                                      \
    BAD(header->budget_step_up = NAN, "budgets")                                                   \
    BAD(header->budget_deny = -1, "budgets")                                                       \
    BAD(header->legitimate_quantiles[0] = -0.1f, "quantiles")                                      \
    BAD(header->legitimate_quantiles[30] = 0.9f, "quantiles")                                      \
    BAD(header->legitimate_quantiles[63] = NAN, "quantiles")                                       \
    BAD(header->trained_us = -1, "time of training")                                               \
    BAD(memset(header->geo_type, 'x', sizeof header->geo_type), "geolocation")                     \
    BAD(nodes[0].step = STEP(1, FEATURE_COUNT, 1), "asks nothing")                                 \
    BAD(nodes[0].step = STEP(1, FOREST_LEAF, 0), "asks nothing")                                   \
    BAD(nodes[0].key = INT32_MAX, "asks nothing")                                                  \
    BAD(nodes[0].key = INT32_MIN, "asks nothing")                                                  \
    BAD(nodes[0].key = forest_key(INFINITY), "asks nothing")                                       \
    BAD(nodes[0].key = forest_key(-INFINITY), "asks nothing")                                      \
    BAD(nodes[0].step = STEP(0, 0, 1), "children")                                                 \
    BAD(nodes[0].step = STEP(2, 0, 1), "children")                                                 \
    BAD(nodes[0].step = STEP(0xffffff, 0, 1), "children")                                          \
    BAD(nodes[1].step = STEP(1, 0, 0), "children")                                                 \
    BAD(nodes[2].step = STEP(3, 0, 0), "children")                                                 \
    BAD(nodes[0].step = STEP(1, FOREST_LEAF, 1), "leaf")                                           \
    BAD(nodes[1].step = STEP(0, FOREST_LEAF, 1), "leaf")                                           \
    BAD(nodes[1].step = STEP(2, FOREST_LEAF, 1), "leaf")                                           \
    BAD(nodes[1].key = bits_of(0.3f), "leaf")                                                      \
    BAD((nodes[1].key = bits_of(1.5f), values[1] = 1.5f), "mean")                                  \
    BAD(values[0] = NAN, "mean")                                                                   \
    BAD(values[2] = -0.1f, "mean")                                                                 \
    BAD(((char *)(values + 3))[1] = '\0', "summary")

static void test_an_unsound_model_is_refused_under_a_right_checksum(void **state)
{
    (void)state;
#define BAD(change, sentence)                                                                      \
    {                                                                                              \
        struct model model = stump_model();                                                        \
        struct forest_header *header = model.header;                                               \
        struct forest_node *nodes = nodes_of(model);                                               \
        float *values = values_of(model);                                                          \
        struct forest forest;                                                                      \
        struct error error = ERROR_NONE;                                                           \
        (void)nodes, (void)values;                                                                 \
        change;                                                                                    \
        seal(model);                                                                               \
        if (forest_open(&forest, header, model.size, &error))                                      \
            fail_msg("accepted: %s", #change);                                                     \
        assert_int_equal(error.fault, FAULT_MODEL);                                                \
        assert_contains(error.text, sentence);                                                     \
        free(header);                                                                              \
    }
    BAD_MODELS
#undef BAD
}

static void assert_not_built(const struct forest_tree_node *nodes, uint32_t count,
                             const char *sentence)
{
    struct forest_header facts = sample_facts();
    struct forest_tree tree = {nodes, count};
    struct error error = ERROR_NONE;
    void *bytes = NULL;
    size_t size;
    assert_false(forest_build(&tree, 1, &facts, "", &bytes, &size, &error));
    assert_null(bytes);
    assert_contains(error.text, sentence);
}

static void test_unsound_trees_are_not_built(void **state)
{
    (void)state;
    struct forest_tree_node nodes[3];
    assert_not_built(STUMP, 0, "no nodes");
    assert_not_built(STUMP, 2, "not one of its tree's nodes");
    memcpy(nodes, STUMP, sizeof nodes);
    nodes[1].left = 1, nodes[1].right = 2;
    assert_not_built(nodes, 3, "two parents");
    memcpy(nodes, STUMP, sizeof nodes);
    nodes[0].right = 0;
    assert_not_built(nodes, 3, "not one of its tree's nodes");
    memcpy(nodes, STUMP, sizeof nodes);
    nodes[0].left = nodes[0].right = 0;
    assert_not_built(nodes, 3, "no parent");
    memcpy(nodes, STUMP, sizeof nodes);
    nodes[0].feature = FEATURE_COUNT;
    assert_not_built(nodes, 3, "not in the table");
    memcpy(nodes, STUMP, sizeof nodes);
    nodes[2].value = 1.5f;
    assert_not_built(nodes, 3, "node 2 has no sound mean");
}

static void test_a_quantile_above_one_becomes_a_threshold_no_risk_reaches(void **state)
{
    (void)state;
    struct forest_header facts = sample_facts();
    struct forest forest;
    void *bytes;
    size_t size;
    facts.legitimate_quantiles[63] = nextafterf(1, 2);
    assert_true(forest_build(&STUMP_TREE, 1, &facts, "", &bytes, &size, NULL));
    assert_true(forest_open(&forest, bytes, size, NULL));
    assert_true(forest_threshold_for(&forest, 1e-6) > 1);
    free(bytes);
}

static void test_the_same_trees_make_the_same_bytes(void **state)
{
    (void)state;
    void *first, *second;
    size_t first_size, second_size;
    sample_forest(10, 6, 5, &first, &first_size);
    sample_forest(10, 6, 5, &second, &second_size);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_built_model_opens_and_scores),
        cmocka_unit_test(test_keys_are_in_the_order_of_their_values),
        cmocka_unit_test(test_what_is_visited_most_stands_first),
        cmocka_unit_test(test_the_file_scores_as_the_trees_it_was_built_from),
        cmocka_unit_test(test_contributions_add_up_to_the_score),
        cmocka_unit_test(test_a_contribution_goes_to_the_feature_that_was_asked),
        cmocka_unit_test(test_a_budget_finds_its_threshold_between_quantiles),
        cmocka_unit_test(test_no_budget_and_budgets_beyond_the_quantiles_are_never_reached),
        cmocka_unit_test(test_logins_that_tie_at_a_quantile_stay_below_its_threshold),
        cmocka_unit_test(test_a_truncated_model_is_refused_at_every_length),
        cmocka_unit_test(test_every_damaged_byte_is_refused),
        cmocka_unit_test(test_bytes_behind_the_end_and_odd_addresses_are_refused),
        cmocka_unit_test(test_an_unsound_model_is_refused_under_a_right_checksum),
        cmocka_unit_test(test_unsound_trees_are_not_built),
        cmocka_unit_test(test_a_quantile_above_one_becomes_a_threshold_no_risk_reaches),
        cmocka_unit_test(test_the_same_trees_make_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
