/* Measures worked out by hand, parts that share no victim, sets that are too easy. */
#include <stdlib.h>

#include "tests/unit/scorer/sample.h"
#include "trainer/binomial_interval.h"
#include "trainer/draw.h"
#include "trainer/evaluate.h"
#include "trainer/key_table.h"
#include "trainer/simulation.h"

/* ---- thresholds ---- */

static void a_threshold_holds_its_budget(void **state)
{
    const double logins[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
    const double attacks[] = {0.85, 0.8, 0.95, 0.9};
    (void)state;

    struct alarm_threshold tenth = alarm_threshold(logins, 10, 0.1);
    assert_near(tenth.score, 0.9, 0);
    assert_near(tenth.share, 0, 1e-12);
    assert_near(alarm_share(&tenth, logins, 10), 0.1, 1e-12);
    assert_near(alarm_share(&tenth, attacks, 4), 1.0 / 4, 1e-12); /* .95 alone is above .9 */
    /* Two and a half: all above .8, and half of what is at it. */
    struct alarm_threshold quarter = alarm_threshold(logins, 10, 0.25);
    assert_near(quarter.score, 0.8, 0);
    assert_near(quarter.share, 0.5, 1e-12);
    assert_near(alarm_share(&quarter, logins, 10), 0.25, 1e-12);
    assert_near(alarm_share(&quarter, attacks, 4), 3.5 / 4, 1e-12);
}

/* Six of ten logins tie at the top; three may raise an alarm: each does with a chance of a half. */
static void ties_share_the_budget(void **state)
{
    const double logins[] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
    const double attacks[] = {1, 1, 0};
    struct alarm_threshold threshold = alarm_threshold(logins, 10, 0.3);
    (void)state;

    assert_near(threshold.share, 0.5, 1e-12);
    assert_near(alarm_share(&threshold, logins, 10), 0.3, 1e-12);
    assert_near(alarm_share(&threshold, attacks, 3), 1.0 / 3, 1e-12);
}

static void a_threshold_has_ends(void **state)
{
    const double logins[] = {0.3, 0.4};
    struct alarm_threshold all = alarm_threshold(logins, 2, 1);
    struct alarm_threshold nobody = alarm_threshold(logins, 0, 0.1);
    (void)state;

    assert_near(alarm_share(&all, logins, 2), 1, 0);
    assert_near(alarm_chance(&nobody, 1e9), 0, 0);
    assert_true(isnan(alarm_share(&all, logins, 0)));
}

/* ---- rankings ---- */

/*
 * From the top: attack .9; attack and login tied at .5; login .2; attack .1. Pairs: the first
 * attack wins 2 of 2, the second 1.5, the third 0. Precision at each gain: 1/1, 2/3, 3/5.
 */
static void ranks_by_hand(void **state)
{
    const double logins[] = {0.2, 0.5}, attacks[] = {0.1, 0.5, 0.9};
    struct attack_measures found = attack_measures(logins, 2, attacks, 3);
    (void)state;

    assert_near(found.auc, 3.5 / 6, 1e-12);
    assert_near(found.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3, 1e-12);
    assert_near(found.reauthentication, 1, 1e-12); /* all three must be caught: from .1 on */
    assert_true(isnan(attack_measures(logins, 2, attacks, 0).auc));
    assert_true(isnan(attack_measures(logins, 0, attacks, 3).reauthentication));
}

/* Of 200 attacks two may be missed: the third lowest is caught, and a tie of logins with it. */
static void asks_again_at_99_percent(void **state)
{
    double attacks[200];
    const double logins[] = {0.001, 0.002, 0.0025, 0.0025, 0.004};
    (void)state;

    for (int i = 0; i < 200; i++)
        attacks[i] = i < 3 ? (const double[]){0.0005, 0.0015, 0.0025}[i] : 0.5;
    assert_near(attack_measures(logins, 5, attacks, 200).reauthentication, 3.0 / 5, 1e-12);
}

/* ---- intervals ---- */

static struct bootstrap_interval interval_of(const double *values, const uint64_t *victims,
                                             size_t count, uint64_t seed)
{
    struct bootstrap_interval interval;
    struct error error = ERROR_NONE;
    assert_true(bootstrap_mean(values, 0, victims, count, seed, &interval, &error));
    return interval;
}

static void resamples_whole_victims(void **state)
{
    double values[20];
    uint64_t two[20], twenty[20];
    (void)state;

    for (int i = 0; i < 20; i++) {
        values[i] = i < 10;
        two[i] = i < 10 ? 7 : 9;
        twenty[i] = (uint64_t)i;
    }
    /* One victim always found, one never: a quarter of the resamples has only one of them. */
    struct bootstrap_interval wide = interval_of(values, two, 20, 1);
    assert_near(wide.mean, 0.5, 1e-12);
    assert_near(wide.lowest, 0, 1e-12);
    assert_near(wide.highest, 1, 1e-12);
    /* Twenty victims: half, give or take two standard errors of .11. */
    struct bootstrap_interval narrow = interval_of(values, twenty, 20, 1);
    assert_near(narrow.lowest, 0.5 - 0.22, 0.06);
    assert_near(narrow.highest, 0.5 + 0.22, 0.06);
}

static void resamples_the_same_from_the_same_seed(void **state)
{
    double values[50];
    uint64_t victims[50];
    struct draw draw;
    (void)state;

    draw_seed(&draw, 4, 4);
    for (int i = 0; i < 50; i++) {
        values[i] = draw_unit(&draw);
        victims[i] = draw_below(&draw, 12);
    }
    struct bootstrap_interval first = interval_of(values, victims, 50, 1);
    struct bootstrap_interval again = interval_of(values, victims, 50, 1);
    struct bootstrap_interval other = interval_of(values, victims, 50, 2);
    assert_memory_equal(&first, &again, sizeof first);
    assert_true(first.lowest != other.lowest && first.mean == other.mean);
    assert_true(first.lowest < first.mean && first.mean < first.highest);
}

/* Resampling what is all found says nothing; as many trials as victims do. */
static void doubts_what_is_all_found(void **state)
{
    const double all[] = {1, 1, 1, 1}, none[] = {0, 0, 0, 0};
    const uint64_t victims[] = {1, 2, 2, 3};
    struct binomial_interval exact = binomial_interval(3, 3, 0.95);
    struct bootstrap_interval found = interval_of(all, victims, 4, 1);
    (void)state;

    assert_near(found.lowest, exact.lowest, 1e-12);
    assert_near(found.highest, 1, 0);
    assert_near(interval_of(none, victims, 4, 1).highest, 1 - exact.lowest, 1e-9);
    assert_true(isnan(interval_of(all, victims, 0, 1).mean));
}

/* Nor does resampling one victim, or differences that are all the same. */
static void doubts_what_cannot_differ(void **state)
{
    const double half[] = {1, 0, 1, 0}, same[] = {0, 0, 0, 0}, ahead[] = {1, 1, 1, 1};
    const uint64_t one[] = {5, 5, 5, 5}, four[] = {1, 2, 3, 4};
    struct bootstrap_interval interval = interval_of(half, one, 4, 1);
    struct error error = ERROR_NONE;
    (void)state;

    /* Of one trial without a hit the share is .975 at most. */
    assert_near(interval.mean, 0.5, 0);
    assert_near(interval.lowest, 0.0125, 1e-9);
    assert_near(interval.highest, 0.9875, 1e-9);
    double unseen = binomial_interval(0, 4, 0.95).highest;
    assert_true(bootstrap_mean(same, -1, four, 4, 1, &interval, &error));
    assert_near(interval.lowest, -unseen, 1e-12);
    assert_near(interval.highest, unseen, 1e-12);
    assert_true(bootstrap_mean(ahead, -1, four, 4, 1, &interval, &error));
    assert_near(interval.lowest, 1 - 2 * unseen, 1e-12);
    assert_near(interval.highest, 1, 0);
}

/* ---- parts ---- */

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    return row_builder_add(context, login, error);
}

