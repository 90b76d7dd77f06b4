/* sshd's log, line by line: what becomes a login, what is skipped, and what nobody can fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/hash.h"
#include "import_fixture.h"
#include "trainer/replay.h"

static struct seen_logins seen_sample;

static void read_sample(void)
{
    if (!fixture_import_file("sshd", TEST_DATA "/sshd_sample.log", 0, &seen_sample))
        fail_msg("%s", seen_sample.error.text);
}

static void counts_every_line(void **state)
{
    const struct import_counts *counts = &seen_sample.counts;
    (void)state;

    read_sample();
    assert_int_equal(counts->lines, 24);
    assert_int_equal(counts->logins, 4);
    assert_int_equal(counts->failures, 7); /* bob 1, oracle 1 + 3, two crafted names */
    assert_int_equal(counts->sessions, 2);
    assert_int_equal(seen_sample.count, 11);
    assert_int_equal(counts->skipped[SKIPPED_MALFORMED], 1);
    assert_int_equal(counts->skipped[SKIPPED_OTHER_PROGRAM], 1);
    assert_int_equal(counts->skipped[SKIPPED_PAM_FAILURE], 1);
    assert_int_equal(counts->skipped[SKIPPED_INVALID_USER], 1);
    assert_int_equal(counts->skipped[SKIPPED_NONE_METHOD], 1);
    assert_int_equal(counts->skipped[SKIPPED_KEY_OFFERED], 1);
    assert_int_equal(counts->skipped[SKIPPED_CONNECTION], 1);
    assert_int_equal(fixture_skipped(&seen_sample), 7);
    assert_int_equal(counts->unread_count, 1);
    assert_int_equal(counts->unread[0].number, 21);
    assert_string_equal(counts->unread[0].text, "this is no line of a log");
}

static void resolves_years_backwards(void **state)
{
    (void)state;

    read_sample();
    /* To carla's line on 1 January, the last without a year. */
    assert_non_null(strstr(seen_sample.note, "taken for 2026 to 2027"));
    assert_int_equal(fixture_find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.time_us,
                     fixture_time_us("2027-01-01 00:05:00"));
    assert_int_equal(fixture_find(&seen_sample, "alice", STAGE_CLOSED, 0)->record.event.time_us,
                     fixture_time_us("2026-12-30 23:58:10"));
    const struct stored_login *later = fixture_find(&seen_sample, "alice", STAGE_CLOSED, 1);
    assert_int_equal(later->record.event.time_us, fixture_time_us("2027-01-02 09:00:00") + 250000);
    assert_int_equal(later->record.event.utc_offset_s, 3600);
}

static void follows_a_session(void **state)
{
    (void)state;

    read_sample();
    const struct stored_login *login = fixture_find(&seen_sample, "alice", STAGE_CLOSED, 0);
    assert_int_equal(login->closed_us, fixture_time_us("2026-12-31 00:10:41"));
    assert_int_equal(login->record.event.duration_s, 751);
    assert_int_equal(login->record.event.method, METHOD_PUBLICKEY);
    assert_string_equal(login->record.event.key,
                        "SHA256:Zm9yIHRoZSBzYW1wbGUgbG9nLCBub3QgYSByZWFsIGtleQ");
    assert_true(login->record.event.learn);
    assert_int_equal(fixture_find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.method,
                     METHOD_KEYBOARD_INTERACTIVE);
    assert_int_equal(
        fixture_find(&seen_sample, "carla", STAGE_OPENED, 0)->record.event.source.family, 6);
}

static void is_not_fooled_by_names(void **state)
{
    char address[IP_TEXT_BYTES];
    (void)state;

    read_sample();
    const struct stored_login *login =
        fixture_find(&seen_sample, "root from 8.8.8.8 port 22 ssh2", STAGE_ATTEMPT, 0);
    assert_string_equal(ip_format(&login->record.event.source, address), "45.33.32.156");
    assert_int_equal(login->record.event.source_port, 40100);
    fixture_find(&seen_sample, "?", STAGE_ATTEMPT, 0);
}

