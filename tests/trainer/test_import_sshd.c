/* sshd's log, line by line: what becomes a login, what is skipped, and what nobody can fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "trainer/import_sshd.h"
#include "trainer/replay.h"

#define MOST 64

struct seen_logins {
    struct stored_login login[MOST];
    size_t count;
};

static bool see(void *context, const struct stored_login *login, struct error *error)
{
    struct seen_logins *seen = context;
    (void)error;
    assert_true(seen->count < MOST);
    seen->login[seen->count++] = *login;
    return true;
}

static void import_text(const char *text, size_t size, struct seen_logins *seen,
                        struct import_counts *counts, int *year)
{
    struct error error = ERROR_NONE;
    struct import_source source = {.last_year = 0, .utc = true};
    source.newest_us = INT64_C(1798848000) * US_PER_S; /* 2027-01-02 */
    source.in = fmemopen((void *)(uintptr_t)text, size, "r");
    assert_non_null(source.in);
    seen->count = 0;
    if (!import_sshd(&source, see, seen, counts, year, &error))
        fail_msg("%s", error.text);
    fclose(source.in);
}

static const struct stored_login *find(const struct seen_logins *seen, const char *user,
                                       enum login_stage reached, unsigned skip)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->login[i].record.event.user, user) == 0 &&
            seen->login[i].reached == reached && skip-- == 0)
            return &seen->login[i];
    }
    fail_msg("no login of %s", user);
    return NULL;
}

static int64_t at_us(const char *text)
{
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &parts));
    return (int64_t)timegm(&parts) * US_PER_S;
}

static struct seen_logins seen_sample;

static void read_sample(struct import_counts *counts, int *year)
{
    char text[16384];
    FILE *in = fopen(TEST_DATA "/sshd_sample.log", "r");
    assert_non_null(in);
    size_t size = fread(text, 1, sizeof text, in);
    fclose(in);
    import_text(text, size, &seen_sample, counts, year);
}

static void counts_every_line(void **state)
{
    struct import_counts counts;
    int year = 0;
    int64_t skipped = 0;
    (void)state;

    read_sample(&counts, &year);
    assert_int_equal(counts.lines, 24);
    assert_int_equal(counts.logins, 4);
    assert_int_equal(counts.failures, 7); /* bob 1, oracle 1 + 3, two crafted names */
    assert_int_equal(counts.sessions, 2);
    assert_int_equal(seen_sample.count, 11);
    assert_int_equal(counts.skipped[SKIPPED_MALFORMED], 1);
    assert_int_equal(counts.skipped[SKIPPED_OTHER_PROGRAM], 1);
    assert_int_equal(counts.skipped[SKIPPED_PAM_FAILURE], 1);
    assert_int_equal(counts.skipped[SKIPPED_INVALID_USER], 1);
    assert_int_equal(counts.skipped[SKIPPED_NONE_METHOD], 1);
    assert_int_equal(counts.skipped[SKIPPED_KEY_OFFERED], 1);
    assert_int_equal(counts.skipped[SKIPPED_CONNECTION], 1);
    for (int kind = 0; kind < SKIPPED_COUNT; kind++)
        skipped += counts.skipped[kind];
    assert_int_equal(skipped, 7);
}

static void resolves_years_backwards(void **state)
{
    struct import_counts counts;
    int year = 0;
    (void)state;

    read_sample(&counts, &year);
    assert_int_equal(year, 2027); /* of carla's line on 1 January, the last without a year */
    assert_int_equal(find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.time_us,
                     at_us("2027-01-01 00:05:00"));
    assert_int_equal(find(&seen_sample, "alice", STAGE_CLOSED, 0)->record.event.time_us,
                     at_us("2026-12-30 23:58:10"));
    const struct stored_login *later = find(&seen_sample, "alice", STAGE_CLOSED, 1);
    assert_int_equal(later->record.event.time_us, at_us("2027-01-02 09:00:00") + 250000);
    assert_int_equal(later->record.event.utc_offset_s, 3600);
}

static void follows_a_session(void **state)
{
    struct import_counts counts;
    int year = 0;
    (void)state;

    read_sample(&counts, &year);
    const struct stored_login *login = find(&seen_sample, "alice", STAGE_CLOSED, 0);
    assert_int_equal(login->closed_us, at_us("2026-12-31 00:10:41"));
    assert_int_equal(login->record.event.duration_s, 751);
    assert_int_equal(login->record.event.method, METHOD_PUBLICKEY);
    assert_string_equal(login->record.event.key,
                        "SHA256:Zm9yIHRoZSBzYW1wbGUgbG9nLCBub3QgYSByZWFsIGtleQ");
    assert_true(login->record.event.learn);
    assert_int_equal(find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.method,
                     METHOD_KEYBOARD_INTERACTIVE);
    assert_int_equal(find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.source.family, 6);
}

static void is_not_fooled_by_names(void **state)
{
    struct import_counts counts;
    int year = 0;
    char address[IP_TEXT_BYTES];
    (void)state;

    read_sample(&counts, &year);
    const struct stored_login *login =
        find(&seen_sample, "root from 8.8.8.8 port 22 ssh2", STAGE_ATTEMPT, 0);
    assert_string_equal(ip_format(&login->record.event.source, address), "45.33.32.156");
    assert_int_equal(login->record.event.source_port, 40100);
    find(&seen_sample, "?", STAGE_ATTEMPT, 0);
}

