/*
 * What the simulator must not give away, and what it promises: calendars, clocks, guessing, and
 * families that nothing is trained on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/hash.h"
#include "tests/unit/scorer/sample.h"
#include "trainer/evaluate_split.h"
#include "trainer/key_table.h"
#include "trainer/simulation.h"
#include "trainer/world.h"

static const struct simulation_options TOWN = {
    .users = 200, .days = 70, .seed = 11, .start_us = SIMULATION_START_US};
static const struct simulation_options VILLAGE = {
    .users = 40, .days = 45, .seed = 12, .start_us = SIMULATION_START_US};

/* ---- rows of a simulated machine, and what else its logins say ---- */

/* Facts of a login that no feature is made of. */
enum fact { FACT_PORT, FACT_MICROSECONDS, FACT_NAME, FACT_ID, FACT_COUNT };

struct told {
    bool attack;
    uint64_t day; /* of a user */
    double facts[FACT_COUNT];
};

struct gathered {
    struct row_builder *builder;
    struct training_rows rows;
    struct told *told;
    size_t told_count, told_capacity;
};

static bool is_takeover(const struct stored_login *login)
{
    return login->label == 1 && login->reached >= STAGE_ACCEPTED &&
           strcmp(login->family, "spraying") != 0 && strcmp(login->family, "slow-guessing") != 0;
}

static uint64_t day_of_user(uint64_t user, int64_t time_us)
{
    const uint64_t parts[2] = {user, (uint64_t)(time_us / DAY_US)};
    return hash_bytes(parts, sizeof parts);
}

static void note_facts(struct gathered *gathered, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;

    if (!is_takeover(login) && (login->label != 0 || login->reached < STAGE_OPENED))
        return;
    if (gathered->told_count == gathered->told_capacity) {
        gathered->told_capacity = 2 * gathered->told_capacity + 1024;
        gathered->told =
            reallocarray(gathered->told, gathered->told_capacity, sizeof *gathered->told);
        assert_non_null(gathered->told);
    }
    gathered->told[gathered->told_count++] =
        (struct told){.attack = login->label == 1,
                      .day = day_of_user(hash_text(event->user), event->time_us),
                      .facts = {[FACT_PORT] = event->source_port,
                                [FACT_MICROSECONDS] = (double)(event->time_us % 1000),
                                [FACT_NAME] = (double)(hash_text(event->user) >> 11),
                                [FACT_ID] = event->id.bytes[LOGIN_ID_BYTES - 1]}};
}

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    struct gathered *gathered = context;
    note_facts(gathered, login);
    return row_builder_add(gathered->builder, login, error);
}

static void gather(const struct simulation_options *simulation, bool measured,
                   struct gathered *gathered)
{
    struct row_options options = {.seed = 3, .injection_share = 0.5, .measured = measured};
    struct error error = ERROR_NONE;

    *gathered = (struct gathered){.builder = NULL};
    assert_true(row_builder_create(&gathered->builder, &options, &gathered->rows, &error));
    assert_true(simulation_run(simulation, add_login, gathered, &error));
    assert_true(row_builder_finish(gathered->builder, &error));
    row_builder_destroy(gathered->builder);
}

static void gathered_finish(struct gathered *gathered)
{
    training_rows_finish(&gathered->rows);
    free(gathered->told);
}

/* ---- what must not tell ---- */

/* One value of a login of some user's day: all logins of that day together weigh as one, for
 * attackers choose by the day and not by the login. */
struct weighed {
    double value, weight;
    uint64_t day;
    bool attack;
};

