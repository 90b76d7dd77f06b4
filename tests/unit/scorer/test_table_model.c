/* Files of table models: what is refused, field by field, and what a sound one says. */
#include "common/hash.h"
#include "scorer/forest.h"
#include "scorer/isolation.h"
#include "scorer/model_head.h"
#include "scorer/table_layout.h"
#include "tests/unit/scorer/sample.h"

#define COLUMNS 3
#define TREES   6

struct file {
    struct table_model_header *header;
    size_t size;
};

static struct table_fact_word words[] = {{"tcp", 0}, {"udp", 1}, {"icmp", 2}};
static struct table_fact_column columns[COLUMNS] = {
    {.name = "bytes", .kind = TABLE_NUMBERS, .unknown = NAN},
    {.name = "proto", .kind = TABLE_WORDS, .words = words, .word_count = 3, .unknown = NAN},
    {.name = "never", .kind = TABLE_EMPTY, .unknown = NAN},
};
static const struct table_model_step STEPS[] = {{0.1F, 1}, {0.5F, 0.25F}, {0.9F, 0.01F}};
static const struct table_model_term TERMS[] = {
    {.column = 0, .word = -1, .coefficient = 2, .mean = 10, .deviation = 5},
    {.column = 1, .word = 1, .coefficient = -1, .mean = 0.25, .deviation = 0.5},
};

static struct table_model_facts facts_of(enum table_learner_kind learner, struct trees *trees)
{
    struct table_model_facts facts = {
        .learner = learner,
        .columns = columns,
        .column_count = COLUMNS,
        .label = "label",
        .label_words = {"benign", "attack"},
        .isolation_sample = learner == TABLE_ISOLATION ? 256 : 0,
        .bias = learner == TABLE_BOOSTED || learner == TABLE_LOGISTIC ? -1.5 : 0,
        .steps = STEPS,
        .step_count = LENGTH(STEPS),
        .measured_on = TABLE_TEST,
        .auc = 0.9,
        .average_precision = 0.5,
        .trained_us = MONDAY_US,
        .trained_rows = 1000,
    };
    *trees = (struct trees){.nodes = NULL};
    if (learner == TABLE_LOGISTIC) {
        facts.terms = TERMS;
        facts.term_count = LENGTH(TERMS);
        return facts;
    }
    struct grown_tree *grown = sample_trees(TREES, 4, COLUMNS, 7);
    assert_true(trees_build(grown, TREES, COLUMNS, trees, NULL));
    grown_trees_free(grown, TREES);
    facts.trees = *trees;
    return facts;
}

static struct file file_of(enum table_learner_kind learner)
{
    struct trees trees;
    struct table_model_facts facts = facts_of(learner, &trees);
    struct error error = ERROR_NONE;
    void *bytes = NULL;
    size_t size = 0;

    if (!table_model_build(&facts, &bytes, &size, &error))
        fail_msg("%s", error.text);
    trees_free(&trees);
    return (struct file){bytes, size};
}

/* A copy of just that length, so that a read past it is seen. */
static struct file copy_of(struct file file, size_t size)
{
    void *bytes = malloc(size > 0 ? size : 1);
    assert_non_null(bytes);
    memcpy(bytes, file.header, size);
    return (struct file){bytes, size};
}

/* The checksums that belong to the bytes as they are now. */
static void seal(struct file file)
{
    struct table_model_header *header = file.header;
    char *bytes = (char *)header;
    uint64_t front = header->front_bytes < file.size ? header->front_bytes : file.size;
    if (front >= sizeof *header)
        header->front_checksum = hash_bytes(header + 1, front - sizeof *header);
    header->trees_checksum = hash_bytes(bytes + front, file.size - front);
    header->checksum = model_head_checksum(header, sizeof *header);
}

