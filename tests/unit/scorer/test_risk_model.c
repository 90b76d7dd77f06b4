/* Model files: what is refused when they are opened, and what when they are read. */
#include "common/hash.h"
#include "scorer/risk_layout.h"
#include "tests/unit/scorer/sample.h"

struct file {
    struct risk_model_header *header;
    size_t size;
};

static struct file sample_file(void)
{
    struct file file;
    void *bytes;
    sample_model(4, 4, 17, &bytes, &file.size);
    file.header = bytes;
    return file;
}

/* A copy of just that length, so that a read past it is seen. */
static struct file copy_of(struct file file, size_t size)
{
    void *bytes = malloc(size > 0 ? size : 1);
    assert_non_null(bytes);
    memcpy(bytes, file.header, size < file.size ? size : file.size);
    return (struct file){bytes, size};
}

static void *body_of(struct file file)
{
    return (char *)file.header + risk_layout_of(file.header).body;
}

/* The checksums that belong to the bytes as they are now, for a body of the counts in `as`. */
static void seal_as(struct file file, const struct risk_model_header *as)
{
    struct risk_layout layout = risk_layout_of(as);
    uint32_t *checks = (void *)(file.header + 1);
    for (size_t block = 0; block < layout.blocks; block++) {
        size_t begin = layout.body + block * RISK_MODEL_BLOCK, left = file.size - begin;
        checks[block] = risk_block_hash((char *)file.header + begin,
                                        left < RISK_MODEL_BLOCK ? left : RISK_MODEL_BLOCK);
    }
    file.header->checks_checksum = hash_bytes(checks, layout.blocks * sizeof *checks);
    file.header->checksum = risk_header_checksum(file.header);
}

/* Scores and shares rows; false with the error of the first that cannot be. */
static bool use(const struct risk_model *model, struct error *error)
{
    uint64_t seed = 31;
    for (unsigned round = 0; round < 20; round++) {
        float features[FEATURE_COUNT];
        double shares[FEATURE_COUNT];
        struct risk risk;
        sample_row(features, FEATURE_COUNT, &seed);
        if (!risk_assess(model, features, &risk, error) ||
            !risk_shares(model, features, shares, error))
            return false;
        assert_true(risk.probability >= 0 && risk.probability <= 1);
        assert_true(risk.isolation >= 0 && risk.isolation <= 1);
    }
    return true;
}

static void test_a_model_scores_the_same_checked_at_once_or_block_by_block(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    struct risk_model whole, partly;
    struct risk_blocks blocks;
    uint64_t seed = 3;
    sample_model(100, 6, 5, &bytes, &size);
    assert_true(risk_model_open_checked(&whole, bytes, size, NULL));
    assert_true(risk_model_open(&partly, bytes, size, &blocks, NULL));
    for (unsigned round = 0; round < 200; round++) {
        float features[FEATURE_COUNT];
        double shares[2][FEATURE_COUNT];
        struct risk risks[2];
        sample_row(features, FEATURE_COUNT, &seed);
        assert_true(risk_assess(&whole, features, &risks[0], NULL));
        assert_true(risk_assess(&partly, features, &risks[1], NULL));
        assert_true(risks[0].probability == risks[1].probability);
        assert_true(risk_shares(&whole, features, shares[0], NULL));
        assert_true(risk_shares(&partly, features, shares[1], NULL));
        assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
    }
    assert_int_equal(whole.header->summary_bytes, 12);
    assert_memory_equal(whole.summary, "{\"trees\": 1}", 12);
    free(bytes);
}

static void test_a_truncated_model_is_refused_at_every_length(void **state)
{
    (void)state;
    struct file file = sample_file();
    for (size_t length = 0; length < file.size; length++) {
        struct file copy = copy_of(file, length);
        struct risk_model model;
        struct risk_blocks blocks;
        struct error error = ERROR_NONE;
        assert_false(risk_model_open(&model, copy.header, length, &blocks, &error));
        assert_int_equal(error.fault, FAULT_MODEL);
        assert_true(error.text[0] != '\0');
        free(copy.header);
    }
    free(file.header);
}

/*
 * In a byte of the header: refused at once. In the body or its checks: refused as soon as it is
 * read, and by the check of the whole. Between checks and body may be padding that nobody reads.
 */