static void survives_any_bytes(void **state)
{
    static struct seen_logins seen;
    char text[20000];
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
    assert_true(fixture_import("sshd", text, (size_t)length, &seen));
    assert_int_equal(seen.counts.lines, 6);
    assert_int_equal(seen.counts.failures, 2);
    assert_int_equal(strlen(seen.login[0].record.event.user), LOGIN_USER_BYTES - 1);
    assert_string_equal(seen.login[1].record.event.user, "\x01\xff\x1b[2J");
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_ADDRESS] + seen.counts.skipped[SKIPPED_OTHER],
                     2);
    assert_int_equal(seen.counts.skipped[SKIPPED_MALFORMED], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_TOO_LONG], 1);
}

static void import_text(const char *text, struct seen_logins *seen)
{
    if (!fixture_import("sshd", text, strlen(text), seen))
        fail_msg("%s", seen->error.text);
}

#define AT(second) "2026-03-09T14:05:" second "+01:00 gate "

static void joins_two_factors(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(AT("01") "sshd[7]: Partial publickey for a from 1.2.3.4 port 5 ssh2: RSA "
                         "SHA256:k\n" AT("02") "sshd[7]: Failed keyboard-interactive/pam for a "
                                               "from 1.2.3.4 port 5 ssh2\n" AT(
                                                   "03") "sshd[7]: Accepted "
                                                         "keyboard-interactive/pam for a from "
                                                         "1.2.3.4 port 5 ssh2\n"
                /* Another connection whose process has the number of one that gave up. */
                AT("04") "sshd[8]: Partial publickey for b from 1.2.3.4 port 6 ssh2: RSA "
                         "SHA256:k\n" AT("05") "sshd[8]: Connection closed by authenticating user "
                                               "b 1.2.3.4 port 6 [preauth]\n" AT(
                                                   "06") "sshd[8]: Accepted password for c from "
                                                         "1.2.3.4 port 7 ssh2\n",
                &seen);
    const struct stored_login *login = fixture_find(&seen, "a", STAGE_OPENED, 0);
    assert_int_equal(login->record.event.method, METHOD_TWO_FACTOR);
    assert_string_equal(login->record.event.key, "SHA256:k");
    login = fixture_find(&seen, "a", STAGE_ATTEMPT, 0);
    assert_int_equal(login->record.event.method, METHOD_PAM);
    assert_string_equal(login->record.event.key, "SHA256:k");
    login = fixture_find(&seen, "c", STAGE_OPENED, 0);
    assert_int_equal(login->record.event.method, METHOD_PASSWORD);
    assert_string_equal(login->record.event.key, "");
    assert_int_equal(seen.count, 3);
}

/* PAM's error is the only word on a known user's conversation unless sshd is verbose. */
static void counts_a_refusal_once(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(AT("01") "sshd[7]: error: PAM: Authentication failure for a from 1.2.3.4\n" AT("02") "sshd[7]: error: PAM: Authentication failure for a from 1.2.3.4\n" AT(
                    "03") "sshd[7]: Failed keyboard-interactive/pam for a from 1.2.3.4 port 5 "
                          "ssh2\n" AT(
                              "04") "sshd[7]: error: PAM: Authentication failure for a "
                                    "from 1.2.3.4\n" AT(
                                        "05") "sshd[7]: Accepted "
                                              "keyboard-interactive/pam "
                                              "for a from 1.2.3.4 port 5 "
                                              "ssh2\n" AT(
                                                  "06") "sshd[9]: error: "
                                                        "PAM: "
                                                        "Authentication "
                                                        "failure for b "
                                                        "from 1.2.3.4\n" AT(
                                                            "07") "sshd[9]:"
                                                                  " Connect"
                                                                  "ion "
                                                                  "closed "
                                                                  "by "
                                                                  "authenti"
                                                                  "cating "
                                                                  "user b "
                                                                  "1.2.3.4 "
                                                                  "port 6 "
                                                                  "[preauth"
                                                                  "]\n" AT(
                                                                      "08") "sshd["
                                                                            "10]: "
                                                                            "error"
                                                                            ": "
                                                                            "PAM: "
                                                                            "Authe"
                                                                            "ntica"
                                                                            "tion "
                                                                            "failu"
                                                                            "re "
                                                                            "for "
                                                                            "c "
                                                                            "from "
                                                                            "1.2."
                                                                            "3."
                                                                            "4"
                                                                            "\n" AT(
                                                                                "09") "sshd[11]: "
                                                                                      "message "
                                                                                      "repeated 2 "
                                                                                      "times: [ "
                                                                                      "error: PAM: "
                                                                                      "Authenticati"
                                                                                      "on failure "
                                                                                      "for d from "
                                                                                      "1.2.3.4]\n",
                &seen);
    assert_int_equal(seen.counts.logins, 1);
    assert_int_equal(seen.counts.failures, 3 + 1 + 1 + 2);
    assert_int_equal(seen.counts.skipped[SKIPPED_PAM_FAILURE], 1); /* the one that sshd repeats */
    assert_int_equal(fixture_skipped(&seen), 2);
}