static void refused(struct file file, const char *why)
{
    struct table_model model;
    struct error error = ERROR_NONE;
    if (table_model_open(&model, file.header, file.size, &error))
        fail_msg("a file is opened that %s", why);
    assert_int_equal(error.fault, FAULT_MODEL);
    if (strstr(error.text, why) == NULL)
        fail_msg("\"%s\" is said of a file that %s", error.text, why);
}

static void test_a_file_says_what_was_put_in(void **state)
{
    (void)state;
    for (enum table_learner_kind learner = 0; learner < TABLE_LEARNER_COUNT; learner++) {
        struct file file = file_of(learner);
        struct table_model model, front;
        size_t front_bytes;
        bool known;
        assert_true(table_model_open(&model, file.header, file.size, NULL));
        assert_true(table_model_is(file.header, file.size));
        assert_int_equal(model.header->learner, learner);
        assert_string_equal(table_model_column_name(&model, 1), "proto");
        assert_string_equal(table_model_label(&model), "label");
        assert_string_equal(table_model_positive(&model), "attack");
        assert_near(table_model_word_value(&model, 1, "icmpx", 4, &known), 2, 0);
        assert_true(known);
        assert_true(isnan(table_model_word_value(&model, 1, "icm", 3, &known)) && !known);
        assert_true(table_model_front_bytes(file.header, file.size, file.size, &front_bytes, NULL));
        struct file part = copy_of(file, front_bytes);
        assert_true(table_model_look(&front, part.header, part.size, file.size, NULL));
        assert_string_equal(table_model_column_name(&front, 0), "bytes");
        free(part.header);
        free(file.header);
    }
}

static double by_hand(enum table_learner_kind learner, const struct trees *trees, const float *row)
{
    struct forest forest = {.kind = FOREST_BAGGED, .trees = *trees};
    const struct isolation_forest isolation = {*trees, 256};
    double log_odds = -1.5, score;
    if (learner == TABLE_ISOLATION)
        return isolation_score(&isolation, row);
    if (learner == TABLE_FOREST)
        return forest_score(&forest, row);
    if (learner == TABLE_BOOSTED) {
        forest_score_rows(&forest, row, 1, &score);
        return forest_logistic(log_odds + score * TREES);
    }
    log_odds += isnan(row[0]) ? 0 : 2 * (((double)row[0] - 10) / 5);
    log_odds -= isnan(row[1]) ? 0 : ((row[1] == 1.0F) - 0.25) / 0.5;
    return forest_logistic(log_odds);
}

static void test_scores_are_the_learners_and_shares_add_up_to_them(void **state)
{
    (void)state;
    static struct table_scratch scratch;
    uint64_t seed = 5;
    for (enum table_learner_kind learner = 0; learner < TABLE_LEARNER_COUNT; learner++) {
        struct file file = file_of(learner);
        struct table_model model;
        float nothing[COLUMNS] = {NAN, NAN, NAN};
        assert_true(table_model_open(&model, file.header, file.size, NULL));
        for (unsigned round = 0; round < 200; round++) {
            float row[COLUMNS];
            double shares[COLUMNS], sum = 0;
            sample_row(row, COLUMNS, &seed);
            double score = (double)table_model_score(&model, row, &scratch);
            assert_near(score, by_hand(learner, &model.trees, row), 1e-6);
            table_model_shares(&model, row, &scratch, shares);
            for (unsigned i = 0; i < COLUMNS; i++)
                sum += shares[i];
            if (learner == TABLE_LOGISTIC) {
                double before = (double)table_model_score(&model, nothing, &scratch);
                assert_near(sum, score - before, 1e-6);
            }
        }
        free(file.header);
    }
}

static void test_a_score_is_told_among_those_of_training(void **state)
{
    (void)state;
    struct file file = file_of(TABLE_FOREST);
    struct table_model model;
    assert_true(table_model_open(&model, file.header, file.size, NULL));
    assert_near(table_model_share_above(&model, 0.05F), 1, 0);
    assert_near(table_model_share_above(&model, 0.1F), 1, 0);
    assert_near(table_model_share_above(&model, 0.3F), 0.625, 1e-6);
    assert_near(table_model_share_above(&model, 0.5F), 0.25, 1e-6);
    assert_near(table_model_share_above(&model, 0.9F), 0.01, 1e-6);
    assert_near(table_model_share_above(&model, 0.95F), 0, 0);
    free(file.header);
}

