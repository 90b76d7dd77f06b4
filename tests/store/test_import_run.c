/* What anomalyd's importer is ended for, and what is written down then. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/import_run.h"
#include "fixture.h"

struct scene {
    struct store *store;
    struct config config;
    struct import_run run;
};

static const struct program PROGRAM = {.name = "test"};
static const struct command_line LINE = {.program = &PROGRAM};

/* An import that is ready to be started. */
static void begin(struct scene *scene, const char *directory)
{
    struct word word = {.kind = WORD_IMPORT,
                        .time_us = FIXTURE_START_US,
                        .by = "ada",
                        .history = {.job = 7, .state = HISTORY_ASKED, .format = "sshd"}};
    struct error error = ERROR_NONE;
    char command[2 * FIXTURE_PATH_BYTES + 128];
    bool ready;

    config_init(&scene->config);
    snprintf(scene->config.store, sizeof(scene->config.store), "%s", directory);
    scene->config.dashboard_import = true;
    ASSERT_DONE(store_open(&scene->store, directory, STORE_WRITE, &error));
    ASSERT_DONE(word_append(directory, &word, &error));
    assert_int_equal(fixture_drain(scene->store, INT64_C(1) << 30).records, 1);
    snprintf(command, sizeof(command),
             "mkdir %s/dashboard/analyses && : >%s/dashboard/analyses/"
             "0000000000000007.upload",
             directory, directory);
    assert_int_equal(system(command), 0);
    ASSERT_DONE(import_next(&scene->run, scene->store, &scene->config, &ready, &error));
    assert_true(ready);
}

/* A process in the importer's place, which does nothing until it is ended. */
static void start_idle(struct scene *scene)
{
    scene->run.until_us = clock_monotonic_us() + 600 * US_PER_S;
    scene->run.disk_least = 0;
    scene->run.pid = fork();
    assert_true(scene->run.pid >= 0);
    if (scene->run.pid == 0) {
        for (;;)
            pause();
    }
    assert_true(import_runs(&scene->run, &scene->config));
}

/* What stands in the store of it after its end, and how often it was begun. */
static struct word told(struct scene *scene)
{
    struct error error = ERROR_NONE;
    struct decision latest;
    bool found;

    ASSERT_DONE(import_tell(&scene->run, scene->store, &LINE, &error));
    assert_int_equal(scene->run.upload, -1);
    ASSERT_DONE(store_import_find(scene->store, 7, 0, &latest, &found, &error));
    assert_true(found);
    return latest.word;
}

static void expect_failure(struct scene *scene, const char *words)
{
    struct word word = told(scene);

    assert_int_equal(word.history.state, HISTORY_FAILED);
    if (strstr(word.why, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, word.why);
    assert_int_equal(scene->run.pid, 0);
    store_close(scene->store);
}

static void test_one_that_takes_too_long(void **state)
{
    struct scene scene;

    begin(&scene, *state);
    start_idle(&scene);
    scene.run.until_us = clock_monotonic_us() - 1;
    assert_false(import_runs(&scene.run, &scene.config));
    expect_failure(&scene, "too long");
}

static void test_one_that_fills_the_disk(void **state)
{
    struct scene scene;

    begin(&scene, *state);
    start_idle(&scene);
    scene.run.disk_least = UINT64_MAX;
    assert_false(import_runs(&scene.run, &scene.config));
    expect_failure(&scene, "disk");
}

static void test_one_that_is_given_up(void **state)
{
    struct scene scene;
    struct word word;

    begin(&scene, *state);
    start_idle(&scene);
    import_give_up(&scene.run);
    word = told(&scene);
    assert_int_equal(word.history.state, HISTORY_ASKED);
    assert_int_equal(word.history.begun, 0);
    assert_string_equal(word.why, "");
    store_close(scene.store);
}

/* There is none beside this test. */
static void test_without_an_importer(void **state)
{
    struct scene scene;

    begin(&scene, *state);
    import_start(&scene.run, &LINE, &scene.config);
    while (import_runs(&scene.run, &scene.config))
        usleep(10000);
    expect_failure(&scene, "there is no anomaly-trainer beside anomalyd");
}

static void test_one_that_ends_anomalyd_again_and_again(void **state)
{
    struct error error = ERROR_NONE;
    struct scene scene;
    bool ready = true;

    begin(&scene, *state); /* and is killed each time */
    for (int i = 1; i < IMPORT_MOST_BEGUN; i++) {
        close(scene.run.upload);
        ASSERT_DONE(import_next(&scene.run, scene.store, &scene.config, &ready, &error));
        assert_true(ready);
    }
    close(scene.run.upload);
    ASSERT_DONE(import_next(&scene.run, scene.store, &scene.config, &ready, &error));
    assert_false(ready);
    assert_int_equal(scene.run.asked.word.history.state, HISTORY_FAILED);
    assert_non_null(strstr(scene.run.asked.word.why, "3 times"));
    store_close(scene.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_that_takes_too_long, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_fills_the_disk, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_is_given_up, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_without_an_importer, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_ends_anomalyd_again_and_again, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