/* PAM's word and sshd's are on one attempt, whatever the reason and however the name is. */
static void knows_a_refusal_again(void **state)
{
    static struct seen_logins seen;
    char text[2048], name[2 * LOGIN_USER_BYTES];
    (void)state;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(text, sizeof text,
             AT("01") "sshd[7]: error: PAM: Have exhausted maximum number of retries for service "
                      "for root from 1.2.3.4\n" /**/
             AT("01") "sshd[7]: Failed keyboard-interactive/pam for root from 1.2.3.4 port 5 "
                      "ssh2\n" AT("02") "sshd[8]: error: PAM: Authentication failure for illegal "
                                        "user  from 1.2.3.4\n" AT(
                                            "02") "sshd[8]: Failed keyboard-interactive/pam for "
                                                  "invalid user  from 1.2.3.4 "
                                                  "port 6 ssh2\n" /**/
             AT("03") "sshd[9]: error: PAM: Authentication failure for illegal user %s from "
                      "1.2.3.4\n" AT("03") "sshd[9]: Failed keyboard-interactive/pam for invalid "
                                           "user %s from 1.2.3.4 "
                                           "port 7 ssh2\n",
             name, name);
    import_text(text, &seen);
    assert_int_equal(seen.counts.failures, 3);
    assert_int_equal(seen.counts.skipped[SKIPPED_PAM_FAILURE], 3);
    fixture_find(&seen, "root", STAGE_ATTEMPT, 0);
    fixture_find(&seen, "?", STAGE_ATTEMPT, 0);
}

/* Behind one gateway the machines see the same peer. */
static void a_connection_is_of_its_host(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(
        "2026-03-09T14:05:01Z h1 sshd[7]: Accepted password for a from 1.2.3.4 port 5 ssh2\n"
        "2026-03-09T14:05:02Z h2 sshd[9]: Accepted password for b from 1.2.3.4 port 5 ssh2\n"
        "2026-03-09T14:10:00Z h1 sshd[70]: Disconnected from user a 1.2.3.4 port 5\n"
        "2026-03-09T18:00:00Z h2 sshd[90]: Disconnected from user b 1.2.3.4 port 5\n",
        &seen);
    assert_int_equal(fixture_find(&seen, "a", STAGE_CLOSED, 0)->record.event.duration_s, 299);
    assert_int_equal(fixture_find(&seen, "b", STAGE_CLOSED, 0)->record.event.duration_s, 14098);
}

static void knows_what_moved(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(AT("01") "sshd-session[7]: Accepted password for a from 1.2.3.4 port 5 ssh2\n" AT("01") "sshd-session[7]: pam_unix(sshd:session): session opened for user a\n" AT(
                    "02") "sshd-session[7]: User child is on pid 9\n" AT("30") "sshd-session[9]: "
                                                                               "Close session: "
                                                                               "user a from "
                                                                               "1.2.3.4 port 5 id "
                                                                               "0\n" AT(
                                                                                   "30") "sshd"
                                                                                         "-ses"
                                                                                         "sion"
                                                                                         "[9]:"
                                                                                         " Tra"
                                                                                         "nsfe"
                                                                                         "rred"
                                                                                         ": "
                                                                                         "sent"
                                                                                         " 900"
                                                                                         ", "
                                                                                         "rece"
                                                                                         "ived"
                                                                                         " 70 "
                                                                                         "byte"
                                                                                         "s"
                                                                                         "\n" AT(
                                                                                             "31") "sshd-session[9]: Closing connection to 1.2.3.4 port 5\n"
                /* Nobody says how this one's session ended but its connection's child. */
                AT("40") "sshd[8]: Accepted password for b from 1.2.3.4 port 6 ssh2\n" AT(
                    "50") "sshd[10]: Disconnected from user b 1.2.3.4 port 6\n" AT("51") "sshd[11]:"
                                                                                         " Disconne"
                                                                                         "cted "
                                                                                         "from "
                                                                                         "user c "
                                                                                         "1.2.3.4 "
                                                                                         "port 9\n",
                &seen);
    const struct login_event *event = &fixture_find(&seen, "a", STAGE_CLOSED, 0)->record.event;
    assert_int_equal(event->bytes_in, 70);
    assert_int_equal(event->bytes_out, 900);
    assert_int_equal(event->duration_s, 29);
    assert_int_equal(fixture_find(&seen, "b", STAGE_CLOSED, 0)->record.event.duration_s, 10);
    assert_int_equal(fixture_skipped(&seen), 1);
}