static void test_steps_follow_the_scores(void **state)
{
    (void)state;
    struct table_model_step steps[TABLE_MODEL_MOST_STEPS];
    float scores[5000] = {0};
    assert_int_equal(table_model_steps(scores, 0, steps), 0);
    for (unsigned i = 0; i < LENGTH(scores); i++)
        scores[i] = (float)(i / 2) / LENGTH(scores); /* every score twice */
    uint32_t count = table_model_steps(scores, LENGTH(scores), steps);
    assert_true(count > 100);
    assert_near(steps[0].share, 1, 0);
    assert_near(steps[count - 1].score, scores[LENGTH(scores) - 1], 0);
    for (uint32_t i = 0; i < count; i++) {
        unsigned reached = 0;
        for (unsigned row = 0; row < LENGTH(scores); row++)
            reached += scores[row] >= steps[i].score;
        assert_near(steps[i].share, (double)reached / LENGTH(scores), 1e-6);
    }
}

static void test_a_truncated_file_is_refused_at_every_length(void **state)
{
    (void)state;
    struct file file = file_of(TABLE_FOREST);
    for (size_t length = 0; length < file.size; length++) {
        struct file copy = copy_of(file, length);
        struct table_model model;
        struct error error = ERROR_NONE;
        assert_false(table_model_open(&model, copy.header, length, &error));
        assert_int_equal(error.fault, FAULT_MODEL);
        assert_false(table_model_look(&model, copy.header, length, length, &error));
        free(copy.header);
    }
    free(file.header);
}

static void test_every_damaged_byte_is_refused(void **state)
{
    (void)state;
    struct file file = file_of(TABLE_LOGISTIC);
    for (size_t at = 0; at < file.size; at++) {
        struct table_model model;
        struct error error = ERROR_NONE;
        ((unsigned char *)file.header)[at] ^= 1;
        assert_false(table_model_open(&model, file.header, file.size, &error));
        ((unsigned char *)file.header)[at] ^= 1;
    }
    free(file.header);
    file = file_of(TABLE_ISOLATION);
    for (size_t at = file.header->front_bytes; at < file.size; at += 7) {
        ((unsigned char *)file.header)[at] ^= 0x80;
        refused(file, "is damaged: the checksum of its trees does not match");
        ((unsigned char *)file.header)[at] ^= 0x80;
    }
    free(file.header);
}

static void test_foreign_files_are_refused(void **state)
{
    (void)state;
    struct file file = file_of(TABLE_FOREST);
    struct file longer = copy_of(file, file.size);
    file.header->magic[7] = '2';
    refused(file, "is not a model of a table");
    free(file.header);
    longer.header->version++;
    refused(longer, "is of version 2");
    longer.header->version--;
    longer.header = realloc(longer.header, longer.size + 8);
    assert_non_null(longer.header);
    longer.size += 8;
    refused(longer, "has bytes behind its end");
    free(longer.header);

    void *logins;
    size_t size;
    sample_model(4, 4, 17, &logins, &size);
    refused((struct file){logins, size}, "is not a model of a table");
    free(logins);
}

/* A field of the header with another value, under right checksums. */
#define REFUSED_WITH(learner, field, value, why)                                                   \
    do {                                                                                           \
        struct file changed = file_of(learner);                                                    \
        changed.header->field = (value);                                                           \
        seal(changed);                                                                             \
        refused(changed, why);                                                                     \
        free(changed.header);                                                                      \
    } while (0)

