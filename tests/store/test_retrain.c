/*
 * Training at night: when it is time, by a trainer that stands beside anomalyd, and what becomes of
 * one that fails, is killed or is in the way. Midnight is wherever the zone says.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/retrain.h"
#include "daemon_fixture.h"

#define HOUR      3
#define LEAD_S    3 /* from the start of anomalyd to that hour, or longer where that is too short */
#define AT_NIGHT  KEEP "geo = none\nretrain = daily\n"
#define OLD_MODEL "what was there before"

static const char *anomalyd, *trainer;

/* ---- when ----------------------------------------------------------------------------------- */

static int64_t utc_us(int month, int day, int hour, int minute)
{
    struct tm moment = {
        .tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};

    return (int64_t)timegm(&moment) * US_PER_S;
}

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void test_the_next_night(void **state)
{
    (void)state;
    use_zone("UTC");
    assert_true(retrain_next_us(RETRAIN_NEVER, 3, utc_us(3, 9, 1, 0)) == 0);
    assert_true(retrain_next_us(RETRAIN_DAILY, 3, utc_us(3, 9, 1, 0)) == utc_us(3, 9, 3, 0));
    assert_true(retrain_next_us(RETRAIN_DAILY, 3, utc_us(3, 9, 3, 0)) == utc_us(3, 10, 3, 0));
    assert_true(retrain_next_us(RETRAIN_DAILY, 0, utc_us(12, 31, 12, 0)) == utc_us(12, 31, 24, 0));
    /* 2026-03-08 is a Sunday. */
    assert_true(retrain_next_us(RETRAIN_WEEKLY, 3, utc_us(3, 8, 2, 59)) == utc_us(3, 8, 3, 0));
    assert_true(retrain_next_us(RETRAIN_WEEKLY, 3, utc_us(3, 8, 3, 0)) == utc_us(3, 15, 3, 0));
    assert_true(retrain_next_us(RETRAIN_WEEKLY, 3, utc_us(3, 11, 9, 0)) == utc_us(3, 15, 3, 0));
}

/* The clock goes from 02:00 to 03:00 on 2026-03-29, and back from 03:00 to 02:00 on 2026-10-25. */
static void test_nights_of_another_length(void **state)
{
    int64_t next_us;
    (void)state;

    use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_true(retrain_next_us(RETRAIN_DAILY, 3, utc_us(3, 28, 12, 0)) == utc_us(3, 29, 1, 0));
    next_us = retrain_next_us(RETRAIN_DAILY, 2, utc_us(3, 28, 12, 0)); /* there is no such hour */
    assert_true(next_us >= utc_us(3, 29, 0, 0) && next_us <= utc_us(3, 29, 2, 0));
    assert_true(retrain_next_us(RETRAIN_DAILY, 2, next_us) == utc_us(3, 30, 0, 0));
    next_us = retrain_next_us(RETRAIN_DAILY, 2, utc_us(10, 24, 12, 0)); /* it comes twice */
    assert_true(next_us == utc_us(10, 25, 0, 0) || next_us == utc_us(10, 25, 1, 0));
    use_zone("UTC");
}

/* ---- by anomalyd ---------------------------------------------------------------------------- */

/* A zone in which it is so long before that hour now. */
static void use_zone_before_the_hour(int lead_s)
{
    int64_t now_s = clock_utc_us() / US_PER_S % S_PER_DAY;
    int64_t behind_s = now_s - (HOUR * 3600 - lead_s); /* of UTC */
    char zone[64];

    if (behind_s > S_PER_DAY / 2)
        behind_s -= S_PER_DAY;
    snprintf(zone, sizeof(zone), "XXX%c%02d:%02d:%02d", behind_s < 0 ? '-' : '+',
             (int)(llabs(behind_s) / 3600), (int)(llabs(behind_s) / 60 % 60),
             (int)(llabs(behind_s) % 60));
    use_zone(zone);
}

/* Into DIRECTORY/bin; what is linked to is not where a program finds itself, a copy is. */
static void copy_program(const char *program, const char *directory)
{
    char command[4 * FIXTURE_PATH_BYTES];

    snprintf(command, sizeof(command), "mkdir -p '%s/bin' && cp '%s' '%s/bin/'", directory, program,
             directory);
    assert_int_equal(system(command), 0);
}

static void write_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[FIXTURE_PATH_BYTES];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static bool file_holds(const char *directory, const char *name, const char *words)
{
    char path[FIXTURE_PATH_BYTES], text[4096] = "";
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_RDONLY);
    size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    return size >= 0 && strstr(text, words) != NULL;
}

static unsigned lines_in_log(const struct daemon *daemon)
{
    char text[16384] = "";
    unsigned lines = 0;
    int fd = open(daemon->log, O_RDONLY);

    assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
    close(fd);
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    return lines;
}

/*
 * anomalyd before that hour, with a script for a trainer (NULL: none), beside a model; nothing was
 * trained yet. Where it is ready only after the hour it is started again, with more time before it.
 * Returns when the hour comes, by the monotonic clock.
 */