/* A name that looks like a message cannot end another's session. */
static void a_name_ends_nobodys_session(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(AT("01") "sshd[7]: Accepted password for a from 1.2.3.4 port 5 ssh2\n" AT(
                    "02") "sshd[8]: Disconnected from invalid user user a 1.2.3.4 port 5 9.9.9.9 "
                          "port 1 [preauth]\n" AT("03") "sshd[8]: Connection closed by invalid "
                                                        "user 1.2.3.4 port 5 9.9.9.9 port 1 "
                                                        "[preauth]\n" AT("04") "sshd[9]: Received "
                                                                               "disconnect from "
                                                                               "9.9.9.9 port 1:11: "
                                                                               "user a 1.2.3.4 "
                                                                               "port 5\n",
                &seen);
    assert_int_equal(seen.counts.sessions, 0);
    fixture_find(&seen, "a", STAGE_OPENED, 0);
}

#define OPENED 20000 /* more than are kept open */

static int64_t computed_us(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* Logins of these processes, none of which ends; returns what it took of a processor. */
static int64_t open_all(const unsigned pids[OPENED])
{
    static struct seen_logins seen;
    const unsigned logins = OPENED;
    char *text = malloc(logins * 100UL);
    size_t length = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < logins; i++)
        length += (size_t)sprintf(
            text + length, AT("01") "sshd[%u]: Accepted password for a from 1.2.3.4 port %u ssh2\n",
            pids[i], i + 1);
    int64_t took_us = -computed_us();
    import_text(text, &seen);
    took_us += computed_us();
    free(text);
    assert_int_equal(seen.counts.logins, logins);
    assert_int_equal(seen.count, logins);
    for (unsigned i = 0; i < SEEN_MOST; i++) /* the oldest go first */
        assert_int_equal(seen.login[i].record.event.source_port, i + 1);
    return took_us;
}

/* Pids that all fell into one bucket of a hash that anybody can compute cost no more than others.
 */
static void bounds_what_is_open(void **state)
{
    static unsigned plain[OPENED], crafted[OPENED];
    uint64_t host = hash_bytes("gate", 4);
    (void)state;

    for (unsigned i = 0, pid = 1; i < OPENED; pid++) {
        uint64_t key = (host ^ pid) | UINT64_C(1) << 63;
        plain[i] = i + 1;
        if ((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52 == 5)
            crafted[i++] = pid;
    }
    int64_t plain_us = open_all(plain), crafted_us = open_all(crafted);
    for (int again = 0; again < 2 && crafted_us >= 5 * plain_us; again++) {
        plain_us = open_all(plain);
        crafted_us = open_all(crafted);
    }
    assert_true(crafted_us < 5 * plain_us);
}

/* How many of these texts are different. */
static size_t count_distinct(char texts[][IP_TEXT_BYTES], size_t count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = strcmp(texts[i], texts[j]) == 0;
        distinct += !again;
    }
    return distinct;
}

/* What grep -c and grep -o say of the lines with that word. */
static void count_by_words(FILE *in, const char *word, size_t *lines, size_t *addresses)
{
    static char found[SEEN_MOST][IP_TEXT_BYTES];
    char line[1024];

    *lines = 0;
    while (fgets(line, sizeof line, in) != NULL) {
        const char *from = strstr(line, word) == NULL ? NULL : strstr(line, " from ");
        if (from == NULL)
            continue;
        assert_true(*lines < SEEN_MOST);
        snprintf(found[*lines], IP_TEXT_BYTES, "%.*s", (int)strcspn(from + 6, " "), from + 6);
        ++*lines;
    }
    *addresses = count_distinct(found, *lines);
    rewind(in);
}