static void survives_any_bytes(void **state)
{
    static struct seen_logins seen;
    struct import_counts counts;
    char text[20000];
    int year = 0;
    int length = 0;
    (void)state;

    length +=
        sprintf(text + length, "Jan  1 00:00:00 h sshd[1]: Failed password for invalid user ");
    memset(text + length, 'x', 300);
    length += 300;
    length += sprintf(text + length, " from 1.2.3.4 port 5 ssh2\n");
    length += sprintf(text + length,
                      "Jan  1 00:00:01 h sshd[1]: Failed password for \x01\xff\x1b[2J from "
                      "1.2.3.4 port 5 ssh2\n");
    length += sprintf(text + length, "Jan  1 00:00:02 h sshd[2]: Accepted password for\n");
    length += sprintf(text + length, "Jan 99 00:00:02 h sshd[99999999999999999999]: x\n");
    length += sprintf(text + length, "Jan  1 00:00:03 h sshd[3]: message repeated 9999999 times: [ "
                                     "Failed password for a from 1.2.3.4 port 5 ssh2]\n");
    memset(text + length, 'A', 9000);
    length += 9000;
    import_text(text, (size_t)length, &seen, &counts, &year);
    assert_int_equal(counts.lines, 6);
    assert_int_equal(counts.failures, 2);
    assert_int_equal(strlen(seen.login[0].record.event.user), LOGIN_USER_BYTES - 1);
    assert_string_equal(seen.login[1].record.event.user, "\x01\xff\x1b[2J");
    assert_int_equal(counts.skipped[SKIPPED_NO_ADDRESS] + counts.skipped[SKIPPED_OTHER], 2);
    assert_int_equal(counts.skipped[SKIPPED_MALFORMED], 1);
    assert_int_equal(counts.skipped[SKIPPED_TOO_LONG], 1);
}

/* The sample holds more logins than a test keeps. */
static bool count_only(void *context, const struct stored_login *login, struct error *error)
{
    int64_t *count = context;
    (void)login;
    (void)error;
    ++*count;
    return true;
}

static void counts_the_public_sample(void **state)
{
    struct error error = ERROR_NONE;
    struct import_source source = {.last_year = 2015, .utc = true};
    struct import_counts counts;
    int year = 0;
    int64_t all = 0;
    (void)state;

    source.in = fopen(PUBLIC_LOG, "r");
    if (source.in == NULL)
        skip();
    assert_true(import_sshd(&source, count_only, &all, &counts, &year, &error));
    fclose(source.in);
    assert_int_equal(counts.lines, 2000);
    assert_int_equal(counts.logins, 1);
    assert_int_equal(counts.sessions, 1);
    assert_int_equal(counts.failures, 528); /* 518 lines of one, two of five */
    assert_int_equal(all, counts.logins + counts.failures);
}

static void attempt_knows_the_key_of_the_factor_before_it(void **state)
{
    struct login_event event;
    (void)state;

    login_event_init(&event);
    snprintf(event.key, sizeof event.key, "SHA256:x");
    event.method = METHOD_TWO_FACTOR;
    assert_int_equal(login_event_as_seen_at_attempt(&event).method, METHOD_PAM);
    assert_string_equal(login_event_as_seen_at_attempt(&event).key, "SHA256:x");
    event.method = METHOD_PAM; /* the second factor was wrong */
    assert_string_equal(login_event_as_seen_at_attempt(&event).key, "SHA256:x");
    event.method = METHOD_PASSWORD; /* the key came after it */
    assert_string_equal(login_event_as_seen_at_attempt(&event).key, "");
}

static void attempt_knows_no_key(void **state)
{
    struct login_event event;
    (void)state;

    login_event_init(&event);
    event.method = METHOD_PUBLICKEY;
    snprintf(event.key, sizeof event.key, "SHA256:x");
    event.bytes_in = event.bytes_out = event.duration_s = 5;
    event.learn = true;
    struct login_event seen = login_event_as_seen_at_attempt(&event);
    assert_int_equal(seen.stage, STAGE_ATTEMPT);
    assert_int_equal(seen.method, METHOD_NOT_PAM);
    assert_string_equal(seen.key, "");
    assert_int_equal(seen.bytes_in, -1);
    assert_int_equal(seen.duration_s, -1);
    assert_false(seen.learn);
    event.method = METHOD_KEYBOARD_INTERACTIVE;
    assert_int_equal(login_event_as_seen_at_attempt(&event).method, METHOD_PAM);
    event.method = METHOD_UNKNOWN;
    assert_int_equal(login_event_as_seen_at_attempt(&event).method, METHOD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_every_line),
        cmocka_unit_test(resolves_years_backwards),
        cmocka_unit_test(follows_a_session),
        cmocka_unit_test(is_not_fooled_by_names),
        cmocka_unit_test(survives_any_bytes),
        cmocka_unit_test(counts_the_public_sample),
        cmocka_unit_test(attempt_knows_no_key),
        cmocka_unit_test(attempt_knows_the_key_of_the_factor_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