static int compare_weighed(const void *left, const void *right)
{
    const struct weighed *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

static void weigh_days(struct weighed *values, size_t count)
{
    struct key_table days;
    struct error error = ERROR_NONE;
    bool added;

    key_table_init(&days, sizeof(double));
    for (size_t i = 0; i < count; i++) {
        double *logins = key_table_add(&days, values[i].day, &added, &error);
        assert_non_null(logins);
        *logins += !values[i].attack;
    }
    for (size_t i = 0; i < count; i++) {
        double *logins = key_table_find(&days, values[i].day);
        values[i].weight = values[i].attack ? 1 : 1 / *logins;
    }
    key_table_finish(&days);
}

static double auc(struct weighed *values, size_t count)
{
    double wins = 0, below = 0, attacks = 0;

    weigh_days(values, count);
    qsort(values, count, sizeof *values, compare_weighed);
    for (size_t i = 0; i < count;) {
        double ties[2] = {0, 0}, value = values[i].value;
        for (; i < count && values[i].value == value; i++)
            ties[values[i].attack] += values[i].weight;
        wins += ties[1] * (below + ties[0] / 2);
        below += ties[0];
        attacks += ties[1];
    }
    assert_true(attacks > 150 && below > 1000);
    return wins / attacks / below;
}

#define TELLS_NOTHING 0.06 /* how far from .5 */

static void expect_nothing(struct weighed *values, size_t count, const char *name, const char *why)
{
    double found = auc(values, count);
    if (fabs(found - 0.5) > TELLS_NOTHING)
        fail_msg("%s tells attacks from logins (AUC %.3f), though %s", name, found, why);
}

/* Features that carry no signal, and why not. missing: whether they are known, not their value. */
static const struct {
    enum feature feature;
    bool missing;
    const char *why;
} SILENT[] = {
    {FEATURE_LOGINS_LEARNED, false, "attackers do not know how long a history is"},
    {FEATURE_DAYS_KNOWN, false, "nor since when"},
    {FEATURE_MINUTE_REGULARITY, false, "machines and people are attacked alike"},
    {FEATURE_SERVICE_SEEN, false, "there is one service"},
    {FEATURE_COUNTRY_USERS, true, "places are known of all or of none"},
    {FEATURE_COUNTRY_SEEN, true, "places are known of all or of none"},
    {FEATURE_DISTANCE_HABITUAL, true, "places are known of all or of none"},
    {FEATURE_DEVICE_USERS, true, "clients are known of all or of none"},
    {FEATURE_RTT_DEVIATION, true, "round trips are known of all or of none"},
    {FEATURE_ANONYMOUS, true, "the databases know all addresses or none"},
    {FEATURE_BYTES_OUT_DEVIATION, true, "at the attempt nothing has moved yet"},
    {FEATURE_DURATION_DEVIATION, true, "at the attempt nothing has lasted yet"},
};

static bool tells_of_known_users(const struct training_row *row)
{
    return !row->cold && !row->injected && row->features[FEATURE_LOGINS_LEARNED] > 0 &&
           (row->family == ROW_LEGITIMATE || evaluate_is_takeover(row));
}

static void silent_features_tell_nothing(void **state)
{
    struct gathered town;
    (void)state;

    gather(&TOWN, true, &town);
    struct weighed *values = calloc(town.rows.count, sizeof *values);
    assert_non_null(values);
    for (size_t silent = 0; silent < LENGTH(SILENT); silent++) {
        size_t count = 0;
        for (size_t i = 0; i < town.rows.count; i++) {
            const struct training_row *row = &town.rows.rows[i];
            double value = (double)row->features[SILENT[silent].feature];
            if (!tells_of_known_users(row) || (!SILENT[silent].missing && isnan(value)))
                continue;
            values[count++] =
                (struct weighed){.value = SILENT[silent].missing ? isnan(value) : value,
                                 .day = day_of_user(row->user, row->time_us),
                                 .attack = row->family != ROW_LEGITIMATE};
        }
        expect_nothing(values, count, FEATURE_TABLE[SILENT[silent].feature].name,
                       SILENT[silent].why);
    }
    free(values);
    gathered_finish(&town);
}

static void facts_tell_nothing(void **state)
{
    static const struct {
        const char *name, *why;
    } FACTS[FACT_COUNT] = {
        [FACT_PORT] = {"the client's port", "its system draws it"},
        [FACT_MICROSECONDS] = {"the last digits of the time", "nobody keeps to microseconds"},
        [FACT_NAME] = {"the user's name", "attackers take whom they find"},
        [FACT_ID] = {"the login's id", "it is drawn at random"},
    };
    struct gathered town;
    (void)state;

    gather(&TOWN, false, &town);
    struct weighed *values = calloc(town.told_count, sizeof *values);
    assert_non_null(values);
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        for (size_t i = 0; i < town.told_count; i++)
            values[i] = (struct weighed){.value = town.told[i].facts[fact],
                                         .day = town.told[i].day,
                                         .attack = town.told[i].attack};
        expect_nothing(values, town.told_count, FACTS[fact].name, FACTS[fact].why);
    }
    free(values);
    gathered_finish(&town);
}

/* ---- kept out ---- */

static void kept_out_families_are_in_no_training_row(void **state)
{
    struct gathered trained, measured;
    size_t at = 0, untrained = 0, kept_out = 0;
    (void)state;

    gather(&VILLAGE, false, &trained);
    gather(&VILLAGE, true, &measured);
    for (size_t i = 0; i < trained.rows.count; i++)
        assert_true(row_family_is_trained((enum row_family)trained.rows.rows[i].family));
    for (size_t i = 0; i < measured.rows.count; i++) {
        const struct training_row *row = &measured.rows.rows[i];
        kept_out += row->family == ROW_ATTACK_FIRST + ATTACK_RESIDENTIAL_PROXY;
        if (row->untrained) {
            untrained++;
            continue;
        }
        assert_true(at < trained.rows.count);
        const struct training_row *same = &trained.rows.rows[at++];
        assert_int_equal(row->time_us, same->time_us);
        assert_int_equal(row->family, same->family);
        assert_memory_equal(row->features, same->features, sizeof row->features);
    }
    assert_int_equal(at, trained.rows.count);
    assert_true(untrained > 10 && kept_out > 3);
    assert_false(row_family_is_trained(ROW_ATTACK_FIRST + ATTACK_RESIDENTIAL_PROXY));
    assert_false(row_family_is_trained(ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK));
    assert_true(row_family_is_trained(ROW_OTHER_ATTACK));
    gathered_finish(&measured);
    gathered_finish(&trained);
}