/* A public log, where it is there. */
static void counts_the_public_sample(void **state)
{
    static struct seen_logins seen;
    static char addresses[SEEN_MOST][IP_TEXT_BYTES];
    size_t failed = 0, failed_addresses = 0, accepted = 0, accepted_addresses = 0;
    size_t failures = 0;
    (void)state;

    FILE *in = fopen(PUBLIC_LOG, "r");
    if (in == NULL) {
        print_message("skipped: %s is not there\n", PUBLIC_LOG);
        skip();
    }
    count_by_words(in, "Failed password for", &failed, &failed_addresses);
    count_by_words(in, "Accepted ", &accepted, &accepted_addresses);
    fclose(in);
    if (!fixture_import_file("sshd", PUBLIC_LOG, 2015, &seen))
        fail_msg("%s", seen.error.text);
    for (size_t i = 0; i < seen.count; i++) {
        if (seen.login[i].reached == STAGE_ATTEMPT)
            ip_format(&seen.login[i].record.event.source, addresses[failures++]);
    }
    assert_int_equal(failed, 520);
    assert_int_equal(seen.counts.failures, failed + 2 * 4); /* two lines stand for five each */
    assert_int_equal(count_distinct(addresses, failures), failed_addresses);
    assert_int_equal(seen.counts.logins, accepted);
    assert_int_equal(seen.counts.sessions, 1);
    assert_int_equal(seen.count, accepted + failures);
    assert_int_equal(seen.counts.lines, 2000);
    assert_int_equal(seen.counts.unread_count, 0);
    /* The login's lines are three: accepted, opened, closed. */
    assert_int_equal(fixture_skipped(&seen), 2000 - 3 - (int)failed);
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

#define FAILED(date, pid) date " h sshd[" pid "]: Failed password for x from 1.2.3.4 port 5 ssh2\n"

/* The newest is of January 2027. A step back of five months is not counted as another year. */
static void no_line_lies_after_the_newest(void **state)
{
    static struct seen_logins seen;
    (void)state;

    import_text(FAILED("Nov 20 10:00:00", "1") FAILED("Jun 20 10:00:00", "2"), &seen);
    assert_non_null(strstr(seen.note, "taken for 2026 to 2026"));
    import_text(FAILED("May 20 10:00:00", "1") FAILED("Jan  2 10:00:00", "2"), &seen);
    assert_non_null(strstr(seen.note, "taken for 2026 to 2027"));
    assert_int_equal(seen.login[0].record.event.time_us, fixture_time_us("2026-05-20 10:00:00"));
    assert_int_equal(seen.login[1].record.event.time_us, fixture_time_us("2027-01-02 10:00:00"));
}

/* So many turns of the year that the first of them would lie long before 1970. */
static void skips_lines_before_all_clocks(void **state)
{
    static struct seen_logins seen;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    assert_non_null(out);
    for (int i = 0; i < 70; i++)
        fputs(FAILED("Dec 20 10:00:00", "7") FAILED("Jan 20 10:00:00", "7"), out);
    assert_int_equal(fclose(out), 0);
    import_text(text, &seen);
    free(text);
    assert_int_equal(seen.counts.lines, 140);
    assert_int_equal(seen.counts.failures, 2 * (2026 - 1970) + 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_TIME], 140 - seen.counts.failures);
    assert_int_equal(seen.login[0].record.event.time_us, fixture_time_us("1970-01-20 10:00:00"));
    assert_non_null(strstr(seen.note, "taken for 1970 to 2026"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_every_line),
        cmocka_unit_test(resolves_years_backwards),
        cmocka_unit_test(follows_a_session),
        cmocka_unit_test(is_not_fooled_by_names),
        cmocka_unit_test(survives_any_bytes),
        cmocka_unit_test(joins_two_factors),
        cmocka_unit_test(counts_a_refusal_once),
        cmocka_unit_test(knows_a_refusal_again),
        cmocka_unit_test(a_connection_is_of_its_host),
        cmocka_unit_test(knows_what_moved),
        cmocka_unit_test(a_name_ends_nobodys_session),
        cmocka_unit_test(bounds_what_is_open),
        cmocka_unit_test(no_line_lies_after_the_newest),
        cmocka_unit_test(skips_lines_before_all_clocks),
        cmocka_unit_test(counts_the_public_sample),
        cmocka_unit_test(attempt_knows_no_key),
        cmocka_unit_test(attempt_knows_the_key_of_the_factor_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
