/* Background work: its answers, its failures in words, its end. */
#include "dashboard/jobs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

struct scene {
    char *directory;
    char program[FIXTURE_PATH_BYTES + 16];
    struct jobs *jobs;
};

/* A program in the trainer's place. */
static void begin(struct scene *scene, void **state, const char *script)
{
    struct error error = ERROR_NONE;
    FILE *file;

    scene->directory = *state;
    snprintf(scene->program, sizeof scene->program, "%s/program", scene->directory);
    file = fopen(scene->program, "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    assert_int_equal(chmod(scene->program, 0700), 0);
    ASSERT_DONE(jobs_create(&scene->jobs, scene->program, &error));
}

/* Asks until it has ended, a minute at least. */
static struct job_answer wait_for(struct scene *scene, const char *key,
                                  const char *const *arguments, int64_t fresh_s)
{
    struct error error = ERROR_NONE;
    struct job_answer answer;

    for (int i = 0; i < 6000; i++) {
        ASSERT_DONE(jobs_ask(scene->jobs, key, arguments, JOB_MOST, fresh_s, clock_utc_us(),
                             &answer, &error));
        if (answer.state == JOB_DONE || answer.state == JOB_FAILED)
            return answer;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("the job %s does not end", key);
    return answer;
}

static void an_answer_is_what_the_program_prints(void **state)
{
    static const char *const ARGUMENTS[] = {"one", "two words", NULL};
    struct scene scene;

    begin(&scene, state, "printf '%s|%s|%s' \"$1\" \"$2\" $#");
    struct job_answer answer = wait_for(&scene, "key", ARGUMENTS, 60);
    assert_int_equal(answer.state, JOB_DONE);
    assert_string_equal(answer.output, "one|two words|2");
    assert_true(answer.ended_us >= answer.asked_us);
    free(answer.output);
    jobs_destroy(scene.jobs);
}

static void a_fresh_answer_is_given_again(void **state)
{
    static const char *const ARGUMENTS[] = {NULL};
    struct scene scene;
    char first[64];

    begin(&scene, state, "date +%s%N");
    struct job_answer answer = wait_for(&scene, "key", ARGUMENTS, 60);
    snprintf(first, sizeof first, "%s", answer.output);
    free(answer.output);
    answer = wait_for(&scene, "key", ARGUMENTS, 60);
    assert_string_equal(answer.output, first);
    free(answer.output);
    answer = wait_for(&scene, "other", ARGUMENTS, 60);
    assert_string_not_equal(answer.output, first);
    free(answer.output);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL);
    answer = wait_for(&scene, "key", ARGUMENTS, 1);
    assert_string_not_equal(answer.output, first);
    free(answer.output);
    jobs_destroy(scene.jobs);
}

static void a_failure_is_told_in_its_own_words(void **state)
{
    static const char *const ARGUMENTS[] = {NULL};
    struct scene scene;

    begin(&scene, state, "echo 'anomaly-trainer: the store is empty' >&2; exit 1");
    struct job_answer answer = wait_for(&scene, "key", ARGUMENTS, 60);
    assert_int_equal(answer.state, JOB_FAILED);
    assert_null(answer.output);
    assert_string_equal(answer.message, "the store is empty");
    jobs_destroy(scene.jobs);

    begin(&scene, state, "exit 3");
    assert_string_equal(wait_for(&scene, "key", ARGUMENTS, 60).message, "it ended with status 3");
    jobs_destroy(scene.jobs);
    begin(&scene, state, "kill -SEGV $$");
    assert_string_equal(wait_for(&scene, "key", ARGUMENTS, 60).message,
                        "it was ended by signal 11");
    jobs_destroy(scene.jobs);
}

static void a_program_that_is_not_there_is_a_failure(void **state)
{
    static const char *const ARGUMENTS[] = {NULL};
    struct scene scene;

    begin(&scene, state, "");
    assert_int_equal(unlink(scene.program), 0);
    assert_non_null(strstr(wait_for(&scene, "key", ARGUMENTS, 60).message, "is not there"));
    jobs_destroy(scene.jobs);
}

static void what_prints_without_end_is_ended(void **state)
{
    static const char *const ARGUMENTS[] = {NULL};
    struct scene scene;

    begin(&scene, state, "exec yes");
    struct job_answer answer = wait_for(&scene, "key", ARGUMENTS, 60);
    assert_int_equal(answer.state, JOB_FAILED);
    assert_string_equal(answer.message, "its answer is too long");
    jobs_destroy(scene.jobs);
}

static void too_many_are_refused_and_the_end_waits_for_none(void **state)
{
    static const char *const ARGUMENTS[] = {NULL};
    int64_t began_us = clock_monotonic_us();
    struct error error = ERROR_NONE;
    struct job_answer answer;
    struct scene scene;
    char key[16];

    begin(&scene, state, "exec sleep 100");
    for (int i = 0; i < JOB_MOST; i++) {
        snprintf(key, sizeof key, "key%d", i);
        ASSERT_DONE(jobs_ask(scene.jobs, key, ARGUMENTS, JOB_MOST, 60, i, &answer, &error));
        assert_false(jobs_ask(scene.jobs, "more", ARGUMENTS, (size_t)i + 1, 60, 0, &answer, NULL));
    }
    assert_false(jobs_ask(scene.jobs, "more", ARGUMENTS, JOB_MOST + 1, 60, 0, &answer, &error));
    jobs_forget(scene.jobs, "key31");
    error = ERROR_NONE;
    ASSERT_DONE(jobs_ask(scene.jobs, "more", ARGUMENTS, JOB_MOST, 60, 0, &answer, &error));
    jobs_forget(scene.jobs, "key0"); /* it may run */
    jobs_destroy(scene.jobs);
    assert_true(clock_monotonic_us() - began_us < 60 * US_PER_S);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        SCENE(an_answer_is_what_the_program_prints),
        SCENE(a_fresh_answer_is_given_again),
        SCENE(a_failure_is_told_in_its_own_words),
        SCENE(a_program_that_is_not_there_is_a_failure),
        SCENE(what_prints_without_end_is_ended),
        SCENE(too_many_are_refused_and_the_end_waits_for_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
