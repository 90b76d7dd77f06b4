/* The login model's fit: what each part of the history is for, and what the model says of itself.
 */
#include "common/json_reader.h"
#include "tests/unit/scorer/sample.h"
#include "trainer/bootstrap.h"
#include "trainer/fit.h"
#include "trainer/simulation.h"

static const struct simulation_options SMALL = {
    .users = 12, .days = 40, .seed = 5, .start_us = SIMULATION_START_US};
static const struct simulation_options LARGE = {
    .users = 30, .days = 50, .seed = 5, .start_us = SIMULATION_START_US};

static const struct fit_budgets BUDGETS = {
    .of = {[RISK_LOG] = 1.0 / 50, [RISK_STEP_UP] = 1.0 / 200, [RISK_DENY] = 1.0 / 10000}};
static const struct risk_model_facts FACTS = {.trained_us = SIMULATION_START_US};

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    return row_builder_add(context, login, error);
}

/* Nobody labels anything, and of every tenth login that got in nothing was learned. */
static bool add_live(void *context, const struct stored_login *login, struct error *error)
{
    struct stored_login live = *login;

    if (login->label == 1)
        return true;
    live.label = LABEL_NONE;
    live.record.event.learn = login->record.event.learn && login->record.event.source_port % 10 > 0;
    return row_builder_add(context, &live, error);
}

static struct training_rows make_rows_of(const struct simulation_options *simulation,
                                         bool (*add)(void *, const struct stored_login *,
                                                     struct error *))
{
    struct row_options options = {.seed = 7, .injection_share = 0.7};
    struct row_builder *builder = NULL;
    struct training_rows rows;
    struct error error = ERROR_NONE;

    assert_true(row_builder_create(&builder, &options, &rows, &error));
    assert_true(simulation_run(simulation, add, builder, &error));
    assert_true(row_builder_finish(builder, &error));
    row_builder_destroy(builder);
    return rows;
}

static struct training_rows make_rows(const struct simulation_options *simulation)
{
    return make_rows_of(simulation, add_login);
}

static struct fit_options options_of(unsigned threads)
{
    return (struct fit_options){
        .forest = {.trees = 9, .depth = 7, .threads = threads, .smallest_leaf = 10, .seed = 3}};
}

/* The rows are used up. */
static struct fit_result fit(struct training_rows rows, struct fit_options options)
{
    struct fit_result result;
    struct error error = ERROR_NONE;
    if (!fit_model(&rows, &options, &BUDGETS, &FACTS, &result, &error))
        fail_msg("%s", error.text);
    training_rows_finish(&rows);
    return result;
}

static struct risk_model open_model(const struct fit_result *result)
{
    struct risk_model model;
    struct error error = ERROR_NONE;
    if (!risk_model_open_checked(&model, result->bytes, result->size, &error))
        fail_msg("%s", error.text);
    return model;
}

/* ---- parts ---- */

/* A third of the rows, now and then, as if they came from simulated machines. */
static void make_prior(struct training_rows *rows)
{
    for (size_t i = 0; i < rows->count; i += 3) {
        rows->legitimate -= rows->rows[i].family == ROW_LEGITIMATE && !rows->rows[i].cold;
        rows->rows[i].prior = true;
    }
}

struct span {
    int64_t first_us, last_us;
    size_t rows, cold;
    double logins, attacks; /* weights */
};

static struct span span_of(const struct fit_part *part, bool prior)
{
    struct span span = {.first_us = INT64_MAX, .last_us = INT64_MIN};
    for (size_t i = 0; i < part->count; i++) {
        const struct training_row *row = &part->rows[i];
        if (row->prior != prior)
            continue;
        span.first_us = row->time_us < span.first_us ? row->time_us : span.first_us;
        span.last_us = row->time_us > span.last_us ? row->time_us : span.last_us;
        span.rows++;
        span.cold += row->cold;
        *(row->family == ROW_LEGITIMATE ? &span.logins : &span.attacks) += (double)row->weight;
    }
    return span;
}

