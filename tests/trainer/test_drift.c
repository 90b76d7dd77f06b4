/*
 * What a model says of the logins since it was trained, and which of two models stays. The logins
 * are rows of the simulator; those "since" are stored with an assessment, as a login would leave
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/login_label.h"
#include "trainer/drift.h"
#include "trainer/simulation.h"

#define TRAINED_US (SIMULATION_START_US + 365 * S_PER_DAY * US_PER_S)

static const struct simulation_options SMALL = {
    .users = 25, .days = 50, .seed = 5, .start_us = SIMULATION_START_US};
static const struct fit_budgets BUDGETS = {
    .of = {[RISK_LOG] = 1.0 / 50, [RISK_STEP_UP] = 1.0 / 200, [RISK_DENY] = 1.0 / 10000}};
static const struct risk_model_facts FACTS = {.trained_us = TRAINED_US};

#define ASSERT_DONE(call)                                                                          \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, error.text);                                                 \
    } while (0)

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    return row_builder_add(context, login, error);
}

static struct training_rows make_rows(void)
{
    struct row_options options = {.seed = 7, .injection_share = 0.7};
    struct row_builder *builder = NULL;
    struct training_rows rows;
    struct error error = ERROR_NONE;

    ASSERT_DONE(row_builder_create(&builder, &options, &rows, &error));
    ASSERT_DONE(simulation_run(&SMALL, add_login, builder, &error));
    ASSERT_DONE(row_builder_finish(builder, &error));
    row_builder_destroy(builder);
    return rows;
}

static struct fit_result fit(struct training_rows *rows, unsigned trees, unsigned depth,
                             const struct risk_model *rival)
{
    const struct fit_options options = {
        .forest = {.trees = trees, .depth = depth, .threads = 2, .smallest_leaf = 10, .seed = 3},
        .bagged_only = true,
        .rival = rival};
    struct fit_result result;
    struct error error = ERROR_NONE;

    ASSERT_DONE(fit_model(rows, &options, &BUDGETS, &FACTS, &result, &error));
    return result;
}

static struct risk_model open_model(const struct fit_result *result)
{
    struct risk_model model;
    struct error error = ERROR_NONE;

    ASSERT_DONE(risk_model_open_checked(&model, result->bytes, result->size, &error));
    return model;
}

/* ---- a store of logins that were scored ----------------------------------------------------- */

struct scene {
    char directory[64];
    struct store *store;
    struct training_rows rows;
    struct fit_result result;
    struct risk_model model;
    unsigned stored;
};

static void begin_scene(struct scene *scene)
{
    struct error error = ERROR_NONE;

    *scene = (struct scene){.directory = "/tmp/drift-test.XXXXXX"};
    assert_non_null(mkdtemp(scene->directory));
    ASSERT_DONE(store_open(&scene->store, scene->directory, STORE_WRITE, &error));
    scene->rows = make_rows();
    scene->result = fit(&scene->rows, 9, 7, NULL);
    scene->model = open_model(&scene->result);
}

static void end_scene(struct scene *scene)
{
    char command[128];

    store_close(scene->store);
    snprintf(command, sizeof command, "rm -r '%s'", scene->directory);
    assert_int_equal(system(command), 0);
    free(scene->result.bytes);
    training_rows_finish(&scene->rows);
}

static void store_stage(struct scene *scene, struct login_record record, enum login_stage stage)
{
    struct error error = ERROR_NONE;

    record.event.stage = stage;
    record.assessed = record.assessed && stage == STAGE_ATTEMPT;
    ASSERT_DONE(store_fold(scene->store, &record, &error));
}

/* Now: seconds after training. scorer: the model's checksum that scored. */
static void store_login(struct scene *scene, const float *features, int64_t now_s, uint64_t scorer,
                        enum login_stage reached)
{
    struct login_record record;
    struct error error = ERROR_NONE;
    struct risk risk;

    login_record_init(&record);
    record.event.time_us = TRAINED_US + now_s * US_PER_S + ++scene->stored * 1000;
    record.event.id = login_id_make(record.event.time_us, scene->stored);
    strcpy(record.event.user, "alice");
    record.assessed = record.assessment.features_known = true;
    memcpy(record.assessment.features, features, sizeof record.assessment.features);
    ASSERT_DONE(risk_assess(&scene->model, features, &risk, &error));
    record.assessment.risk = risk.probability;
    record.model = scorer;
    for (unsigned stage = STAGE_ATTEMPT; stage <= reached; stage++)
        store_stage(scene, record, (enum login_stage)stage);
}