static bool add_unlabelled(void *context, const struct stored_login *login, struct error *error)
{
    struct stored_login unlabelled = *login;

    if (login->label == 1)
        return true;
    unlabelled.label = -1;
    return row_builder_add(context, &unlabelled, error);
}

static struct training_rows make_rows(bool labelled)
{
    const struct simulation_options simulation = {
        .users = 60, .days = 60, .seed = 21, .start_us = SIMULATION_START_US};
    struct row_options options = {.seed = 7, .injection_share = 0.7, .measured = true};
    struct row_builder *builder = NULL;
    struct training_rows rows;
    struct error error = ERROR_NONE;

    assert_true(row_builder_create(&builder, &options, &rows, &error));
    assert_true(
        simulation_run(&simulation, labelled ? add_login : add_unlabelled, builder, &error));
    assert_true(row_builder_finish(builder, &error));
    row_builder_destroy(builder);
    return rows;
}

struct span {
    int64_t first_us, last_us;
    int64_t logins, attacks;
};

static struct span span_of(const struct training_rows *rows)
{
    struct span span = {INT64_MAX, INT64_MIN, 0, 0};
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        span.first_us = row->time_us < span.first_us ? row->time_us : span.first_us;
        span.last_us = row->time_us > span.last_us ? row->time_us : span.last_us;
        span.logins += row->family == ROW_LEGITIMATE && !row->cold;
        span.attacks += row->family != ROW_LEGITIMATE;
    }
    return span;
}

