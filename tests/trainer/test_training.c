/* What is trained on: simulated logins, and the rows made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/csv_login.h"
#include "trainer/rows.h"
#include "trainer/simulation.h"

static const struct simulation_options SMALL = {
    .users = 12, .days = 40, .seed = 5, .start_us = SIMULATION_START_US};

static bool print_login(void *context, const struct stored_login *login, struct error *error)
{
    return csv_login_print(context, login, error);
}

static char *simulate_text(unsigned users, uint64_t seed)
{
    struct simulation_options options = SMALL;
    struct error error = ERROR_NONE;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    options.users = users;
    options.seed = seed;
    assert_true(csv_login_print_header(out, &error));
    assert_true(simulation_run(&options, print_login, out, &error));
    assert_int_equal(fclose(out), 0);
    return text;
}

static void simulates_the_same_from_the_same_seed(void **state)
{
    char *first = simulate_text(SMALL.users, 5);
    char *second = simulate_text(SMALL.users, 5);
    char *other = simulate_text(SMALL.users, 6);
    (void)state;

    assert_true(strlen(first) > 100000);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    free(first);
    free(second);
    free(other);
}

static void simulates_every_family(void **state)
{
    char *text = simulate_text(80, 5);
    (void)state;

    for (int family = 0; family < ATTACK_FAMILY_COUNT; family++) {
        const char *name = attack_family_name((enum attack_family)family);
        if (strstr(text, name) == NULL)
            fail_msg("no %s attack is simulated", name);
    }
    free(text);
}

struct order {
    int64_t last_us;
    int64_t count;
};

static bool check_order(void *context, const struct stored_login *login, struct error *error)
{
    struct order *order = context;
    const struct login_event *event = &login->record.event;
    (void)error;
    assert_true(event->time_us >= order->last_us);
    assert_false(ip_is_reserved(&event->source));
    assert_true(login->label != 1 || !event->learn);
    if (login->reached == STAGE_CLOSED)
        assert_true(login->closed_us >= login->opened_us && login->opened_us >= event->time_us);
    order->last_us = event->time_us;
    order->count++;
    return true;
}

static void simulates_in_time_order(void **state)
{
    struct order order = {0, 0};
    struct error error = ERROR_NONE;
    (void)state;
    assert_true(simulation_run(&SMALL, check_order, &order, &error));
    assert_true(order.count > 1000);
}

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    return row_builder_add(context, login, error);
}

static void make_rows(const struct simulation_options *simulation, struct training_rows *rows)
{
    struct row_options options = {.seed = 7, .injection_share = 0.7};
    struct row_builder *builder = NULL;
    struct error error = ERROR_NONE;

    assert_true(row_builder_create(&builder, &options, rows, &error));
    assert_true(simulation_run(simulation, add_login, builder, &error));
    assert_true(row_builder_finish(builder, &error));
    row_builder_destroy(builder);
}

/* Shares of rows, of the legitimate logins and of the attacks, each of those by known users. */
struct shares {
    double without_place, without_client, after_a_day, rows;
};

static void count_shares(const struct training_rows *rows, int64_t from_us, struct shares shares[2])
{
    memset(shares, 0, 2 * sizeof shares[0]);
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        struct shares *of = &shares[row->family != ROW_LEGITIMATE];
        if (row->cold || row->time_us < from_us || !(row->features[FEATURE_LOGINS_LEARNED] > 0))
            continue;
        of->rows++;
        of->without_place += isnan(row->features[FEATURE_COUNTRY_USERS]);
        of->without_client += isnan(row->features[FEATURE_DEVICE_USERS]);
        of->after_a_day += row->features[FEATURE_GAP] > logf(86400);
    }
    for (int i = 0; i < 2; i++) {
        shares[i].without_place /= shares[i].rows;
        shares[i].without_client /= shares[i].rows;
        shares[i].after_a_day /= shares[i].rows;
    }
}

/* What is known of a login, and that the user was away before, must not give an attack away. */
static void tells_nothing_by_evidence_alone(void **state)
{
    struct simulation_options options = SMALL;
    struct training_rows rows;
    struct shares shares[2];
    (void)state;

    options.days = 80;
    options.client_from_day = 40;
    make_rows(&options, &rows);
    count_shares(&rows, options.start_us + INT64_C(41) * 86400 * 1000000, shares);
    assert_true(shares[0].rows > 300 && shares[1].rows > 300);
    for (int i = 0; i < 2; i++) {
        assert_true(shares[i].without_place < 0.01);
        assert_true(shares[i].without_client < 0.01);
    }
    assert_true(shares[1].after_a_day > 0.1);
    count_shares(&rows, 0, shares);
    assert_true(fabs(shares[0].without_client - shares[1].without_client) < 0.15);
    training_rows_finish(&rows);
}

/* Failed, labelled and merely scheduled logins make nothing familiar. */
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

static void never_learns_attacks(void **state)
{
    struct replay_hooks hooks = {no_row, no_moment, NULL};
    struct replay *replay = NULL;
    struct stored_login login;
    struct history history;
    struct error error = ERROR_NONE;
    (void)state;

    memset(&login, 0, sizeof login);
    login_record_init(&login.record);
    snprintf(login.record.event.user, sizeof login.record.event.user, "alice");
    assert_true(ip_parse("91.10.20.8", &login.record.event.source));
    login.record.event.time_us = login.accepted_us = login.opened_us = SIMULATION_START_US;
    login.record.event.learn = true;
    login.reached = STAGE_OPENED;
    login.label = 1;
    assert_true(replay_create(&replay, &hooks, &error));
    assert_true(replay_add(replay, &login, &error));
    assert_true(replay_finish(replay, &error));
    replay_history(replay, &login.record.event, &history);
    assert_int_equal(history.profile.logins, 0);
    assert_int_equal(history.profile.attempts, 1);
    replay_destroy(replay);

    login.label = -1;
    assert_true(replay_create(&replay, &hooks, &error));
    assert_true(replay_add(replay, &login, &error));
    assert_true(replay_finish(replay, &error));
    replay_history(replay, &login.record.event, &history);
    assert_int_equal(history.profile.logins, 1);
    assert_int_equal(history.population.users, 1);
    replay_destroy(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simulates_the_same_from_the_same_seed),
        cmocka_unit_test(simulates_every_family),
        cmocka_unit_test(simulates_in_time_order),
        cmocka_unit_test(tells_nothing_by_evidence_alone),
        cmocka_unit_test(never_learns_attacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
