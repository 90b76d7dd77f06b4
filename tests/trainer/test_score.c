/* Judging the past in threads gives what assess_login() gives stage by stage; what puts logins in
 * order and lines back into theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "trainer/block_ring.h"
#include "trainer/judging.h"
#include "trainer/login_order.h"
#include "trainer/ordered_lines.h"
#include "trainer/replay.h"
#include "trainer/replay_report.h"
#include "trainer/simulation.h"
#include "trainer/worst_logins.h"

#define LOGINS      800 /* some blocks of the judging */
#define FIRST_ASKED 200 /* by the second judging */
#define MOST_SHOWN  7   /* of a report's logins */

static const struct policy POLICIES[] = {
    {.deny_budget = 0.001, .step_up_budget = 0.05, .log_budget = 0.3, .min_history = 5},
    {.deny_budget = 1, .step_up_budget = 1, .log_budget = 1},
    {.deny_budget = 0, .step_up_budget = 0, .log_budget = 0},
};

struct past {
    struct stored_login *logins;
    struct assessment *expected, *judged;
    size_t count, judged_count, first;
    int64_t verdicts[3][VERDICT_COUNT];
};

static void must(bool done, const struct error *error)
{
    if (!done)
        fail_msg("%s", error->text);
}

static bool record(void *context, const struct stored_login *login, struct error *error)
{
    struct past *past = context;
    size_t count = past->count;

    (void)error;
    if (count < LOGINS) {
        past->logins[count] = *login;
        memset(&past->logins[count].record.event.id, 0, sizeof(struct login_id));
        past->count++;
    }
    return true;
}

/* ---- the slow way: everything before an event is folded anew for each event ---- */

struct moment {
    struct login_event event;
    size_t login;
};

static int compare_moments(const void *a, const void *b)
{
    const struct moment *one = a, *other = b;

    if (one->event.time_us != other->event.time_us)
        return one->event.time_us < other->event.time_us ? -1 : 1;
    if (one->login != other->login)
        return one->login < other->login ? -1 : 1;
    return (int)one->event.stage - (int)other->event.stage;
}

static size_t add_moments(const struct stored_login *login, size_t number, struct moment *moments)
{
    const int64_t times_us[STAGE_COUNT] = {login->record.event.time_us, login->accepted_us,
                                           login->opened_us, login->closed_us};
    size_t count = 0;

    for (enum login_stage stage = STAGE_ATTEMPT; stage <= login->reached; stage++) {
        struct login_event event = login->record.event;
        event.stage = stage;
        event.time_us = times_us[stage];
        event.learn = event.learn && login->label != 1;
        if (stage != STAGE_CLOSED)
            event.bytes_in = event.bytes_out = event.duration_s = -1;
        if (stage == STAGE_ATTEMPT)
            event = login_event_as_seen_at_attempt(&event);
        moments[count++] = (struct moment){event, number};
    }
    return count;
}

static void judge_slowly(struct past *past, const struct risk_model *model)
{
    struct moment *moments = calloc(LOGINS * STAGE_COUNT, sizeof *moments);
    struct error error = ERROR_NONE;
    struct history history;
    size_t count = 0;

    assert_non_null(moments);
    for (size_t i = 0; i < past->count; i++)
        count += add_moments(&past->logins[i], i, moments + count);
    qsort(moments, count, sizeof *moments, compare_moments);
    for (size_t i = 0; i < count; i++) {
        struct login_event *event = &moments[i].event;
        if (event->stage != STAGE_ATTEMPT && event->stage != STAGE_OPENED)
            continue;
        history_init(&history);
        for (size_t before = 0; before < i; before++)
            history_learn(&history, event, &moments[before].event);
        if (event->stage == STAGE_OPENED) {
            history_mark_new(&history.profile, event);
            continue;
        }
        struct policy_facts facts = {.learned_logins = history.profile.logins,
                                     .is_root = strcmp(event->user, "root") == 0};
        must(assess_login(event, &history, model, &POLICIES[0], &facts,
                          &past->expected[moments[i].login], &error),
             &error);
    }
    free(moments);
}

/* ---- the fast way ---- */