static void test_every_damaged_byte_is_refused_before_it_counts(void **state)
{
    (void)state;
    struct file file = sample_file();
    unsigned char *bytes = (unsigned char *)file.header;
    struct risk_layout layout = risk_layout_of(file.header);
    size_t front = sizeof *file.header + layout.blocks * sizeof(uint32_t), read = 0;
    for (size_t i = 0; i < file.size; i++) {
        struct risk_model model;
        struct risk_blocks blocks;
        struct error error = ERROR_NONE;
        if (i >= front && i < layout.body)
            continue;
        bytes[i] ^= (unsigned char)(1U << i % 8);
        bool opened = risk_model_open(&model, bytes, file.size, &blocks, &error);
        if (opened != (i >= sizeof *file.header))
            fail_msg("byte %zu: %s", i, error.text);
        read += opened && !use(&model, &error);
        error = ERROR_NONE;
        assert_false(risk_model_open_checked(&model, bytes, file.size, &error));
        assert_int_equal(error.fault, FAULT_MODEL);
        bytes[i] ^= (unsigned char)(1U << i % 8);
    }
    /* Little of so small a body goes unread. */
    assert_true(read > (file.size - sizeof *file.header) * 9 / 10);
    free(file.header);
}

static void test_bytes_behind_the_end_and_odd_addresses_are_refused(void **state)
{
    (void)state;
    struct file file = sample_file();
    struct file longer = copy_of(file, file.size + 8);
    struct risk_model model;
    struct risk_blocks blocks;
    struct error error = ERROR_NONE;
    assert_false(risk_model_open(&model, longer.header, file.size + 1, &blocks, &error));
    error = ERROR_NONE;
    memmove((char *)longer.header + 4, file.header, file.size);
    assert_false(risk_model_open(&model, (char *)longer.header + 4, file.size, &blocks, &error));
    assert_contains(error.text, "multiple of 8");
    free(longer.header);
    free(file.header);
}

/* Ways to be bad under right checksums: what is done, and what the sentence says of it. */
#define BAD_HEADERS                                                                                \
    BAD(header->magic[0] = 'X', "not a model")                                                     \
    BAD(header->version = 2, "version 3")                                                          \
    BAD(header->header_bytes += 8, "header of a wrong size")                                       \
    BAD(header->file_bytes++, "truncated")                                                         \
    BAD(header->feature_hash++, "other features")                                                  \
    BAD(header->feature_count--, "other features")                                                 \
    BAD(header->forest_kind = 2, "unknown kind")                                                   \
    BAD(header->forest_trees = 0, "0 trees")                                                       \
    BAD(header->forest_trees = RISK_MODEL_MOST_TREES + 1, "cannot be")                             \
    BAD(header->forest_trees = UINT32_MAX, "cannot be")                                            \
    BAD(header->forest_nodes = UINT32_MAX, "cannot be")                                            \
    BAD(header->forest_nodes--, "another number of bytes")                                         \
    BAD(header->isolation_trees = 0, "0 trees")                                                    \
    BAD(header->isolation_nodes = UINT32_MAX, "cannot be")                                         \
    BAD(header->isolation_nodes--, "another number of bytes")                                      \
    BAD(header->isolation_sample = 1, "sample")                                                    \
    BAD(header->isolation_sample = UINT32_MAX, "sample")                                           \
    BAD(header->summary_bytes++, "another number of bytes")                                        \
    BAD(header->summary_bytes = UINT32_MAX, "another number of bytes")                             \
    BAD(header->unused = 1, "another number of bytes")                                             \
    BAD(header->forest_bias = NAN, "weights")                                                      \
    BAD(header->stack.intercept = INFINITY, "weights")                                             \
    BAD(header->stack.forest = -0.5, "weights")                                                    \
    BAD(header->stack.isolation = NAN, "weights")                                                  \
    BAD(header->stack.likelihood = 1e9, "weights")                                                 \
    BAD(header->stack.likelihood_mean = NAN, "weights")                                            \
    BAD(header->forest_base = INT64_MIN, "base")                                                   \
    BAD(header->isolation_base = -1, "base")                                                       \
    BAD(header->thresholds[RISK_LOG].risk = 2.5f, "thresholds")                                    \
    BAD(header->thresholds[RISK_DENY].risk = NAN, "thresholds")                                    \
    BAD(header->thresholds[RISK_DENY].risk = 3, "thresholds")                                      \
    BAD(header->thresholds[RISK_LOG].risk = -1, "thresholds")                                      \
    BAD(header->thresholds[RISK_LOG].budget = 1.5f, "budgets")                                     \
    BAD(header->thresholds[RISK_STEP_UP].budget = NAN, "budgets")                                  \
    BAD(header->thresholds[RISK_DENY].lowest = -1, "budgets")                                      \
    BAD(header->thresholds[RISK_DENY].lowest = 0.5f, "budgets")                                    \
    BAD(header->thresholds[RISK_DENY].highest = NAN, "budgets")                                    \
    BAD(header->legitimate_quantiles[0] = -0.1f, "quantiles")                                      \
    BAD(header->legitimate_quantiles[30] = 0.9f, "quantiles")                                      \
    BAD(header->legitimate_quantiles[63] = NAN, "quantiles")                                       \
    BAD(header->trained_us = -1, "time of training")                                               \
    BAD(memset(header->geo_type, 'x', sizeof header->geo_type), "geolocation")

