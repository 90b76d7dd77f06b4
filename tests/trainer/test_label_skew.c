/*
 * What a label teaches, three ways: the store, a replay of it and the rows of training learn the
 * same logins, among them those that were refused and turned out to be legitimate.
 */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "store/login_label.h"
#include "trainer/rows.h"

#define LOGINS 150
#define FAR_US (FIXTURE_START_US + INT64_C(40) * 86400 * 1000000)

/* How far a login comes, and whether its session is learned. */
static const struct course {
    enum login_stage reached;
    bool learn;
} COURSES[] = {
    {STAGE_CLOSED, true},   {STAGE_CLOSED, false},   {STAGE_OPENED, true},
    {STAGE_OPENED, false},  {STAGE_ACCEPTED, false}, /* its credential was right, and it was refused
                                                      */
    {STAGE_ATTEMPT, false},
};
#define COURSE_COUNT (sizeof COURSES / sizeof COURSES[0])

/* Every course meets every label. */
static const struct course *course_of(unsigned n)
{
    return &COURSES[n % COURSE_COUNT];
}

static enum login_label_value label_of(unsigned n)
{
    return (enum login_label_value)((int)(n / COURSE_COUNT % 3) + LABEL_NONE);
}

/* By the words of the store's contract. */
static bool is_taught(unsigned n)
{
    const struct course *course = course_of(n);

    if (label_of(n) == LABEL_NONE)
        return course->learn;
    return label_of(n) == LABEL_LEGITIMATE && course->reached >= STAGE_ACCEPTED;
}

static struct login_record attempt_of(unsigned n)
{
    static const char *const USERS[] = {"alice", "bob", "carol", "alice", "alice"};
    char address[32];

    snprintf(address, sizeof address, "84.%u.%u.2", 100 + n % 7, n % 23);
    struct login_record record = fixture_record(USERS[n % 5], address, n);
    struct login_event *event = &record.event;
    event->time_us = FIXTURE_START_US + ((int64_t)n * 17000 + n * n * 7 % 3600) * 1000000;
    event->id = login_id_make(event->time_us, (uint64_t)n << 24 | n);
    event->place.asn = 3320 + n % 11;
    event->place.latitude = 45 + (float)(n % 13);
    event->place.longitude = 11;
    snprintf(event->device, sizeof event->device, "client %u", n % 12);
    event->method = n % 2 == 0 ? METHOD_PAM : METHOD_NOT_PAM;
    return record;
}

static void fold_login(struct store *store, unsigned n)
{
    static const int64_t AFTER_S[STAGE_COUNT] = {0, 1, 2, 900};
    const struct course *course = course_of(n);
    struct login_record attempt = attempt_of(n);
    struct error error = ERROR_NONE;

    for (enum login_stage stage = STAGE_ATTEMPT; stage <= course->reached; stage++) {
        struct login_record record = fixture_stage(&attempt, stage, AFTER_S[stage]);
        struct profile profile;
        bool found;
        record.event.learn = course->learn && stage >= STAGE_OPENED;
        ASSERT_DONE(store_profile_load(store, record.event.user, &profile, &found, &error));
        if (stage == STAGE_OPENED)
            history_mark_new(&profile, &record.event);
        ASSERT_DONE(store_fold(store, &record, &error));
    }
}

static void label_login(struct store *store, unsigned n)
{
    struct login_label label = {.id = attempt_of(n).event.id,
                                .value = label_of(n),
                                .time_us = FAR_US,
                                .by = "ada",
                                .why = "a test"};
    struct error error = ERROR_NONE;
    bool found = false;

    if (label.value == LABEL_NONE)
        return;
    ASSERT_DONE(store_fold_label(store, &label, &found, &error));
    assert_true(found);
}

static struct store *make_store(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store = NULL;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    ASSERT_DONE(store_begin(store, &error));
    for (unsigned n = 0; n < LOGINS; n++)
        fold_login(store, n);
    for (unsigned n = 0; n < LOGINS; n++)
        label_login(store, n);
    ASSERT_DONE(store_commit(store, &error));
    return store;
}

/* ---- replay ---- */