static void parts_follow_each_other_in_time(void **state)
{
    struct training_rows rows = make_rows(&SMALL);
    struct fit_parts parts;
    struct error error = ERROR_NONE;
    (void)state;

    make_prior(&rows);
    assert_true(fit_rows_split(&rows, &parts, &error));
    for (int prior = 0; prior < 2; prior++) {
        struct span training = span_of(&parts.training, prior);
        struct span validation = span_of(&parts.validation, prior);
        assert_true(training.rows > 100 && validation.rows > 30);
        assert_true(training.last_us < validation.first_us);
    }
    struct span held_out = span_of(&parts.held_out, false);
    assert_true(span_of(&parts.validation, false).last_us < held_out.first_us);
    assert_int_equal(held_out.cold, 0);
    assert_int_equal(span_of(&parts.held_out, true).rows, 0);
    double logins = (double)rows.legitimate;
    assert_near((double)parts.training.logins / logins, 0.55, 0.01);
    assert_near((double)parts.validation.logins / logins, 0.15, 0.01);
    assert_near((double)parts.held_out.logins / logins, 0.30, 0.01);
    training_rows_finish(&rows);
}

static size_t unlearned_of(const struct fit_part *part)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++)
        count += part->rows[i].untrained;
    return count;
}

/*
 * What was judged above a threshold is not learned. Thresholds found without such logins would lie
 * among those that stayed below the last ones, and sink with every training.
 */
static void budgets_are_of_all_logins(void **state)
{
    struct training_rows rows = make_rows_of(&SMALL, add_live);
    struct fit_parts parts;
    struct error error = ERROR_NONE;
    size_t unlearned = 0;
    (void)state;

    for (size_t i = 0; i < rows.count; i++)
        unlearned += rows.rows[i].untrained;
    assert_near((double)unlearned / (double)rows.legitimate, 0.1, 0.04);
    assert_true(fit_rows_split(&rows, &parts, &error));
    assert_int_equal(unlearned_of(&parts.training), 0);
    assert_int_equal(unlearned_of(&parts.validation), 0);
    assert_near((double)unlearned_of(&parts.held_out) / (double)parts.held_out.logins, 0.1, 0.04);
    assert_near((double)parts.held_out.logins / (double)rows.legitimate, 0.30, 0.01);
    training_rows_finish(&rows);
}

/* Attacks weigh .35 of the logins wherever they come from; prior rows as 2000 logins in training.
 */
static void parts_hold_one_mixture(void **state)
{
    struct training_rows rows = make_rows(&SMALL);
    struct fit_parts parts;
    struct error error = ERROR_NONE;
    (void)state;

    make_prior(&rows);
    assert_true(fit_rows_split(&rows, &parts, &error));
    for (int prior = 0; prior < 2; prior++) {
        struct span training = span_of(&parts.training, prior);
        struct span validation = span_of(&parts.validation, prior);
        assert_near(training.attacks / training.logins, 0.35, 0.01);
        assert_near(validation.attacks / validation.logins, 0.35, 0.05);
    }
    assert_near(span_of(&parts.training, true).logins, 2000, 0.5);
    assert_true(span_of(&parts.validation, true).logins < 1000);
    training_rows_finish(&rows);
}

/* Whatever happens in the last part, all that was learned before stays as it is. */
static void no_choice_sees_what_is_held_out(void **state)
{
    struct training_rows rows = make_rows(&LARGE), changed = make_rows(&LARGE);
    struct fit_parts parts;
    struct error error = ERROR_NONE;
    int64_t from_us = 0;
    (void)state;

    assert_true(fit_rows_split(&rows, &parts, &error));
    from_us = span_of(&parts.held_out, false).first_us;
    for (size_t i = 0; i < changed.count; i++) {
        for (int f = 0; f < FEATURE_COUNT && changed.rows[i].time_us >= from_us; f++)
            changed.rows[i].features[f] = -changed.rows[i].features[f];
    }
    struct fit_result first = fit(rows, options_of(2)), second = fit(changed, options_of(2));
    assert_int_equal(first.kind, second.kind);
    assert_memory_equal(&first.stack, &second.stack, sizeof first.stack);
    assert_memory_equal(first.candidates, second.candidates, sizeof first.candidates);
    assert_true(first.measures.auc != second.measures.auc);
    free(first.bytes);
    free(second.bytes);
}

/* ---- choices ---- */

static void takes_the_better_forest(void **state)
{
    struct fit_result result = fit(make_rows(&LARGE), options_of(2));
    const struct fit_candidate *bagged = &result.candidates[FOREST_BAGGED];
    const struct fit_candidate *boosted = &result.candidates[FOREST_BOOSTED];
    (void)state;

    assert_true(result.validation.logins >= FIT_LEAST_TO_CHOOSE);
    assert_int_equal(bagged->trees, 9);
    assert_in_range(boosted->trees, 1, 9);
    assert_int_equal(result.kind, boosted->average_precision > bagged->average_precision
                                      ? FOREST_BOOSTED
                                      : FOREST_BAGGED);
    assert_int_equal(result.trees, result.candidates[result.kind].trees);
    assert_int_equal(open_model(&result).forest.kind, result.kind);
    free(result.bytes);
}