static int64_t start(struct daemon *daemon, const char *directory, const char *script,
                     const char *config)
{
    char program[FIXTURE_PATH_BYTES];
    bool in_time = false;
    int64_t hour_us = 0;

    copy_program(anomalyd, directory);
    if (script)
        write_file(directory, "bin/anomaly-trainer", script, 0700);
    write_file(directory, STORE_MODEL_FILE, OLD_MODEL, 0640);
    snprintf(program, sizeof(program), "%s/bin/anomalyd", directory);
    for (int lead_s = LEAD_S; !in_time; lead_s *= 2) {
        bool silent;

        assert_true(lead_s < 200);
        hour_us = clock_monotonic_us() + (lead_s - 1) * US_PER_S;
        use_zone_before_the_hour(lead_s);
        *daemon = daemon_start(program, directory, config);
        use_zone("UTC");
        daemon_expect_state(daemon, "READY=1");
        silent = lines_in_log(daemon) == 0;
        in_time = clock_monotonic_us() < hour_us;
        assert_true(silent || !in_time);
        if (!in_time)
            daemon_stop(daemon);
    }
    return hour_us + US_PER_S;
}

static void test_the_trainer_is_called(void **state)
{
    char told[3 * FIXTURE_PATH_BYTES];
    struct daemon daemon;

    (void)start(&daemon, *state,
                "#!/bin/sh\n"
                "echo \"told: $*\"\n"
                "echo \"nice $(cut -d' ' -f19 /proc/$$/stat)\"\n"
                "echo \"policy $(cut -d' ' -f41 /proc/$$/stat)\"\n"
                "echo a warning >&2\n",
                AT_NIGHT);
    snprintf(told, sizeof(told), "told: train --if-better --store %s --config %s\n",
             (const char *)*state, daemon.config);
    daemon_expect_words(&daemon, told);
    daemon_expect_words(&daemon, "a warning");
    assert_true(daemon_log_says(&daemon, "nice 19\n"));
    assert_true(daemon_log_says(&daemon, "policy 5\n")); /* SCHED_IDLE */
    sleep(2);
    assert_int_equal(lines_in_log(&daemon), 4); /* once a night, and nothing to say of it */
    daemon_stop(&daemon);
}

static void test_never_is_never(void **state)
{
    struct daemon daemon;
    int64_t hour_us = start(&daemon, *state, "#!/bin/sh\necho called\n", KEEP);

    while (clock_monotonic_us() < hour_us + 2 * US_PER_S)
        usleep(20000);
    assert_false(daemon_log_says(&daemon, "called"));
    daemon_stop(&daemon);
}

/* One line, and the model stays. */
static void expect_failure(const char *directory, const char *script, const char *words)
{
    struct daemon daemon;

    (void)start(&daemon, directory, script, AT_NIGHT);
    daemon_expect_words(&daemon, words);
    sleep(2);
    assert_int_equal(lines_in_log(&daemon), 1);
    assert_true(file_holds(directory, STORE_MODEL_FILE, OLD_MODEL));
    daemon_stop(&daemon);
}

static void test_a_training_that_fails(void **state)
{
    expect_failure(*state, "#!/bin/sh\necho 'anomaly-trainer: too few logins' >&2\nexit 1\n",
                   "anomaly-trainer: too few logins\n");
}

static void test_a_training_that_is_killed(void **state)
{
    expect_failure(*state, "#!/bin/sh\nkill -9 $$\n", "ended by signal 9");
}

static void test_no_trainer(void **state)
{
    expect_failure(*state, NULL, "there is no anomaly-trainer");
}

/* anomalyd does not wait for it, and leaves nobody behind. */
static void test_the_end_of_anomalyd_ends_training(void **state)
{
    struct daemon daemon;
    char path[FIXTURE_PATH_BYTES];
    int64_t began_us;
    int pid = 0;
    FILE *in;

    (void)start(&daemon, *state,
                "#!/bin/sh\necho $$ >\"$4/trainer.pid\"\necho started\nexec sleep 600\n", AT_NIGHT);
    daemon_expect_words(&daemon, "started");
    snprintf(path, sizeof(path), "%s/trainer.pid", (const char *)*state);
    in = fopen(path, "re");
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%d", &pid), 1);
    fclose(in);
    assert_int_equal(kill(pid, 0), 0);
    began_us = clock_monotonic_us();
    daemon_stop(&daemon);
    assert_true(clock_monotonic_us() - began_us < DAEMON_WAIT_US); /* and it sleeps for longer */
    assert_int_equal(kill(pid, 0), -1);
}

/* ---- with the trainer itself ---------------------------------------------------------------- */

/* With so short a history it has nothing to learn, and says so before it takes any time. */
static void test_the_trainer_itself(void **state)
{
    int fd = fixture_directory_fd(*state);
    struct login_record record = fixture_record("alice", "84.150.1.2", 0);
    struct error error = ERROR_NONE;
    struct daemon daemon;

    ASSERT_DONE(fixture_append(fd, &record, &error));
    close(fd);
    copy_program(trainer, *state);
    (void)start(&daemon, *state, NULL, AT_NIGHT);
    daemon_expect_words(&daemon, "anomaly-trainer: 0 completed logins are too few");
    daemon_expect_words(&daemon, "the old model is replaced whatever");
    assert_true(file_holds(*state, STORE_MODEL_FILE, OLD_MODEL));
    daemon_stop(&daemon);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_next_night),
        cmocka_unit_test(test_nights_of_another_length),
        TEST(test_the_trainer_is_called),
        TEST(test_never_is_never),
        TEST(test_a_training_that_fails),
        TEST(test_a_training_that_is_killed),
        TEST(test_no_trainer),
        TEST(test_the_end_of_anomalyd_ends_training),
        TEST(test_the_trainer_itself),
    };

    if (argc != 3)
        return 2;
    anomalyd = argv[1];
    trainer = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