static void test_an_unsound_header_is_refused_under_right_checksums(void **state)
{
    (void)state;
    REFUSED_WITH(TABLE_FOREST, header_bytes, 8, "has a header of a wrong size");
    REFUSED_WITH(TABLE_FOREST, file_bytes, 1, "is truncated or has bytes behind its end");
    REFUSED_WITH(TABLE_FOREST, front_bytes, 256, "another number of bytes");
    REFUSED_WITH(TABLE_FOREST, learner, TABLE_LEARNER_COUNT, "is of an unknown learner");
    REFUSED_WITH(TABLE_FOREST, learner, TABLE_LOGISTIC, "has parts of another learner");
    REFUSED_WITH(TABLE_LOGISTIC, learner, TABLE_FOREST, "has parts of another learner");
    REFUSED_WITH(TABLE_FOREST, column_count, 0, "has a number of columns that cannot be");
    REFUSED_WITH(TABLE_FOREST, column_count, UINT32_MAX, "has a number of columns");
    REFUSED_WITH(TABLE_FOREST, column_count, COLUMNS + 5, "another number of bytes");
    REFUSED_WITH(TABLE_FOREST, word_count, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, text_bytes, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, text_bytes, 0, "");
    REFUSED_WITH(TABLE_FOREST, step_count, 0, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, step_count, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_LOGISTIC, term_count, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, node_count, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, tree_count, UINT32_MAX, "has counts that cannot be");
    REFUSED_WITH(TABLE_FOREST, tree_count, 0, "trees of");
    REFUSED_WITH(TABLE_FOREST, isolation_sample, 2, "of a sample that cannot be");
    REFUSED_WITH(TABLE_ISOLATION, isolation_sample, 1, "of a sample that cannot be");
    REFUSED_WITH(TABLE_ISOLATION, isolation_sample, UINT32_MAX, "of a sample that cannot be");
    REFUSED_WITH(TABLE_FOREST, label, 100000, "has a label without a name");
    REFUSED_WITH(TABLE_FOREST, label, TABLE_MODEL_NO_TEXT, "or words without a label");
    REFUSED_WITH(TABLE_FOREST, label_words[1], TABLE_MODEL_NO_TEXT, "without its words");
    REFUSED_WITH(TABLE_FOREST, measured_on, TABLE_TEST + 1, "in a way that cannot be");
    REFUSED_WITH(TABLE_FOREST, unused, 1, "another number of bytes");
    REFUSED_WITH(TABLE_FOREST, bias, NAN, "a score that is no number");
    REFUSED_WITH(TABLE_FOREST, auc, 1.5, "in a way that cannot be");
    REFUSED_WITH(TABLE_FOREST, average_precision, -1, "in a way that cannot be");
    REFUSED_WITH(TABLE_FOREST, trained_us, -1, "a time or a number of rows");
    REFUSED_WITH(TABLE_FOREST, trained_rows, 0, "a time or a number of rows");
    REFUSED_WITH(TABLE_FOREST, trained_rows, UINT64_MAX, "a time or a number of rows");
}

/* The same of an element of one of the parts. */
#define REFUSED_IN(learner, type, part, i, field, value, why)                                      \
    do {                                                                                           \
        struct file changed = file_of(learner);                                                    \
        struct table_layout layout = table_layout_of(changed.header);                              \
        struct type *at = (void *)((char *)changed.header + layout.part);                          \
        at[i].field = (value);                                                                     \
        seal(changed);                                                                             \
        refused(changed, why);                                                                     \
        free(changed.header);                                                                      \
    } while (0)