static bool any_attempt(void *context, struct replay *replay, const struct stored_login *login,
                        const struct login_event *seen, const struct history *history,
                        struct error *error)
{
    (void)context, (void)replay, (void)login, (void)seen, (void)history, (void)error;
    return true;
}

static bool any_moment(void *context, struct replay *replay, const struct login_event *about,
                       int64_t time_us, struct error *error)
{
    (void)context, (void)replay, (void)about, (void)time_us, (void)error;
    return true;
}

static bool replay_login(void *context, const struct stored_login *login)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(replay_add(context, login, &error));
    return true;
}

static struct replay *replay_store(struct store *store)
{
    struct replay_hooks hooks = {any_attempt, any_moment, NULL};
    struct login_filter all = {.user = NULL};
    struct error error = ERROR_NONE;
    struct replay *replay = NULL;

    ASSERT_DONE(replay_create(&replay, &hooks, &error));
    ASSERT_DONE(store_logins(store, &all, replay_login, replay, &error));
    ASSERT_DONE(replay_finish(replay, &error));
    return replay;
}

static unsigned taught_to(const char *user)
{
    unsigned count = 0;

    for (unsigned n = 0; n < LOGINS; n++)
        count += is_taught(n) && strcmp(attempt_of(n).event.user, user) == 0;
    return count;
}

/* Of a login to come that is like login n. */
static void assert_same_history(struct store *store, const struct replay *replay, unsigned n)
{
    struct login_event event = attempt_of(n).event;
    struct error error = ERROR_NONE;
    struct journal_positions positions;
    struct history stored, replayed;
    float a[FEATURE_COUNT], b[FEATURE_COUNT];

    event.time_us = FAR_US + (int64_t)n * 1000000;
    ASSERT_DONE(store_history_load(store, &event, &stored, &positions, &error));
    replay_history(replay, &event, &replayed);
    assert_int_equal(stored.profile.logins, taught_to(event.user));
    assert_int_equal(replayed.profile.logins, stored.profile.logins);
    assert_int_equal(replayed.profile.sessions, stored.profile.sessions);
    assert_int_equal(replayed.population.logins, stored.population.logins);
    features_extract(&event, &stored, a);
    features_extract(&event, &replayed, b);
    for (int feature = 0; feature < FEATURE_COUNT; feature++) {
        if (memcmp(&a[feature], &b[feature], sizeof a[feature]) != 0)
            fail_msg("%s of login %u: %.9g in the store, %.9g in replay",
                     FEATURE_TABLE[feature].name, n, (double)a[feature], (double)b[feature]);
    }
}

static void store_and_replay_learn_the_same(void **state)
{
    struct store *store = make_store(*state);
    struct replay *replay = replay_store(store);

    for (unsigned n = 0; n < LOGINS; n++)
        assert_same_history(store, replay, n);
    replay_destroy(replay);
    store_close(store);
}

/* ---- training ---- */

static bool add_login(void *context, const struct stored_login *login)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(row_builder_add(context, login, &error));
    return true;
}

static bool is_row_of(const struct training_row *row, const struct login_event *event)
{
    return row->family == ROW_LEGITIMATE && !row->cold && row->time_us == event->time_us;
}

static void what_is_learned_is_a_row(void **state)
{
    struct row_options options = {.seed = 3, .injection_share = 0};
    struct store *store = make_store(*state);
    struct login_filter all = {.user = NULL};
    struct error error = ERROR_NONE;
    struct row_builder *builder = NULL;
    struct training_rows rows;

    ASSERT_DONE(row_builder_create(&builder, &options, &rows, &error));
    ASSERT_DONE(store_logins(store, &all, add_login, builder, &error));
    ASSERT_DONE(row_builder_finish(builder, &error));
    for (unsigned n = 0; n < LOGINS; n++) {
        struct login_event event = attempt_of(n).event;
        unsigned found = 0;
        for (size_t i = 0; i < rows.count; i++)
            found += !rows.rows[i].untrained && is_row_of(&rows.rows[i], &event);
        if (found != is_taught(n))
            fail_msg("login %u, labelled %s: %u rows", n, login_label_name(label_of(n)), found);
    }
    row_builder_destroy(builder);
    training_rows_finish(&rows);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(store_and_replay_learn_the_same, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_learned_is_a_row, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