static void expect_disjoint(const struct evaluate_split *split)
{
    struct key_table victims, addresses;
    struct error error = ERROR_NONE;
    bool added;

    key_table_init(&victims, 1);
    key_table_init(&addresses, 1);
    for (size_t i = 0; i < split->training.count; i++) {
        const struct training_row *row = &split->training.rows[i];
        if (row->family == ROW_LEGITIMATE)
            continue;
        assert_false(row->untrained);
        assert_true(row_family_is_trained((enum row_family)row->family));
        assert_non_null(key_table_add(&victims, row->user, &added, &error));
        assert_non_null(key_table_add(&addresses, row->address, &added, &error));
    }
    for (size_t i = 0; i < split->test.count; i++) {
        const struct training_row *row = &split->test.rows[i];
        assert_false(row->cold);
        if (row->family == ROW_LEGITIMATE)
            continue;
        assert_true(row->injected != split->labelled);
        assert_true(row->completed || row_family_is_burst((enum row_family)row->family));
        assert_null(key_table_find(&victims, row->user));
        assert_null(key_table_find(&addresses, row->address));
    }
    key_table_finish(&addresses);
    key_table_finish(&victims);
}

static void expect_split(bool labelled)
{
    struct training_rows rows = make_rows(labelled);
    struct evaluate_split split;
    struct error error = ERROR_NONE;

    if (!evaluate_split(&rows, &split, &error))
        fail_msg("%s", error.text);
    struct span training = span_of(&split.training), validation = span_of(&split.validation),
                test = span_of(&split.test);
    assert_int_equal(split.labelled, labelled);
    assert_true(training.last_us < validation.first_us && validation.last_us < test.first_us);
    double all = (double)(training.logins + validation.logins + test.logins);
    assert_near((double)training.logins / all, 0.6, 0.01);
    assert_near((double)validation.logins / all, 0.1, 0.01);
    assert_int_equal(split.training.legitimate, training.logins);
    assert_true(training.attacks > 100 && test.attacks > 10);
    assert_int_equal(validation.attacks, 0);
    assert_true(split.attacks_by_victim > 0);
    expect_disjoint(&split);
    evaluate_split_finish(&split);
    training_rows_finish(&rows);
}