static void few_logins_make_no_choice(void **state)
{
    struct fit_result result = fit(make_rows(&SMALL), options_of(2));
    (void)state;

    assert_true(result.validation.logins < FIT_LEAST_TO_CHOOSE);
    assert_int_equal(result.kind, FOREST_BAGGED);
    assert_int_equal(result.candidates[FOREST_BOOSTED].trees, 0);
    assert_true(isnan(result.candidates[FOREST_BOOSTED].average_precision));
    free(result.bytes);
}

static void trains_the_same_with_any_number_of_threads(void **state)
{
    const struct simulation_options *const PASTS[] = {&SMALL, &LARGE};
    (void)state;

    for (size_t i = 0; i < LENGTH(PASTS); i++) {
        struct fit_result one = fit(make_rows(PASTS[i]), options_of(1));
        struct fit_result two = fit(make_rows(PASTS[i]), options_of(2));
        assert_int_equal(one.size, two.size);
        assert_memory_equal(one.bytes, two.bytes, one.size);
        free(one.bytes);
        free(two.bytes);
    }
}

/* Another build, with sanitizers perhaps, and one thread: the bytes that the build has embedded. */
static void the_built_in_model_is_always_the_same(void **state)
{
    struct fit_result result;
    struct risk_model built_in;
    struct error error = ERROR_NONE;
    (void)state;

    if (!bootstrap_model(BOOTSTRAP_SEED, 1, &result, &error))
        fail_msg("%s", error.text);
    risk_model_open_default(&built_in);
    assert_int_equal(built_in.header->file_bytes, result.size);
    assert_memory_equal(built_in.header, result.bytes, result.size);
    free(result.bytes);
}

/* ---- what it says ---- */

static void holds_budgets_or_says_so(void **state)
{
    struct fit_result result = fit(make_rows(&SMALL), options_of(2));
    const struct fit_threshold *thresholds = result.thresholds;
    (void)state;

    (void)open_model(&result);
    assert_true(result.measures.legitimate > 50 && result.measures.legitimate < 10000);
    assert_int_equal(result.measures.legitimate, result.held_out.logins);
    assert_false(thresholds[RISK_LOG].extrapolated);
    assert_true(thresholds[RISK_DENY].extrapolated);
    assert_true(thresholds[RISK_LOG].found.risk <= thresholds[RISK_STEP_UP].found.risk);
    assert_true(thresholds[RISK_STEP_UP].found.risk <= thresholds[RISK_DENY].found.risk);
    assert_true(thresholds[RISK_DENY].found.risk <= 1);
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        double share = (double)thresholds[i].reached / (double)result.held_out.logins;
        assert_true((double)thresholds[i].found.lowest <= share);
        assert_true((double)thresholds[i].found.highest >= share);
        assert_true(thresholds[i].extrapolated || share <= thresholds[i].budget);
    }
    assert_true(result.measures.auc > 0.9);
    assert_true(result.measures.recall_at_1pct > 0.5);
    free(result.bytes);
}

/* The part that was held out, scored through the finished file as a login is. */
static void the_file_scores_as_it_was_measured(void **state)
{
    struct training_rows rows = make_rows(&SMALL), copy = make_rows(&SMALL);
    struct fit_parts parts;
    struct error error = ERROR_NONE;
    int64_t reached[RISK_LEVEL_COUNT] = {0};
    (void)state;

    struct fit_result result = fit(copy, options_of(2));
    struct risk_model model = open_model(&result);
    assert_true(fit_rows_split(&rows, &parts, &error));
    for (size_t i = 0; i < parts.held_out.count; i++) {
        const struct training_row *row = &parts.held_out.rows[i];
        struct risk risk;
        assert_true(risk_assess(&model, row->features, &risk, &error));
        for (int level = 0; level < RISK_LEVEL_COUNT && row->family == ROW_LEGITIMATE; level++)
            reached[level] +=
                risk.probability >=
                (double)risk_threshold_for(&model, (double)model.header->thresholds[level].budget);
    }
    for (int level = 0; level < RISK_LEVEL_COUNT; level++)
        assert_int_equal(reached[level], result.thresholds[level].reached);
    training_rows_finish(&rows);
    free(result.bytes);
}

static double number_of(struct json_value object, const char *name)
{
    return json_to_number(json_member(object, name));
}