static void tell_root(void *context, const struct stored_login *login, struct policy_facts *facts)
{
    (void)context;
    facts->is_root = strcmp(login->record.event.user, "root") == 0;
}

static bool is_same(const struct judged_login *judged, const struct stored_login *login)
{
    return strcmp(judged->event.user, login->record.event.user) == 0 &&
           judged->event.time_us == login->record.event.time_us &&
           judged->reached == login->reached;
}

static bool take(void *context, const struct judged_login *login, struct error *error)
{
    struct past *past = context;
    size_t number = past->first + past->judged_count++;

    if (number >= past->count || !is_same(login, &past->logins[number]))
        return error_set(error, FAULT_STORE, "login %zu is not in its place", number);
    past->judged[number] = login->assessment;
    for (int i = 0; i < 3; i++)
        past->verdicts[i][login->verdicts[i]]++;
    return true;
}

static void judge_all(const struct past *past, const struct judging_plan *plan)
{
    struct error error = ERROR_NONE;
    struct judging *judging = NULL;

    must(judging_create(&judging, plan, &error), &error);
    for (size_t i = 0; i < past->count; i++)
        must(judging_add(judging, &past->logins[i], &error), &error);
    must(judging_finish(judging, &error), &error);
    judging_destroy(judging);
}

static void judge_fast(struct past *past, const struct risk_model *model, size_t first)
{
    struct judging_plan plan = {.model = model,
                                .policies = POLICIES,
                                .policy_count = 3,
                                .since_us = past->logins[first].record.event.time_us,
                                .reasons = true,
                                .facts = tell_root,
                                .visit = take,
                                .context = past};

    past->first = first;
    past->judged_count = 0;
    memset(past->verdicts, 0, sizeof past->verdicts);
    memset(past->judged, 0, LOGINS * sizeof *past->judged);
    judge_all(past, &plan);
    assert_int_equal(past->judged_count, past->count - first);
}

static void same_reasons(const struct assessment *a, const struct assessment *b)
{
    assert_int_equal(a->reason_count, b->reason_count);
    for (unsigned i = 0; i < a->reason_count; i++) {
        assert_int_equal(a->reasons[i].feature, b->reasons[i].feature);
        assert_true(a->reasons[i].value == b->reasons[i].value ||
                    (isnan(a->reasons[i].value) && isnan(b->reasons[i].value)));
        assert_true(a->reasons[i].share == b->reasons[i].share);
    }
}

static void same_assessments(const struct past *past, size_t first)
{
    for (size_t i = first; i < past->count; i++) {
        const struct assessment *a = &past->expected[i], *b = &past->judged[i];
        assert_memory_equal(a->features, b->features, sizeof a->features);
        assert_true(a->risk == b->risk);
        assert_int_equal(a->verdict, b->verdict);
        assert_int_equal(a->rule, b->rule);
        assert_int_equal(a->learned_logins, b->learned_logins);
        same_reasons(a, b);
    }
}

/* ---- the report ---- */

static const struct assessment *expected_of(const struct past *past,
                                            const struct judged_login *login)
{
    size_t i = 0;

    while (i < past->count && !is_same(login, &past->logins[i]))
        i++;
    assert_true(i < past->count);
    return &past->expected[i];
}

static void all_have_reasons(const struct past *past, const struct stopped_logins *stopped)
{
    assert_true(stopped_logins_kept(stopped) > 0);
    for (size_t i = 0; i < stopped_logins_kept(stopped); i++) {
        assert_true(stopped->logins[i].assessment.reason_count > 0);
        same_reasons(expected_of(past, &stopped->logins[i]), &stopped->logins[i].assessment);
    }
}

static void report_gives_reasons(const struct past *past, const struct risk_model *model)
{
    struct tried_policy tried = {.policy = POLICIES[0]};
    struct replay_report report;
    struct error error = ERROR_NONE;
    struct judging_plan plan = {.model = model,
                                .policies = POLICIES,
                                .policy_count = 1,
                                .since_us = INT64_MIN,
                                .facts = tell_root,
                                .visit = replay_report_add,
                                .context = &report};

    replay_report_init(&report, &tried, 1, MOST_SHOWN, NULL);
    judge_all(past, &plan);
    must(replay_report_complete(&report, model, &error), &error);
    assert_true(report.attacks.count > MOST_SHOWN);
    all_have_reasons(past, &report.attacks);
    all_have_reasons(past, &report.stopped);
    replay_report_finish(&report);
}

