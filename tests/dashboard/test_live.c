/* Live events: what is new or changed is told once, to those who watch, in bounded memory. */
#include "dashboard/live.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

#define TEXT_BYTES 65536
#define STARTED    "event: state\ndata: {\"store\":true}\n"

struct scene {
    struct config config;
    struct store *store;
    struct live *live;
    struct live_watcher *watcher;
    int fd;
    unsigned wakes;
    char text[TEXT_BYTES];
    size_t size;
};

static void on_wake(void *context)
{
    __atomic_add_fetch((unsigned *)context, 1, __ATOMIC_SEQ_CST);
}

/* Reads until the text is there; within two seconds when the machine does not stall. */
static void expect(struct scene *scene, const char *wanted)
{
    for (int i = 0; i < 6000; i++) {
        scene->size += live_read(scene->watcher, scene->text + scene->size,
                                 sizeof scene->text - 1 - scene->size);
        scene->text[scene->size] = '\0';
        if (strstr(scene->text, wanted) != NULL)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("no \"%s\" in:\n%s", wanted, scene->text);
}

static void begin(struct scene *scene, void **state, enum verdict at_least)
{
    struct error error = ERROR_NONE;

    config_init(&scene->config);
    snprintf(scene->config.store, sizeof scene->config.store, "%s", (const char *)*state);
    scene->fd = fixture_directory_fd(*state);
    ASSERT_DONE(store_open(&scene->store, *state, STORE_WRITE, &error));
    ASSERT_DONE(live_create(&scene->live, &scene->config, &error));
    scene->watcher = live_watch(scene->live, at_least, on_wake, &scene->wakes, &error);
    assert_non_null(scene->watcher);
    expect(scene, STARTED);
}

static void end(struct scene *scene)
{
    live_unwatch(scene->watcher);
    live_destroy(scene->live);
    store_close(scene->store);
}

/* An attempt of just now. */
static struct login_record attempt(const char *user, unsigned n, enum verdict verdict)
{
    struct login_record record = fixture_record(user, "8.8.8.8", n);

    record.event.time_us = clock_utc_us();
    record.event.id = login_id_make(record.event.time_us, n);
    record.assessed = true;
    record.assessment.verdict = verdict;
    return record;
}

static void fold(struct scene *scene, const struct login_record *record)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(fixture_append(scene->fd, record, &error));
    fixture_drain(scene->store, 1 << 20);
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

static void a_login_is_told_when_it_comes_and_when_it_changes(void **state)
{
    struct scene scene = {.size = 0};

    begin(&scene, state, VERDICT_ALLOW);
    struct login_record record = attempt("anna", 1, VERDICT_ALLOW);
    struct login_record opened = fixture_stage(&record, STAGE_OPENED, 1);
    fold(&scene, &record);
    expect(&scene, "\"reached\": \"attempt\"");
    fold(&scene, &opened);
    expect(&scene, "\"reached\": \"opened\"");
    nanosleep(&(struct timespec){.tv_nsec = 600000000}, NULL); /* nothing more comes */
    expect(&scene, "anna");
    assert_int_equal(count(scene.text, "event: login"), 2);
    assert_true(scene.wakes >= 2);
    end(&scene);
}

static void a_watcher_of_the_strange_does_not_see_the_usual(void **state)
{
    struct scene scene = {.size = 0};

    begin(&scene, state, VERDICT_STEP_UP);
    struct login_record usual = attempt("anna", 1, VERDICT_LOG);
    struct login_record strange = attempt("bert", 2, VERDICT_DENY);
    fold(&scene, &usual);
    fold(&scene, &strange);
    expect(&scene, "bert");
    assert_null(strstr(scene.text, "anna"));
    end(&scene);
}

/* However soon after the last watcher the next one comes. */
static void what_was_there_before_is_not_told(void **state)
{
    struct error error = ERROR_NONE;
    struct scene scene = {.size = 0};

    begin(&scene, state, VERDICT_ALLOW);
    live_unwatch(scene.watcher);
    struct login_record before = attempt("anna", 1, VERDICT_ALLOW);
    fold(&scene, &before);
    scene.watcher = live_watch(scene.live, VERDICT_ALLOW, on_wake, &scene.wakes, &error);
    assert_non_null(scene.watcher);
    scene.size = 0;
    expect(&scene, STARTED);
    struct login_record after = attempt("bert", 2, VERDICT_ALLOW);
    fold(&scene, &after);
    expect(&scene, "bert");
    assert_null(strstr(scene.text, "anna"));
    end(&scene);
}

static void watchers_are_bounded_and_leave_in_any_order(void **state)
{
    struct live_watcher *watchers[LIVE_WATCHERS];
    struct error error = ERROR_NONE;
    struct scene scene = {.size = 0};
    size_t most = LIVE_WATCHERS - 1;

    begin(&scene, state, VERDICT_ALLOW);
    for (size_t i = 0; i < most; i++) {
        watchers[i] = live_watch(scene.live, VERDICT_ALLOW, on_wake, &scene.wakes, &error);
        assert_non_null(watchers[i]);
    }
    assert_null(live_watch(scene.live, VERDICT_ALLOW, on_wake, &scene.wakes, &error));
    for (size_t i = 0; i < most; i += 2)
        live_unwatch(watchers[i]);
    for (size_t i = 1; i < most; i += 2)
        live_unwatch(watchers[i]);
    struct login_record record = attempt("anna", 1, VERDICT_ALLOW);
    fold(&scene, &record);
    expect(&scene, "anna");
    end(&scene);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        SCENE(a_login_is_told_when_it_comes_and_when_it_changes),
        SCENE(a_watcher_of_the_strange_does_not_see_the_usual),
        SCENE(what_was_there_before_is_not_told),
        SCENE(watchers_are_bounded_and_leave_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