static void parts_share_no_victim(void **state)
{
    (void)state;
    expect_split(true);
}

static void unlabelled_histories_get_simulated_attacks(void **state)
{
    (void)state;
    expect_split(false);
}

static void says_that_a_history_is_too_short(void **state)
{
    struct training_row row = {.family = ROW_LEGITIMATE};
    struct training_rows rows = {.rows = &row, .count = 1, .legitimate = 1};
    struct evaluate_split split;
    struct error error = ERROR_NONE;
    (void)state;

    assert_false(evaluate_split(&rows, &split, &error));
    assert_non_null(strstr(error.text, "too few to evaluate on"));
}

static void knows_the_depth_of_a_history(void **state)
{
    static const struct {
        int logins;
        enum evaluate_depth depth;
    } KNOWN[] = {{0, DEPTH_NONE}, {1, DEPTH_FEW},  {2, DEPTH_FEW},
                 {3, DEPTH_SOME}, {9, DEPTH_SOME}, {10, DEPTH_MANY}};
    (void)state;
    for (size_t i = 0; i < LENGTH(KNOWN); i++) {
        struct training_row row = {.family = ROW_LEGITIMATE};
        row.features[FEATURE_LOGINS_LEARNED] = log1pf((float)KNOWN[i].logins);
        assert_int_equal(evaluate_depth_of(&row), KNOWN[i].depth);
    }
}

/* ---- sets that are too easy ---- */

#define COLUMNS 4
#define ROWS    3000

struct set {
    float table[ROWS * COLUMNS];
    uint8_t labels[ROWS];
};

static void make_noise(struct set *set, uint64_t seed)
{
    struct draw draw;
    draw_seed(&draw, seed, 3);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        set->table[i] = (float)draw_unit(&draw);
    for (int i = 0; i < ROWS; i++)
        set->labels[i] = draw_chance(&draw, 0.1);
}

static struct leak leak_of(const struct set *set)
{
    struct leak leak;
    struct error error = ERROR_NONE;
    assert_true(leak_find(set->table, ROWS, COLUMNS, set->labels, &leak, &error));
    return leak;
}

static void finds_a_column_that_solves(void **state)
{
    static struct set set;
    (void)state;

    make_noise(&set, 1);
    assert_int_equal(leak_of(&set).conditions, 0);
    for (int i = 0; i < ROWS; i++)
        set.table[i * COLUMNS + 2] = set.labels[i] ? -5 : (float)i;
    struct leak leak = leak_of(&set);
    assert_int_equal(leak.conditions, 1);
    assert_int_equal(leak.condition[0].column, 2);
    assert_near(leak.auc, 1, 1e-12);
    /* That a value is missing tells as well. */
    for (int i = 0; i < ROWS; i++)
        set.table[i * COLUMNS + 2] = set.labels[i] ? NAN : (float)i;
    assert_int_equal(leak_of(&set).condition[0].column, 2);
}

static void finds_a_rule_that_solves(void **state)
{
    static struct set set;
    (void)state;

    make_noise(&set, 2);
    for (int i = 0; i < ROWS; i++) {
        const float *row = set.table + i * COLUMNS;
        set.labels[i] = row[0] > 0.9F || row[1] > 0.95F || row[3] < 0.03F;
    }
    struct leak leak = leak_of(&set);
    assert_int_equal(leak.conditions, 3);
    assert_near(leak.auc, 1, 0.001);
    bool used[COLUMNS] = {false};
    for (unsigned i = 0; i < leak.conditions; i++)
        used[leak.condition[i].column] = true;
    assert_true(used[0] && used[1] && used[3] && !used[2]);

    const char *const names[COLUMNS] = {"a", "b", "c", "d"};
    struct evaluate_warning warning = {.leak = leak, .names = names, .what = "columns"};
    char text[512];
    evaluate_warning_text(&warning, text, sizeof text);
    assert_non_null(strstr(text, "a rule of 3 conditions tells attacks from logins"));
    assert_non_null(strstr(text, "a above 0.8"));
}