static void judges_as_at_login(void **state)
{
    struct simulation_options options = {
        .users = 6, .days = 20, .seed = 3, .start_us = SIMULATION_START_US};
    struct past past = {.logins = calloc(LOGINS, sizeof(struct stored_login)),
                        .expected = calloc(LOGINS, sizeof(struct assessment)),
                        .judged = calloc(LOGINS, sizeof(struct assessment))};
    struct error error = ERROR_NONE;
    struct risk_model model;
    (void)state;

    assert_true(past.logins != NULL && past.expected != NULL && past.judged != NULL);
    risk_model_open_default(&model);
    must(simulation_run(&options, record, &past, &error), &error);
    assert_int_equal(past.count, LOGINS);
    judge_slowly(&past, &model);
    judge_fast(&past, &model, 0);
    same_assessments(&past, 0);
    assert_true(past.verdicts[0][VERDICT_ALLOW] > 0 && past.verdicts[0][VERDICT_LOG] > 0);
    assert_int_equal(past.verdicts[1][VERDICT_DENY] + past.verdicts[1][VERDICT_STEP_UP], LOGINS);
    assert_int_equal(past.verdicts[2][VERDICT_ALLOW], LOGINS);
    judge_fast(&past, &model, FIRST_ASKED);
    same_assessments(&past, FIRST_ASKED);
    report_gives_reasons(&past, &model);
    free(past.logins);
    free(past.expected);
    free(past.judged);
}

/* ---- the worst ---- */

#define WORST_KEPT  200 /* more than one risk has */
#define WORST_ADDED 5000
#define WORST_RISKS 40 /* so that many tie */

/* Risks that tie, in an order that seems to be none. */
static double risk_of(int i)
{
    return (double)(i * 7919 % WORST_RISKS) / WORST_RISKS;
}

static void keeps_the_worst(void **state)
{
    struct error error = ERROR_NONE;
    struct worst_logins worst;
    size_t at = 0;
    (void)state;

    must(worst_logins_init(&worst, WORST_KEPT, &error), &error);
    for (int i = 0; i < WORST_ADDED; i++) {
        struct judged_login login = {.event.time_us = i, .assessment.risk = risk_of(i)};
        worst_logins_add(&worst, &login);
    }
    worst_logins_sort(&worst);
    assert_int_equal(worst.count, WORST_KEPT);
    for (int risk = WORST_RISKS - 1; at < WORST_KEPT; risk--) {
        for (int i = 0; i < WORST_ADDED && at < WORST_KEPT; i++) {
            if (risk_of(i) == (double)risk / WORST_RISKS)
                assert_int_equal(worst_login(&worst, at++)->event.time_us, i);
        }
    }
    worst_logins_finish(&worst);
}

/* ---- order ---- */

static void orders_within_its_window(void **state)
{
    struct error error = ERROR_NONE;
    struct login_order order;
    struct stored_login login = {.label = -1};
    int64_t last_us = -1;
    uint64_t number = 0, seen = 0, sum = 0;
    const uint64_t count = 40000;
    (void)state;

    must(login_order_init(&order, &error), &error);
    assert_null(login_order_take(&order, &number));
    for (uint64_t i = 0; i < count || order.held > 0;) {
        if (i < count && !login_order_is_full(&order)) {
            /* Blocks of a thousand, each told backwards. */
            login.record.event.time_us = (int64_t)(i / 1000 * 1000 + (999 - i % 1000));
            login_order_put(&order, &login);
            i++;
            continue;
        }
        const struct stored_login *taken = login_order_take(&order, &number);
        assert_true(taken->record.event.time_us > last_us);
        last_us = taken->record.event.time_us;
        assert_int_equal(number / 1000, last_us / 1000);
        sum += number;
        seen++;
    }
    assert_int_equal(seen, count);
    assert_int_equal(sum, count * (count - 1) / 2);
    assert_int_equal(order.out_of_order, 0);
    login_order_finish(&order);
}