/* ---- habits ---- */

struct census {
    struct key_table users, keys; /* names that got in; keys of each */
    int64_t attempts, unknown, holiday, workday, hijacks, moved;
    bool second_pass;
};

static bool count_login(void *context, const struct stored_login *login, struct error *error)
{
    struct census *census = context;
    const struct login_event *event = &login->record.event;
    uint64_t name = hash_text(event->user);
    int64_t day = (event->time_us - SIMULATION_START_US) / DAY_US;
    bool added = false;

    if (census->second_pass) {
        census->attempts++;
        census->unknown += key_table_find(&census->users, name) == NULL;
        return true;
    }
    if (strcmp(login->family, "session-hijack") == 0) {
        census->hijacks++;
        census->moved += event->bytes_out > 1000000;
    }
    if (login->label != 0 || login->reached < STAGE_OPENED)
        return true;
    census->holiday += day == 0;
    census->workday += day == 7;
    unsigned *keys = key_table_add(&census->users, name, &added, error);
    assert_non_null(keys);
    if (event->key[0] != '\0') {
        const uint64_t parts[2] = {name, hash_text(event->key)};
        assert_non_null(
            key_table_add(&census->keys, hash_bytes(parts, sizeof parts), &added, error));
        *keys += added;
    }
    return true;
}

static void people_live_as_told(void **state)
{
    struct census census = {.attempts = 0};
    struct error error = ERROR_NONE;
    size_t several = 0;
    (void)state;

    key_table_init(&census.users, sizeof(unsigned));
    key_table_init(&census.keys, 1);
    assert_true(simulation_run(&TOWN, count_login, &census, &error));
    for (size_t i = 0; i < census.users.capacity; i++)
        several += census.users.keys[i] != 0 &&
                   ((const unsigned *)(const void *)census.users.values)[i] > 1;
    assert_true(several > 20); /* several devices, new laptops */
    assert_true(census.workday > 100);
    assert_true(2 * census.holiday < census.workday); /* New Year's Day and the Monday after */
    assert_true(census.hijacks > 10 && 2 * census.moved > census.hijacks);
    census.second_pass = true;
    assert_true(simulation_run(&TOWN, count_login, &census, &error));
    double unknown = (double)census.unknown / (double)census.attempts;
    assert_near(unknown, 0.45, 0.03);
    key_table_finish(&census.users);
    key_table_finish(&census.keys);
}

/* ---- clocks ---- */

static unsigned city_named(const char *name)
{
    for (unsigned i = 0; i < world_city_count(); i++) {
        if (strcmp(world_city_place(i).city, name) == 0)
            return i;
    }
    fail_msg("no city %s", name);
    return 0;
}

static int64_t utc_us(int month, int day, int hour)
{
    struct tm parts = {.tm_year = 124, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};
    return (int64_t)timegm(&parts) * US_PER_S;
}

/* When clocks changed in 2024, in UTC. */
static void clocks_change(void **state)
{
    static const struct {
        const char *city;
        int month, day, hour, before_h, after_h;
    } CHANGES[] = {
        {"Berlin", 3, 31, 1, 1, 2},     {"Berlin", 10, 27, 1, 2, 1},
        {"London", 3, 31, 1, 0, 1},     {"New York", 3, 10, 7, -5, -4},
        {"New York", 11, 3, 6, -4, -5}, {"San Francisco", 3, 10, 10, -8, -7},
        {"Sydney", 4, 6, 16, 11, 10},   {"Sydney", 10, 5, 16, 10, 11},
        {"Tokyo", 3, 31, 1, 9, 9},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(CHANGES); i++) {
        unsigned city = city_named(CHANGES[i].city);
        int64_t at_us = utc_us(CHANGES[i].month, CHANGES[i].day, CHANGES[i].hour);
        assert_int_equal(world_utc_offset_s(city, at_us - 1), CHANGES[i].before_h * 3600);
        assert_int_equal(world_utc_offset_s(city, at_us), CHANGES[i].after_h * 3600);
    }
    assert_true(world_is_holiday(utc_us(1, 1, 0)) && world_is_holiday(utc_us(12, 25, 0)));
    assert_false(world_is_holiday(utc_us(1, 2, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_features_tell_nothing),
        cmocka_unit_test(facts_tell_nothing),
        cmocka_unit_test(kept_out_families_are_in_no_training_row),
        cmocka_unit_test(people_live_as_told),
        cmocka_unit_test(clocks_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