static void tells_its_measures_in_the_summary(void **state)
{
    struct fit_result result = fit(make_rows(&LARGE), options_of(2));
    struct risk_model model = open_model(&result);
    struct json_value summary = json_parse(model.summary, model.header->summary_bytes);
    struct json_value calibration = json_member(summary, "calibration");
    double rows = 0;
    (void)state;

    assert_non_null(summary.begin);
    assert_near(number_of(summary, "auc"), result.measures.auc, 0);
    for (int kind = 0; kind < FOREST_KIND_COUNT; kind++) {
        struct json_value candidate = json_member(json_member(summary, "candidates"),
                                                  forest_kind_name((enum forest_kind)kind));
        assert_near(number_of(candidate, "average_precision"),
                    result.candidates[kind].average_precision, 0);
    }
    for (int i = 0; i < EVIDENCE_COUNT; i++) {
        struct json_value alone =
            json_member(json_member(summary, "alone"), fit_evidence_name((enum fit_evidence)i));
        assert_near(number_of(alone, "auc"), result.alone[i].auc, 0);
        assert_true(result.alone[i].auc > 0.5);
    }
    assert_near(number_of(calibration, "brier"), result.calibration.brier, 0);
    assert_true(result.calibration.brier > 0 && result.calibration.brier < 0.1);
    for (size_t i = 0; i < CALIBRATION_BINS; i++)
        rows += number_of(json_element(json_member(calibration, "bins"), i), "rows");
    assert_near(rows, result.held_out.logins + result.held_out.attacks, 0);
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        struct json_value realised =
            json_member(json_member(summary, "realised"), risk_level_name((enum risk_level)i));
        assert_near(number_of(realised, "highest"), model.header->thresholds[i].highest, 0);
    }
    free(result.bytes);
}

/* ---- too little ---- */

static void refuse(struct training_rows *rows, const char *text)
{
    struct fit_options options = options_of(1);
    struct fit_result result;
    struct error error = ERROR_NONE;

    assert_false(fit_model(rows, &options, &BUDGETS, &FACTS, &result, &error));
    assert_int_equal(error.fault, FAULT_MODEL);
    assert_contains(error.text, text);
    assert_null(result.bytes);
    training_rows_finish(rows);
}

static void refuses_too_little_history(void **state)
{
    struct training_rows none = {.rows = NULL}, peaceful = make_rows(&SMALL);
    (void)state;

    refuse(&none, "too few");
    for (size_t i = 0; i < peaceful.count; i++) {
        peaceful.legitimate += peaceful.rows[i].family != ROW_LEGITIMATE;
        peaceful.rows[i].family = ROW_LEGITIMATE;
    }
    refuse(&peaceful, "the training part of the history has no attack");
}

/* The least history there may be, beside simulated machines: every part is fitted, none silently.
 */
static void fits_the_shortest_history(void **state)
{
    struct training_rows rows = make_rows(&SMALL);
    struct error error = ERROR_NONE;
    int64_t logins = 0;
    (void)state;

    for (rows.count = 0; logins < FIT_LEAST_LOGINS; rows.count++)
        logins += rows.rows[rows.count].family == ROW_LEGITIMATE && !rows.rows[rows.count].cold;
    rows.legitimate = logins;
    assert_true(bootstrap_add_prior(1, &rows, &error));
    struct fit_result result = fit(rows, options_of(2));
    assert_int_equal(result.held_out.logins, FIT_LEAST_LOGINS * 3 / 10);
    assert_true(result.validation.prior_rows > 1000);
    assert_int_equal(result.held_out.prior_rows, 0);
    assert_true(result.thresholds[RISK_LOG].extrapolated);
    assert_true(result.stack.forest > 0);
    (void)open_model(&result);
    free(result.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_follow_each_other_in_time),
        cmocka_unit_test(budgets_are_of_all_logins),
        cmocka_unit_test(parts_hold_one_mixture),
        cmocka_unit_test(no_choice_sees_what_is_held_out),
        cmocka_unit_test(takes_the_better_forest),
        cmocka_unit_test(few_logins_make_no_choice),
        cmocka_unit_test(trains_the_same_with_any_number_of_threads),
        cmocka_unit_test(the_built_in_model_is_always_the_same),
        cmocka_unit_test(holds_budgets_or_says_so),
        cmocka_unit_test(the_file_scores_as_it_was_measured),
        cmocka_unit_test(tells_its_measures_in_the_summary),
        cmocka_unit_test(refuses_too_little_history),
        cmocka_unit_test(fits_the_shortest_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