/* One login from the far future is not waited for forever. */
static void gives_up_on_the_far_future(void **state)
{
    struct error error = ERROR_NONE;
    struct login_order order;
    struct stored_login login = {.label = -1};
    uint64_t number = 0, future_taken_at = 0, taken = 0;
    (void)state;

    must(login_order_init(&order, &error), &error);
    for (uint64_t i = 0; i < 4 * LOGIN_ORDER_WINDOW; i++) {
        while (login_order_is_full(&order)) {
            assert_non_null(login_order_take(&order, &number));
            taken++;
            if (number == 7)
                future_taken_at = i;
        }
        login.record.event.time_us = i == 7 ? INT64_C(1) << 60 : (int64_t)i;
        login_order_put(&order, &login);
    }
    assert_int_equal(future_taken_at, 2 * LOGIN_ORDER_WINDOW + 7);
    assert_true(order.out_of_order > 0);
    login_order_finish(&order);
}

static void writes_lines_in_their_order(void **state)
{
    struct error error = ERROR_NONE;
    struct ordered_lines lines;
    char *text = NULL, *expected = calloc(5000, 8);
    size_t size = 0, used = 0;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    assert_true(out != NULL && expected != NULL);
    ordered_lines_init(&lines, out);
    for (unsigned i = 0; i < 5000; i++) {
        /* 4999 … 2500 first, then 0 … 2499 */
        unsigned number = i < 2500 ? 4999 - i : i - 2500;
        FILE *line = ordered_lines_begin(&lines, number, &error);
        assert_non_null(line);
        fprintf(line, "%u\n", number);
        must(ordered_lines_end(&lines, number, &error), &error);
        used += (size_t)sprintf(expected + used, "%u\n", i);
    }
    assert_int_equal(lines.next, 5000);
    ordered_lines_finish(&lines);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

/* ---- threads ---- */

struct squares {
    uint64_t next, failing;
};

static bool square(void *context, void *block, struct error *error)
{
    uint64_t *number = block;

    if (*number == ((struct squares *)context)->failing)
        return error_set(error, FAULT_MODEL, "no square of that");
    *number *= *number;
    return true;
}

static bool expect_square(void *context, void *block, struct error *error)
{
    struct squares *squares = context;

    if (*(uint64_t *)block != squares->next * squares->next)
        return error_set(error, FAULT_MODEL, "the square of %" PRIu64 " is missing", squares->next);
    squares->next++;
    return true;
}

static void finishes_blocks_in_order(void **state)
{
    struct squares squares = {.failing = UINT64_MAX};
    struct block_ring_plan plan = {.block_bytes = sizeof(uint64_t),
                                   .blocks = 5,
                                   .threads = 3,
                                   .work = square,
                                   .finish = expect_square,
                                   .context = &squares};
    struct error error = ERROR_NONE;
    struct block_ring *ring = NULL;
    uint64_t *block = NULL;
    (void)state;

    must(block_ring_create(&ring, &plan, &error), &error);
    for (uint64_t i = 0; i < 2000; i++) {
        block = block_ring_next(ring, &error);
        assert_non_null(block);
        *block = i;
        block_ring_submit(ring);
    }
    must(block_ring_finish(ring, &error), &error);
    assert_int_equal(squares.next, 2000);
    block_ring_destroy(ring);

    squares = (struct squares){.failing = 20};
    must(block_ring_create(&ring, &plan, &error), &error);
    for (uint64_t i = 0; i < 2000 && (block = block_ring_next(ring, &error)) != NULL; i++) {
        *block = i;
        block_ring_submit(ring);
    }
    assert_null(block);
    assert_string_equal(error.text, "no square of that");
    assert_true(squares.next <= 20);
    block_ring_destroy(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_as_at_login),          cmocka_unit_test(keeps_the_worst),
        cmocka_unit_test(orders_within_its_window),    cmocka_unit_test(gives_up_on_the_far_future),
        cmocka_unit_test(writes_lines_in_their_order), cmocka_unit_test(finishes_blocks_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