/* Attack .9 and .2, login .5 and .1: three of four pairs; turned round, one. */
static void measures_a_column_by_hand(void **state)
{
    const float table[] = {0.9F, 0.2F, 0.5F, 0.1F};
    const uint8_t labels[] = {1, 1, 0, 0}, turned[] = {0, 0, 1, 1};
    (void)state;
    assert_near(leak_column_auc(table, 4, 1, 0, labels), 0.75, 1e-12);
    assert_near(leak_column_auc(table, 4, 1, 0, turned), 0.75, 1e-12);
}

/* ---- the whole ---- */

static void evaluates(void **state)
{
    struct training_rows rows = make_rows(true);
    struct evaluate_options options = {
        .fit = {.forest = {.trees = 15, .depth = 7, .threads = 2, .smallest_leaf = 10, .seed = 3}},
        .budgets = {.of = {0.02, 0.005, 0.0001}},
        .facts = {.trained_us = SIMULATION_START_US}};
    struct evaluation *evaluation = calloc(1, sizeof *evaluation);
    struct error error = ERROR_NONE;
    (void)state;

    assert_non_null(evaluation);
    if (!evaluate(&rows, &options, evaluation, &error))
        fail_msg("%s", error.text);
    const struct evaluate_group *all =
        &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][DEPTH_ALL];
    assert_true(all->measures.auc > 0.9 && all->measures.auc <= 1);
    assert_true(all->logins == evaluation->test_logins && all->attacks >= all->victims);
    int64_t attacks = 0, by_depth = 0;
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        if (!row_family_is_burst((enum row_family)family) &&
            family != ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK)
            attacks += evaluation->groups[METHOD_OF_STACK][family][DEPTH_ALL].attacks;
    }
    for (int depth = DEPTH_NONE; depth < DEPTH_COUNT; depth++)
        by_depth += evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][depth].attacks;
    assert_int_equal(attacks, all->attacks);
    assert_int_equal(by_depth, all->attacks);
    for (int i = 0; i < EVALUATE_BUDGET_COUNT; i++)
        assert_true(all->recall[i].lowest <= all->recall[i].mean &&
                    all->recall[i].mean <= all->recall[i].highest);
    for (unsigned i = 1; i < EVALUATE_CURVE_POINTS; i++)
        assert_true(evaluation->curves[METHOD_OF_STACK][i] >=
                    evaluation->curves[METHOD_OF_STACK][i - 1] - 1e-12);
    assert_near(evaluation->curves[METHOD_OF_STACK][EVALUATE_CURVE_POINTS - 1], 1, 1e-12);
    free(evaluation);
    training_rows_finish(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_threshold_holds_its_budget),
        cmocka_unit_test(ties_share_the_budget),
        cmocka_unit_test(a_threshold_has_ends),
        cmocka_unit_test(ranks_by_hand),
        cmocka_unit_test(asks_again_at_99_percent),
        cmocka_unit_test(resamples_whole_victims),
        cmocka_unit_test(resamples_the_same_from_the_same_seed),
        cmocka_unit_test(doubts_what_is_all_found),
        cmocka_unit_test(doubts_what_cannot_differ),
        cmocka_unit_test(parts_share_no_victim),
        cmocka_unit_test(unlabelled_histories_get_simulated_attacks),
        cmocka_unit_test(says_that_a_history_is_too_short),
        cmocka_unit_test(knows_the_depth_of_a_history),
        cmocka_unit_test(finds_a_column_that_solves),
        cmocka_unit_test(finds_a_rule_that_solves),
        cmocka_unit_test(measures_a_column_by_hand),
        cmocka_unit_test(evaluates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