static void test_an_unsound_header_is_refused_under_right_checksums(void **state)
{
    (void)state;
    struct file sound = sample_file();
#define BAD(change, sentence)                                                                      \
    {                                                                                              \
        struct file file = copy_of(sound, sound.size);                                             \
        struct risk_model_header *header = file.header;                                            \
        struct risk_model model;                                                                   \
        struct risk_blocks blocks;                                                                 \
        struct error error = ERROR_NONE;                                                           \
        change;                                                                                    \
        seal_as(file, sound.header);                                                               \
        if (risk_model_open(&model, header, file.size, &blocks, &error))                           \
            fail_msg("accepted: %s", #change);                                                     \
        assert_int_equal(error.fault, FAULT_MODEL);                                                \
        assert_contains(error.text, sentence);                                                     \
        free(header);                                                                              \
    }
    BAD_HEADERS
#undef BAD
    free(sound.header);
}

/* Every node and value, damaged in many ways under right checksums, and read block by block. */
static void test_no_body_leads_a_walk_astray(void **state)
{
    (void)state;
    struct file sound = sample_file();
    struct risk_layout layout = risk_layout_of(sound.header);
    uint64_t seed = 41;
    unsigned refused = 0, scored = 0;
    for (unsigned round = 0; round < 20000; round++) {
        struct file file = copy_of(sound, sound.size);
        struct risk_model model;
        struct risk_blocks blocks;
        struct error error = ERROR_NONE;
        uint32_t *words = body_of(file);
        for (unsigned change = 0; change < 3; change++)
            words[sample_random(&seed) % (layout.summary / sizeof *words)] ^=
                (uint32_t)sample_random(&seed) >> sample_random(&seed) % 32;
        seal_as(file, sound.header);
        assert_true(risk_model_open(&model, file.header, file.size, &blocks, &error));
        bool used = use(&model, &error);
        used ? scored++ : refused++;
        assert_true(used || error.fault == FAULT_MODEL);
        free(file.header);
    }
    assert_true(refused > 1000 && scored > 100);
    free(sound.header);
}

/* What the whole check would refuse counts for nothing when only a part is read, either. */
static void test_what_is_read_is_as_sound_as_the_whole(void **state)
{
    (void)state;
    struct file sound = sample_file();
    struct risk_layout layout = risk_layout_of(sound.header);
    const struct {
        size_t at;
        uint32_t key;
        const char *sentence;
    } bad[] = {
        {layout.isolation_nodes, UINT32_MAX, "not finite"},
        {layout.isolation_nodes + 2 * sizeof(struct tree_node), 0, "out of bounds"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct file file = copy_of(sound, sound.size);
        struct risk_model model;
        struct risk_blocks blocks;
        struct error error = ERROR_NONE;
        struct tree_node *nodes = (void *)((char *)body_of(file) + bad[i].at);
        if (bad[i].key == 0)
            nodes[0].key = nodes[1].key = nodes[2].key = nodes[3].key = 0;
        else
            nodes[0].key = bad[i].key;
        seal_as(file, sound.header);
        assert_true(risk_model_open(&model, file.header, file.size, &blocks, &error));
        assert_false(use(&model, &error));
        assert_contains(error.text, bad[i].sentence);
        free(file.header);
    }
    free(sound.header);
}

/* A chain of nodes, each the parent of the next, longer than any walk may be. */
static void test_a_walk_that_goes_too_deep_is_refused(void **state)
{
    (void)state;
    enum { LEVELS = RISK_MODEL_MOST_DEPTH + 1 };
    struct grown_node chain[2 * LEVELS + 1] = {{0}};
    const struct grown_tree tree = {chain, LENGTH(chain)};
    struct risk_model_facts facts = sample_facts();
    struct error error = ERROR_NONE;
    void *bytes = NULL;
    size_t size;
    for (unsigned i = 0; i < LEVELS; i++) {
        chain[2 * i].left = 2 * i + 2;
        chain[2 * i].right = 2 * i + 1;
    }
    facts.forest = &tree;
    facts.forest_trees = 1;
    assert_false(risk_model_build(&facts, &bytes, &size, &error));
    assert_contains(error.text, "at most 64 deep");
    chain[2 * LEVELS - 2].left = chain[2 * LEVELS - 2].right = 0;
    const struct grown_tree shorter = {chain, LENGTH(chain) - 2};
    facts.forest = &shorter;
    assert_true(risk_model_build(&facts, &bytes, &size, NULL));
    free(bytes);
}

static void test_a_body_that_contradicts_its_header_is_refused_by_the_whole_check(void **state)
{
    (void)state;
    struct file file = sample_file();
    struct risk_layout layout = risk_layout_of(file.header);
    struct risk_model model;
    struct error error = ERROR_NONE;
    char *body = body_of(file);
    body[layout.summary + 1] = '\0';
    seal_as(file, file.header);
    assert_false(risk_model_open_checked(&model, file.header, file.size, &error));
    assert_contains(error.text, "summary");
    body[layout.summary + 1] = '"';
    file.header->forest_base++;
    seal_as(file, file.header);
    error = ERROR_NONE;
    assert_false(risk_model_open_checked(&model, file.header, file.size, &error));
    assert_contains(error.text, "base");
    free(file.header);
}

static void test_facts_that_make_no_model_are_not_built(void **state)
{
    (void)state;
    struct grown_tree *trees = sample_trees(2, 3, FEATURE_COUNT, 8);
    struct risk_model_facts facts = sample_facts();
    struct error error = ERROR_NONE;
    void *bytes = NULL;
    size_t size;
    facts.forest = trees;
    facts.forest_trees = 0;
    assert_false(risk_model_build(&facts, &bytes, &size, &error));
    facts.forest_trees = 2;
    facts.thresholds[RISK_LOG].risk = 2.5f;
    error = ERROR_NONE;
    assert_false(risk_model_build(&facts, &bytes, &size, &error));
    assert_contains(error.text, "thresholds");
    assert_null(bytes);
    grown_trees_free(trees, 2);
}

static void test_the_same_facts_make_the_same_bytes(void **state)
{
    (void)state;
    struct file first = sample_file(), second = sample_file();
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.header, second.header, first.size);
    free(first.header);
    free(second.header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_scores_the_same_checked_at_once_or_block_by_block),
        cmocka_unit_test(test_a_truncated_model_is_refused_at_every_length),
        cmocka_unit_test(test_every_damaged_byte_is_refused_before_it_counts),
        cmocka_unit_test(test_bytes_behind_the_end_and_odd_addresses_are_refused),
        cmocka_unit_test(test_an_unsound_header_is_refused_under_right_checksums),
        cmocka_unit_test(test_no_body_leads_a_walk_astray),
        cmocka_unit_test(test_what_is_read_is_as_sound_as_the_whole),
        cmocka_unit_test(test_a_walk_that_goes_too_deep_is_refused),
        cmocka_unit_test(test_a_body_that_contradicts_its_header_is_refused_by_the_whole_check),
        cmocka_unit_test(test_facts_that_make_no_model_are_not_built),
        cmocka_unit_test(test_the_same_facts_make_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