/* Each stride-th legitimate row, one of its features changed; COUNT: none. */
static unsigned store_rows(struct scene *scene, unsigned stride, enum feature changed, float by)
{
    struct error error = ERROR_NONE;
    unsigned seen = 0, stored = 0;

    ASSERT_DONE(store_begin(scene->store, &error));
    for (size_t i = 0; i < scene->rows.count; i++) {
        const struct training_row *row = &scene->rows.rows[i];
        float features[FEATURE_COUNT];
        if (row->family != ROW_LEGITIMATE || row->cold || seen++ % stride != 0)
            continue;
        memcpy(features, row->features, sizeof features);
        if (changed != FEATURE_COUNT)
            features[changed] += by;
        store_login(scene, features, 60, scene->model.header->checksum, STAGE_OPENED);
        stored++;
    }
    ASSERT_DONE(store_commit(scene->store, &error));
    return stored;
}

static struct drift measure(const struct scene *scene)
{
    struct error error = ERROR_NONE;
    struct drift drift;

    ASSERT_DONE(drift_measure(scene->store, &scene->model, &BUDGETS, &drift, &error));
    return drift;
}

static void the_same_logins_are_no_drift(void **state)
{
    struct scene scene;
    (void)state;

    begin_scene(&scene);
    unsigned stored = store_rows(&scene, 3, FEATURE_COUNT, 0);
    struct drift drift = measure(&scene);
    assert_true(stored >= DRIFT_LEAST_LOGINS);
    assert_int_equal(drift.logins, stored);
    assert_int_equal(drift.scored, stored);
    for (int i = 0; i < FEATURE_COUNT; i++) {
        const struct drift_change *change = &drift.changes[i];
        assert_true(change->shift >= 0 && change->shift < DISTRIBUTION_SHIFTED);
        assert_true(fabs(change->missing_then - change->missing_now) < 0.1);
        assert_true(i == 0 || change->shift <= drift.changes[i - 1].shift);
    }
    for (int level = 0; level < RISK_LEVEL_COUNT; level++) {
        const struct drift_level *measured = &drift.levels[level];
        assert_true(measured->budget == BUDGETS.of[level]);
        assert_true(measured->share.lowest <= (double)measured->reached / stored);
        assert_true(measured->share.highest >= (double)measured->reached / stored);
    }
    end_scene(&scene);
}

static void what_changed_comes_first(void **state)
{
    static const enum feature CHANGED[] = {FEATURE_USER_ATTEMPTS_1D, FEATURE_GAP};
    (void)state;

    for (int i = 0; i < 2; i++) {
        struct scene scene;
        begin_scene(&scene);
        (void)store_rows(&scene, 3, CHANGED[i], i == 0 ? 40 : NAN);
        struct drift drift = measure(&scene);
        assert_string_equal(drift.changes[0].name, FEATURE_TABLE[CHANGED[i]].name);
        assert_true(drift.changes[0].shift > DISTRIBUTION_CHANGED);
        assert_true(drift.changes[1].shift < DISTRIBUTION_SHIFTED);
        assert_true(i == 0 || drift.changes[0].missing_now == 1);
        end_scene(&scene);
    }
}

static bool label_one(void *context, const struct stored_login *login)
{
    *(struct login_id *)context = login->record.event.id;
    return false;
}

/* Too few; and which logins count at all. */
static void only_later_logins_that_were_scored_count(void **state)
{
    const float *features;
    struct scene scene;
    struct error error = ERROR_NONE;
    (void)state;

    begin_scene(&scene);
    features = scene.rows.rows[0].features;
    uint64_t own = scene.model.header->checksum;
    ASSERT_DONE(store_begin(scene.store, &error));
    store_login(&scene, features, -3600, own, STAGE_OPENED); /* before training */
    store_login(&scene, features, 60, own, STAGE_ATTEMPT);   /* its credential was wrong */
    store_login(&scene, features, 61, own, STAGE_ACCEPTED);
    store_login(&scene, features, 62, own + 1, STAGE_OPENED); /* by another model */
    store_login(&scene, features, 63, own, STAGE_OPENED);
    ASSERT_DONE(store_commit(scene.store, &error));
    struct drift drift = measure(&scene);
    assert_int_equal(drift.logins, 3);
    assert_int_equal(drift.scored, 2);
    assert_null(drift.changes[0].name);
    assert_null(drift.risk.name);
    struct login_filter latest = {.newest_first = true};
    struct login_label label = {.value = LABEL_ATTACK, .time_us = TRAINED_US};
    bool found;
    ASSERT_DONE(store_logins(scene.store, &latest, label_one, &label.id, &error));
    ASSERT_DONE(store_begin(scene.store, &error));
    ASSERT_DONE(store_fold_label(scene.store, &label, &found, &error));
    ASSERT_DONE(store_commit(scene.store, &error));
    drift = measure(&scene);
    assert_int_equal(drift.logins, 2);
    assert_int_equal(drift.scored, 1);
    end_scene(&scene);
}

