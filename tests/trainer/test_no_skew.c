/* One history, two ways: what the store learns from an import and what
 * replay tells the trainer give the same features, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trainer/replay.h"
#include "trainer/simulation.h"

#define MOST_LOGINS 4000

struct recorded {
    struct stored_login *logins;
    size_t count;
    struct replay *replay;
};

static bool no_row(void *context, struct replay *replay, const struct stored_login *login,
                   const struct login_event *seen, const struct history *history,
                   struct error *error)
{
    (void)context, (void)replay, (void)login, (void)seen, (void)history, (void)error;
    return true;
}

static bool no_moment(void *context, struct replay *replay, const struct login_event *about,
                      int64_t time_us, struct error *error)
{
    (void)context, (void)replay, (void)about, (void)time_us, (void)error;
    return true;
}

static bool record(void *context, const struct stored_login *login, struct error *error)
{
    struct recorded *recorded = context;

    if (recorded->count == MOST_LOGINS)
        return true;
    recorded->logins[recorded->count] = *login;
    recorded->logins[recorded->count++].label = -1;
    (void)error;
    return true;
}

static void must(bool done, const struct error *error)
{
    if (!done)
        fail_msg("%s", error->text);
}

static void same_features(struct store *store, const struct recorded *recorded)
{
    struct error error = ERROR_NONE;
    struct journal_positions positions;
    struct history stored, replayed;
    float a[FEATURE_COUNT], b[FEATURE_COUNT];
    int64_t last_us = recorded->logins[recorded->count - 1].record.event.time_us;

    for (size_t i = 0; i < recorded->count; i += 7) {
        struct login_event event =
            login_event_as_seen_at_attempt(&recorded->logins[i].record.event);
        event.time_us = last_us + INT64_C(8) * 86400 * 1000000 + (int64_t)i;
        must(store_history_load(store, &event, &stored, &positions, &error), &error);
        replay_history(recorded->replay, &event, &replayed);
        features_extract(&event, &stored, a);
        features_extract(&event, &replayed, b);
        for (int feature = 0; feature < FEATURE_COUNT; feature++) {
            if (memcmp(&a[feature], &b[feature], sizeof a[feature]) != 0)
                fail_msg("%s of %s: %.9g in the store, %.9g in replay", FEATURE_TABLE[feature].name,
                         event.user, (double)a[feature], (double)b[feature]);
        }
    }
}

static void store_and_replay_agree(void **state)
{
    struct simulation_options options = {
        .users = 10, .days = 40, .seed = 11, .start_us = SIMULATION_START_US};
    struct replay_hooks hooks = {no_row, no_moment, NULL};
    struct recorded recorded = {.logins = calloc(MOST_LOGINS, sizeof(struct stored_login))};
    char directory[] = "/tmp/test_no_skew.XXXXXX";
    struct error error = ERROR_NONE;
    struct store *store = NULL;
    enum import_outcome outcome = IMPORT_CROWDED;
    (void)state;

    assert_non_null(recorded.logins);
    assert_non_null(mkdtemp(directory));
    must(simulation_run(&options, record, &recorded, &error), &error);
    assert_true(recorded.count > 1000);
    must(replay_create(&recorded.replay, &hooks, &error), &error);
    must(store_open(&store, directory, STORE_WRITE, &error), &error);
    must(store_begin(store, &error), &error);
    for (size_t i = 0; i < recorded.count; i++) {
        must(replay_add(recorded.replay, &recorded.logins[i], &error), &error);
        must(store_import(store, &recorded.logins[i], &outcome, &error), &error);
        assert_int_equal(outcome, IMPORT_STORED);
    }
    must(replay_finish(recorded.replay, &error), &error);
    must(store_commit(store, &error), &error);
    must(store_rebuild(store, &error), &error);
    same_features(store, &recorded);
    store_close(store);
    replay_destroy(recorded.replay);
    free(recorded.logins);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_and_replay_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
