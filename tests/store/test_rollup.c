/* Counts and lists are what the stored logins add up to, whatever was done to these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "common/clock.h"
#include "fixture.h"
#include "store/login_label.h"
#include "store/login_page.h"
#include "store/rollup.h"

#define SLOTS     4096
#define USERS     40
#define LOGINS    400
#define STEPS     1500
#define SECOND_US US_PER_S

static uint64_t state_of_chance;

/* xorshift64* */
static unsigned draw(unsigned below)
{
    state_of_chance ^= state_of_chance >> 12;
    state_of_chance ^= state_of_chance << 25;
    state_of_chance ^= state_of_chance >> 27;
    return (unsigned)((state_of_chance * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static struct store *open_store(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    return store;
}

/* ---- by scanning ---------------------------------------------------------------------------- */

struct tally_of {
    char user[LOGIN_USER_BYTES];
    struct rollup counts;
};

struct scan {
    struct rollup slot[SLOTS], all;
    struct tally_of user[USERS * 2];
    size_t users;
    int64_t risks[LOGINS * 2]; /* of those at or above log, in millionths */
    size_t risky, waiting;
};

static int64_t login_ms(const struct stored_login *login)
{
    int64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | login->record.event.id.bytes[i];
    return ms;
}

static void count(struct rollup *counts, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    bool accepted = login->accepted_us > 0 || login->opened_us > 0 || login->closed_us > 0;
    enum verdict verdict = record->assessed ? record->assessment.verdict : VERDICT_ALLOW;
    bool less = record->answer < verdict && !login->imported;

    counts->attempts++;
    *(accepted ? &counts->successes : &counts->failures) += 1;
    counts->logged += verdict == VERDICT_LOG;
    counts->step_ups += verdict == VERDICT_STEP_UP && !less;
    counts->would_step_up += verdict == VERDICT_STEP_UP && less;
    counts->denials += verdict == VERDICT_DENY && !less;
    counts->would_deny += verdict == VERDICT_DENY && less;
    counts->faults += record->fault != FAULT_NONE;
}

static struct rollup *counts_of_user(struct scan *scan, const char *user)
{
    for (size_t i = 0; i < scan->users; i++) {
        if (strcmp(scan->user[i].user, user) == 0)
            return &scan->user[i].counts;
    }
    assert_true(scan->users < USERS * 2);
    snprintf(scan->user[scan->users].user, LOGIN_USER_BYTES, "%s", user);
    return &scan->user[scan->users++].counts;
}

static bool scan_login(void *context, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    struct scan *scan = context;

    count(&scan->all, login);
    count(&scan->slot[login_ms(login) / 1000 / ROLLUP_SLOT_S % SLOTS], login);
    count(counts_of_user(scan, record->event.user), login);
    if (record->assessed && record->assessment.verdict >= VERDICT_LOG) {
        scan->risks[scan->risky++] = (int64_t)(record->assessment.risk * 1e6);
        scan->waiting += login->label == LABEL_NONE;
    }
    return true;
}

/* ---- and by reading what is kept ------------------------------------------------------------- */

#define SAME(a, b, name) assert_int_equal((a)->name, (b)->name)

static void expect_counts(const struct rollup *kept, const struct rollup *scanned)
{
    SAME(kept, scanned, attempts);
    SAME(kept, scanned, successes);
    SAME(kept, scanned, failures);
    SAME(kept, scanned, logged);
    SAME(kept, scanned, step_ups);
    SAME(kept, scanned, would_step_up);
    SAME(kept, scanned, denials);
    SAME(kept, scanned, would_deny);
    SAME(kept, scanned, faults);
}

struct kept {
    struct scan *scan;
    struct rollup all;
    size_t rows;
};

static bool check_slot(void *context, int64_t time_us, const struct rollup *counts)
{
    struct kept *kept = context;

    expect_counts(counts, &kept->scan->slot[time_us / US_PER_S / ROLLUP_SLOT_S % SLOTS]);
    rollup_add(&kept->all, counts);
    return true;
}

static bool check_user(void *context, const struct rollup_row *row)
{
    struct kept *kept = context;

    expect_counts(&row->counts, counts_of_user(kept->scan, row->subject.user));
    kept->rows++;
    return true;
}

static bool add_row(void *context, const struct rollup_row *row)
{
    rollup_add(context, &row->counts);
    return true;
}

struct risk_list {
    int64_t last;
    size_t count;
    bool in_order;
};

static bool add_risk(void *context, const struct stored_login *login, bool later)
{
    struct risk_list *list = context;
    int64_t risk = (int64_t)(login->record.assessment.risk * 1e6) +
                   (login->reached >= STAGE_ACCEPTED ? 2000000 : 0);

    (void)later;
    list->in_order = list->in_order && (list->count == 0 || risk <= list->last);
    list->last = risk;
    list->count++;
    return true;
}

static size_t risk_pages(struct store *store, enum login_triage triage)
{
    struct risk_list list = {.in_order = true};
    struct login_cursor cursor = {.set = false};
    struct error error = ERROR_NONE;
    struct login_page_filter filter;
    bool more = true;

    login_page_filter_init(&filter);
    filter.order = ORDER_RISK;
    filter.triage = triage;
    for (int pages = 0; more; pages++) {
        assert_true(pages < LOGINS);
        ASSERT_DONE(store_login_page(store, &filter, 7, &cursor, &more, add_risk, &list, &error));
    }
    assert_true(list.in_order);
    return list.count;
}

static void expect_kept(struct store *store, size_t put_off)
{
    static struct scan scan;
    struct login_filter everything = {.limit = 0};
    struct kept kept = {.scan = &scan};
    struct rollup_cursor cursor = {.size = 0};
    struct error error = ERROR_NONE;
    struct rollup busiest = {.attempts = 0};
    bool more;

    memset(&scan, 0, sizeof(scan));
    ASSERT_DONE(store_logins(store, &everything, scan_login, &scan, &error));
    ASSERT_DONE(store_totals(store, 0, 0, check_slot, &kept, &error));
    expect_counts(&kept.all, &scan.all);
    assert_int_equal(kept.all.queued, scan.waiting - put_off);
    ASSERT_DONE(store_seen(store, &(struct rollup_listing){.kind = ROLLUP_USER, .by_name = true},
                           1000, &cursor, &more, check_user, &kept, &error));
    assert_false(more);
    assert_int_equal(kept.rows, scan.users);
    cursor.size = 0;
    ASSERT_DONE(store_busiest(
        store, &(struct rollup_range){.kind = ROLLUP_USER, .order = ROLLUP_BY_ATTEMPTS}, 1000,
        &cursor, &more, add_row, &busiest, &error));
    expect_counts(&busiest, &scan.all);
    assert_int_equal(risk_pages(store, TRIAGE_ANY), scan.risky);
    assert_int_equal(risk_pages(store, TRIAGE_LATER), put_off);
    assert_int_equal(risk_pages(store, TRIAGE_WAITING), scan.waiting - put_off);
}

/* ---- a random course ------------------------------------------------------------------------ */

struct course {
    const char *directory;
    struct store *store;
    struct login_record attempt[LOGINS];
    bool accepted[LOGINS], later[LOGINS], saved_later[LOGINS];
    unsigned count, saved_count;
};

static struct login_record draw_attempt(unsigned n)
{
    char user[32], address[32];
    struct login_record record;

    snprintf(user, sizeof(user), "user%u", draw(USERS));
    snprintf(address, sizeof(address), "84.%u.%u.9", draw(3), draw(20));
    record = fixture_record(user, address, n * 500);
    record.event.place.asn = 3320 + draw(3);
    record.event.place.latitude = 50.0f + (float)draw(4);
    record.event.place.longitude = 8;
    record.assessed = draw(4) > 0;
    record.fault = record.assessed ? FAULT_NONE : FAULT_GEO;
    record.assessment.risk = draw(1000) / 1000.0;
    record.assessment.verdict = (enum verdict)draw(VERDICT_COUNT);
    record.answer = (enum verdict)draw(record.assessment.verdict + 1);
    return record;
}

static void step_attempt(struct course *course)
{
    struct error error = ERROR_NONE;

    if (course->count == LOGINS)
        return;
    course->attempt[course->count] = draw_attempt(course->count);
    course->later[course->count] = false;
    ASSERT_DONE(store_fold(course->store, &course->attempt[course->count++], &error));
}

static void step_stage(struct course *course)
{
    struct error error = ERROR_NONE;
    struct login_record later;
    unsigned stage = STAGE_ACCEPTED + draw(3);

    if (course->count == 0)
        return;
    later = fixture_stage(&course->attempt[draw(course->count)], (enum login_stage)stage, stage);
    later.event.bytes_in = draw(10000);
    ASSERT_DONE(store_fold(course->store, &later, &error));
}

static void step_label(struct course *course)
{
    struct error error = ERROR_NONE;
    struct login_label label = {.time_us = FIXTURE_START_US};
    unsigned n = course->count > 0 ? draw(course->count) : 0;
    bool found;

    if (course->count == 0)
        return;
    label.id = course->attempt[n].event.id;
    label.value = (enum login_label_value)((int)draw(3) - 1);
    ASSERT_DONE(store_fold_label(course->store, &label, &found, &error));
    if (found && label.value != LABEL_NONE)
        course->later[n] = false;
}

static void step_later(struct course *course)
{
    struct error error = ERROR_NONE;
    unsigned n = course->count > 0 ? draw(course->count) : 0;
    bool found, later = draw(2) == 0;

    if (course->count == 0)
        return;
    ASSERT_DONE(
        store_login_later(course->store, &course->attempt[n].event.id, later, &found, &error));
    if (found)
        course->later[n] = later;
}

static void step_import(struct course *course)
{
    struct stored_login login = {.imported = true, .label = (int8_t)((int)draw(3) - 1)};
    struct error error = ERROR_NONE;
    enum import_outcome outcome;

    if (course->count == LOGINS)
        return;
    course->attempt[course->count] = draw_attempt(course->count);
    course->later[course->count] = false;
    login.record = course->attempt[course->count++];
    login.reached = STAGE_ATTEMPT;
    ASSERT_DONE(store_import(course->store, &login, &outcome, &error));
}

static void step_retain(struct course *course)
{
    int64_t newest_us = FIXTURE_START_US + (int64_t)course->count * 500 * SECOND_US;
    struct store_keeping keeping = {.logins_before_us = newest_us - 150 * 500 * SECOND_US,
                                    .failures_before_us = newest_us - 120 * 500 * SECOND_US,
                                    .failures_most = 60,
                                    .settled_us = newest_us};
    struct error error = ERROR_NONE;
    int64_t removed;
    bool more;

    ASSERT_DONE(store_retain(course->store, &keeping, 20, &removed, &more, &error));
}

static void forget_gone(struct course *course)
{
    struct error error = ERROR_NONE;
    struct login_filter one = {.limit = 1};

    for (unsigned n = 0; n < course->count; n++) {
        struct scan *scan = calloc(1, sizeof(*scan));

        assert_non_null(scan);
        one.id = &course->attempt[n].event.id;
        ASSERT_DONE(store_logins(course->store, &one, scan_login, scan, &error));
        course->later[n] = course->later[n] && scan->waiting > 0;
        free(scan);
    }
}

static size_t put_off(struct course *course)
{
    size_t number = 0;

    forget_gone(course);
    for (unsigned n = 0; n < course->count; n++)
        number += course->later[n];
    return number;
}

static void one_transaction(struct course *course)
{
    static void (*const STEPS_OF[])(struct course *) = {step_attempt, step_attempt, step_attempt,
                                                        step_stage,   step_stage,   step_label,
                                                        step_later,   step_import,  step_retain};
    struct error error = ERROR_NONE;
    unsigned steps = 1 + draw(8);

    course->saved_count = course->count;
    memcpy(course->saved_later, course->later, sizeof(course->later));
    ASSERT_DONE(store_begin(course->store, &error));
    for (unsigned i = 0; i < steps; i++)
        STEPS_OF[draw(sizeof(STEPS_OF) / sizeof(STEPS_OF[0]))](course);
    if (draw(20) == 0)
        ASSERT_DONE(store_rebuild(course->store, &error));
    if (draw(6) != 0) {
        ASSERT_DONE(store_commit(course->store, &error));
        return;
    }
    /* As when the process ends here. */
    if (draw(2) == 0) {
        store_rollback(course->store);
    } else {
        store_close(course->store);
        course->store = open_store(course->directory);
    }
    course->count = course->saved_count;
    memcpy(course->later, course->saved_later, sizeof(course->later));
}

static void test_a_random_course(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        static struct course course;
        char directory[FIXTURE_PATH_BYTES + 8];

        memset(&course, 0, sizeof(course));
        state_of_chance = seed * UINT64_C(0x9e3779b97f4a7c15);
        snprintf(directory, sizeof(directory), "%s/%u", (const char *)*state, (unsigned)seed);
        assert_int_equal(mkdir(directory, 0700), 0);
        course.directory = directory;
        course.store = open_store(directory);
        for (int i = 0; i < STEPS && course.count < LOGINS; i++) {
            one_transaction(&course);
            if (i % 10 == 0)
                expect_kept(course.store, put_off(&course));
        }
        expect_kept(course.store, put_off(&course));
        store_close(course.store);
    }
}

/* ---- what strangers leave behind ------------------------------------------------------------- */

static int64_t number(const char *directory, const char *sql)
{
    sqlite3_stmt *statement;
    char path[FIXTURE_PATH_BYTES];
    sqlite3 *db;
    int64_t value;

    snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

#define SPRAYED 12000

/* Every attempt another name and address, and one that comes ever again. */
static void spray(struct store *store)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_begin(store, &error));
    for (unsigned n = 0; n < SPRAYED; n++) {
        struct login_record record;
        char user[32], address[32];

        snprintf(user, sizeof(user), n % 10 == 0 ? "root" : "name%u", n);
        snprintf(address, sizeof(address), "90.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
        record = fixture_record(user, address, n);
        ASSERT_DONE(store_fold(store, &record, &error));
    }
    ASSERT_DONE(store_commit(store, &error));
}

static bool first_row(void *context, const struct rollup_row *row)
{
    *(struct rollup_row *)context = *row;
    return false;
}

static void test_a_spray_is_bounded(void **state)
{
    struct store *store = open_store(*state);
    struct rollup_cursor cursor = {.size = 0};
    struct error error = ERROR_NONE;
    struct rollup_row row;
    bool more;

    spray(store);
    /* Totals, hours and days of four kinds; every name and address has a row of its own. */
    assert_in_range(number(*state, "SELECT count(*) FROM rollup WHERE span >> 40 < 10"), 1,
                    20 + 4 * 5 * (ROLLUP_HOUR_MOST * ROLLUP_OPEN_TIMES + 1) +
                        4 * (ROLLUP_DAY_NAMES * ROLLUP_OPEN_TIMES + 1));
    assert_in_range(number(*state, "SELECT count(*) FROM rollup WHERE span >> 40 = 2 AND "
                                   "span & 0xffffffffff = (SELECT min(span & 0xffffffffff) FROM "
                                   "rollup WHERE span >> 40 = 2)"),
                    1, ROLLUP_HOUR_MOST + 1);
    ASSERT_DONE(store_busiest(
        store, &(struct rollup_range){.kind = ROLLUP_USER, .order = ROLLUP_BY_FAILURES}, 1, &cursor,
        &more, first_row, &row, &error));
    assert_string_equal(row.subject.user, "root");
    assert_int_equal(row.counts.failures, SPRAYED / 10);
    store_close(store);
}

/* A store of version 2 has no counts; whoever writes it next counts what is there. */
static void test_a_store_of_version_2(void **state)
{
    struct store *store = open_store(*state);
    struct error error = ERROR_NONE;
    struct rollup sum = {.attempts = 0};
    struct rollup_cursor cursor = {.size = 0};
    bool more;

    spray(store);
    store_close(store);
    fixture_make_version(*state, 2);
    ASSERT_DONE(store_open(&store, *state, STORE_READ, &error));
    assert_false(store_has_rollups(store));
    assert_false(store_busiest(store, &(struct rollup_range){.kind = ROLLUP_USER}, 1, &cursor,
                               &more, add_row, &sum, &error));
    assert_non_null(strstr(error.text, "start anomalyd"));
    store_close(store);
    store_close(open_store(*state));
    error = ERROR_NONE;
    ASSERT_DONE(store_open(&store, *state, STORE_READ, &error));
    ASSERT_DONE(store_seen(store, &(struct rollup_listing){.kind = ROLLUP_ADDRESS}, SPRAYED + 1,
                           &cursor, &more, add_row, &sum, &error));
    assert_int_equal(sum.attempts, SPRAYED);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_random_course),
        TEST(test_a_spray_is_bounded),
        TEST(test_a_store_of_version_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