/* The counts are those of the logins that reach the thresholds of these budgets. */
static void levels_are_counted(void **state)
{
    struct fit_budgets none = {.of = {1, 0, 0}};
    struct error error = ERROR_NONE;
    struct drift drift;
    struct scene scene;
    (void)state;

    begin_scene(&scene);
    unsigned stored = store_rows(&scene, 5, FEATURE_COUNT, 0);
    ASSERT_DONE(drift_measure(scene.store, &scene.model, &none, &drift, &error));
    assert_int_equal(drift.levels[RISK_LOG].reached, stored);
    assert_int_equal(drift.levels[RISK_STEP_UP].reached, 0);
    assert_int_equal(drift.levels[RISK_DENY].reached, 0);
    end_scene(&scene);
}

static void a_model_without_distributions_says_so(void **state)
{
    struct scene scene;
    struct error error = ERROR_NONE;
    struct drift drift;
    (void)state;

    begin_scene(&scene);
    char *text = strdup("{\"learner\": \"x\"}");
    struct risk_model_header header = *scene.model.header;
    struct risk_model without = scene.model;
    header.summary_bytes = (uint32_t)strlen(text);
    without.header = &header;
    without.summary = text;
    assert_false(drift_measure(scene.store, &without, &BUDGETS, &drift, &error));
    assert_non_null(strstr(error.text, "train again"));
    free(text);
    end_scene(&scene);
}

/* The built-in one has them too: it is what a young store is judged by. */
static void the_default_model_can_be_compared(void **state)
{
    struct scene scene;
    struct error error = ERROR_NONE;
    struct drift drift;
    (void)state;

    begin_scene(&scene);
    risk_model_open_default(&scene.model);
    ASSERT_DONE(drift_measure(scene.store, &scene.model, &BUDGETS, &drift, &error));
    assert_int_equal(drift.scored, 0);
    end_scene(&scene);
}

/* ---- which of two models stays -------------------------------------------------------------- */

static void a_worse_model_does_not_replace_a_better_one(void **state)
{
    struct training_rows rows = make_rows();
    struct fit_result good = fit(&rows, 15, 9, NULL);
    struct risk_model model = open_model(&good);
    (void)state;

    /* The same again is not worse, and is measured alike. */
    struct fit_result same = fit(&rows, 15, 9, &model);
    assert_memory_equal(&same.rival.measures, &good.measures, sizeof good.measures);
    assert_true(fit_rival_yields(&same.rival, &same.measures));
    for (int level = 0; level < RISK_LEVEL_COUNT; level++)
        assert_true(same.rival.levels[level].budget == BUDGETS.of[level]);
    assert_int_equal(fit_rival_overrun(&same.rival), RISK_LEVEL_COUNT);
    /* A stump of a forest is. */
    struct fit_result stump = fit(&rows, 1, 1, &model);
    assert_true(stump.measures.average_precision < good.measures.average_precision);
    assert_memory_equal(&stump.rival.measures, &good.measures, sizeof good.measures);
    assert_false(fit_rival_yields(&stump.rival, &stump.measures));
    /* And the other way round. */
    struct risk_model stump_model = open_model(&stump);
    struct fit_result better = fit(&rows, 15, 9, &stump_model);
    assert_true(fit_rival_yields(&better.rival, &better.measures));
    /* But one that alarms too often goes, however well it ranks. */
    stump.rival.levels[RISK_STEP_UP].share.lowest = BUDGETS.of[RISK_STEP_UP] * 1.01;
    assert_int_equal(fit_rival_overrun(&stump.rival), RISK_STEP_UP);
    assert_true(fit_rival_yields(&stump.rival, &stump.measures));
    free(good.bytes);
    free(same.bytes);
    free(stump.bytes);
    free(better.bytes);
    training_rows_finish(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_logins_are_no_drift),
        cmocka_unit_test(what_changed_comes_first),
        cmocka_unit_test(only_later_logins_that_were_scored_count),
        cmocka_unit_test(levels_are_counted),
        cmocka_unit_test(a_model_without_distributions_says_so),
        cmocka_unit_test(the_default_model_can_be_compared),
        cmocka_unit_test(a_worse_model_does_not_replace_a_better_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
