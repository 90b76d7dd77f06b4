/* What is known of imports that anomalyd has not taken. */
#include "dashboard/imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

#define ID      "0000000000000007"
#define HOUR_US (3600 * US_PER_S)

struct scene {
    struct imports *imports;
    struct store *store;
};

static void begin(struct scene *scene, const char *directory)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(imports_create(&scene->imports, &error));
    ASSERT_DONE(store_open(&scene->store, directory, STORE_WRITE, &error));
    ASSERT_DONE(imports_ask(scene->imports, ID, FIXTURE_START_US, &error));
}

static void end(struct scene *scene)
{
    imports_destroy(scene->imports);
    store_close(scene->store);
}

/* As anomalyd takes it. */
static void take(struct scene *scene, const char *directory, int64_t time_us)
{
    const struct word word = {.kind = WORD_IMPORT,
                              .time_us = time_us,
                              .by = "ada",
                              .history = {.job = 7, .state = HISTORY_ASKED, .format = "sshd"}};
    struct error error = ERROR_NONE;

    ASSERT_DONE(word_append(directory, &word, &error));
    assert_int_equal(fixture_drain(scene->store, INT64_C(1) << 30).records, 1);
}

static bool waits_at(struct scene *scene, int64_t now_us)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(imports_look(scene->imports, scene->store, now_us, &error));
    return imports_wait(scene->imports, ID);
}

static void expect_told(struct scene *scene, const char *words)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct json_writer json = json_writer_to(out);
    struct error error = ERROR_NONE;

    json_object_begin(&json, NULL);
    imports_write(scene->imports, ID, &json);
    json_object_end(&json);
    ASSERT_DONE(json_writer_end(&json, &error));
    fclose(out);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in %s", words, text);
    free(text);
}

static void one_that_is_not_taken_has_failed(void **state)
{
    struct error error = ERROR_NONE;
    struct scene scene;

    begin(&scene, *state);
    assert_true(waits_at(&scene, FIXTURE_START_US + HOUR_US / 2));
    assert_false(waits_at(&scene, FIXTURE_START_US + HOUR_US));
    assert_false(imports_any_wait(scene.imports));
    expect_told(&scene, "did not take it");
    ASSERT_DONE(imports_ask(scene.imports, ID, FIXTURE_START_US + HOUR_US, &error));
    take(&scene, *state, FIXTURE_START_US + HOUR_US);
    assert_true(waits_at(&scene, FIXTURE_START_US + HOUR_US));
    end(&scene);
}

static void one_that_is_taken_waits_for_as_long_as_it_takes(void **state)
{
    struct scene scene;

    begin(&scene, *state);
    take(&scene, *state, FIXTURE_START_US);
    assert_true(waits_at(&scene, FIXTURE_START_US + 100 * HOUR_US));
    end(&scene);
}

static void one_whose_decision_is_forgotten_has_failed(void **state)
{
    const struct store_keeping keeping = {.logins_before_us = FIXTURE_START_US + US_PER_S,
                                          .failures_most = 1000};
    struct error error = ERROR_NONE;
    struct scene scene;
    int64_t removed;
    bool more;

    begin(&scene, *state);
    take(&scene, *state, FIXTURE_START_US);
    assert_true(waits_at(&scene, FIXTURE_START_US));
    ASSERT_DONE(store_begin(scene.store, &error));
    ASSERT_DONE(store_retain(scene.store, &keeping, 1000, &removed, &more, &error));
    ASSERT_DONE(store_commit(scene.store, &error));
    assert_false(waits_at(&scene, FIXTURE_START_US + HOUR_US));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_is_not_taken_has_failed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(one_that_is_taken_waits_for_as_long_as_it_takes,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_whose_decision_is_forgotten_has_failed, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