static void test_an_unsound_front_is_refused_under_right_checksums(void **state)
{
    (void)state;
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 0, name, UINT32_MAX, "without a name");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 0, kind, 9, "of an unknown kind");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 0, unused, 1, "of an unknown kind");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 0, unknown, INFINITY, "unknown kind");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 1, first_word, 1, "to no column");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 1, word_count, 2, "to no column");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 1, word_count, UINT32_MAX, "no column");
    REFUSED_IN(TABLE_FOREST, table_model_column, columns, 1, kind, TABLE_NUMBERS, "to no column");
    REFUSED_IN(TABLE_FOREST, table_model_word, words, 0, hash, 1, "under the number of another");
    REFUSED_IN(TABLE_FOREST, table_model_word, words, 0, text, UINT32_MAX, "without a text");
    REFUSED_IN(TABLE_FOREST, table_model_word, words, 0, value, NAN, "without a text or a value");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 0, column, COLUMNS, "is no sound one");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 0, word, NAN, "is no sound one");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 1, coefficient, INFINITY, "no sound one");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 1, coefficient, 1e10, "no sound one");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 1, mean, NAN, "is no sound one");
    REFUSED_IN(TABLE_LOGISTIC, table_model_term, terms, 1, deviation, 0, "is no sound one");
    REFUSED_IN(TABLE_FOREST, table_model_step, steps, 0, score, -1, "are not in order");
    REFUSED_IN(TABLE_FOREST, table_model_step, steps, 1, score, 0.05F, "are not in order");
    REFUSED_IN(TABLE_FOREST, table_model_step, steps, 1, share, 1, "are not in order");
    REFUSED_IN(TABLE_FOREST, table_model_step, steps, 2, share, NAN, "are not in order");
    REFUSED_IN(TABLE_FOREST, tree_node, nodes, 0, link, UINT32_MAX, "node 0 of the trees");
    REFUSED_IN(TABLE_BOOSTED, tree_node, nodes, 1, key, UINT32_MAX, "node 1 of the trees");
}

/* Words that all name one long text would each be hashed as far as it goes. */
static void test_texts_that_overlap_are_refused(void **state)
{
    (void)state;
    struct file file = file_of(TABLE_FOREST);
    struct table_layout layout = table_layout_of(file.header);
    struct table_model_word *word = (void *)((char *)file.header + layout.words);
    char *text = (char *)file.header + layout.text;

    for (uint32_t i = 0; i + 1 < file.header->text_bytes; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    for (int i = 0; i < 3; i++) {
        word[i].text = (uint32_t)i;
        word[i].hash = hash_bytes(text + i, strlen(text + i));
    }
    seal(file);
    refused(file, "");
    free(file.header);
}

static void test_facts_that_make_no_model_are_not_built(void **state)
{
    (void)state;
    struct trees trees;
    struct error error = ERROR_NONE;
    void *bytes;
    size_t size;
    struct table_model_facts facts = facts_of(TABLE_FOREST, &trees);
    facts.column_count = 0;
    assert_false(table_model_build(&facts, &bytes, &size, &error));
    facts = facts_of(TABLE_LOGISTIC, &(struct trees){.nodes = NULL});
    facts.bias = INFINITY;
    assert_false(table_model_build(&facts, &bytes, &size, &error));
    facts = facts_of(TABLE_LOGISTIC, &(struct trees){.nodes = NULL});
    facts.column_count = TREES_MOST_COLUMNS + 1;
    assert_false(table_model_build(&facts, &bytes, &size, &error));
    trees_free(&trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_says_what_was_put_in),
        cmocka_unit_test(test_scores_are_the_learners_and_shares_add_up_to_them),
        cmocka_unit_test(test_a_score_is_told_among_those_of_training),
        cmocka_unit_test(test_steps_follow_the_scores),
        cmocka_unit_test(test_a_truncated_file_is_refused_at_every_length),
        cmocka_unit_test(test_every_damaged_byte_is_refused),
        cmocka_unit_test(test_foreign_files_are_refused),
        cmocka_unit_test(test_an_unsound_header_is_refused_under_right_checksums),
        cmocka_unit_test(test_an_unsound_front_is_refused_under_right_checksums),
        cmocka_unit_test(test_texts_that_overlap_are_refused),
        cmocka_unit_test(test_facts_that_make_no_model_are_not_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
