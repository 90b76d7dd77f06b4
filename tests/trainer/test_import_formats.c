/* Journals, wtmp and tables as logins; inputs that are damaged, odd or endless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmpx.h>
#include <zlib.h>

#include "common/clock.h"
#include "import_fixture.h"

static struct seen_logins seen;

static void import_text(const char *format, const char *text)
{
    if (!fixture_import(format, text, strlen(text), &seen))
        fail_msg("%s", seen.error.text);
}

static void is_refused(const char *format, const void *bytes, size_t size, const char *sentence)
{
    assert_false(fixture_import(format, bytes, size, &seen));
    if (strstr(seen.error.text, sentence) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", sentence, seen.error.text);
}

/* ---- journal ---- */

#define ENTRY(us, pid, message)                                                                    \
    "{\"__REALTIME_TIMESTAMP\":\"" us "\",\"_COMM\":\"sshd-session\",\"_PID\":\"" pid              \
    "\",\"_HOSTNAME\":\"gate\",\"SYSLOG_IDENTIFIER\":\"sshd-session\",\"MESSAGE\":" message "}\n"

static void reads_a_journal(void **state)
{
    (void)state;

    import_text("journal", ENTRY("1790000000123456", "7",
                                 "\"Accepted publickey for alice from 1.2.3.4 port 5 ssh2: RSA "
                                 "SHA256:k\"") "{\"__REALTIME_TIMESTAMP\":\"1790000000200000\","
                                               "\"SYSLOG_IDENTIFIER\":\"cron\","
                                               "\"MESSAGE\":\"sshd\"}\n"
                /* "Failed password for \xff from 1.2.3.4 port 6 ssh2": not UTF-8, so an array of
                   bytes */
                ENTRY("1790000001000000", "8",
                      "[70,97,105,108,101,100,32,112,97,115,115,119,111,114,100,32,102,111,114,32,"
                      "255,32,"
                      "102,114,111,109,32,49,46,50,46,51,46,52,32,112,111,114,116,32,54,32,115,115,"
                      "104,50]")
                    ENTRY("1790000060000000", "7",
                          "\"pam_unix(sshd:session): session closed for user alice\""));
    assert_int_equal(seen.counts.lines, 4);
    assert_int_equal(seen.counts.skipped[SKIPPED_OTHER_PROGRAM], 1);
    assert_int_equal(fixture_skipped(&seen), 1);
    const struct stored_login *login = fixture_find(&seen, "alice", STAGE_CLOSED, 0);
    assert_int_equal(login->record.event.time_us, INT64_C(1790000000123456));
    assert_string_equal(login->record.event.host, "gate");
    assert_string_equal(login->record.event.key, "SHA256:k");
    assert_int_equal(login->record.event.duration_s, 59);
    assert_int_equal(fixture_find(&seen, "\xff", STAGE_ATTEMPT, 0)->record.event.source_port, 6);
}

/* Escapes, spaces and other kinds of values change nothing. */
static void reads_json_however_it_is_written(void **state)
{
    static const char *const SPELLINGS[] = {
        ENTRY("1790000000000000", "7", "\"Failed password for r from 1.2.3.4 port 5 ssh2\""),
        "{\"X\": [\"a\", null, 7], \"_COMM\" : \"sshd\", \"_PID\": \"7\", \"_HOSTNAME\":\"gate\","
        " \"__REALTIME_TIMESTAMP\":\"1790000000000000\","
        "\"MESSAGE\":\"Failed password for \\u0072 from 1.2.3.4 port 5 ssh2\"}\n",
        "{\"MESSAGE\":\"Failed password for r from 1.2.3.4 port 5 ssh2\",\"Y\":\"\\\"}\\\\\","
        "\"_COMM\":\"s\\u0073hd\",\"_PID\":\"7\",\"_HOSTNAME\":\"gate\","
        "\"__REALTIME_TIMESTAMP\":\"1790000000000000\"}\n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof SPELLINGS / sizeof SPELLINGS[0]; i++) {
        import_text("journal", SPELLINGS[i]);
        const struct login_event *event = &fixture_find(&seen, "r", STAGE_ATTEMPT, 0)->record.event;
        assert_int_equal(event->time_us, INT64_C(1790000000000000));
        assert_string_equal(event->host, "gate");
        assert_int_equal(event->source_port, 5);
    }
}

#define ENTRY_OF(uid, message)                                                                     \
    "{\"__REALTIME_TIMESTAMP\":\"1790000000000000\",\"_COMM\":\"logger\",\"_PID\":\"7\",\"_UID\":" \
    "\"" uid "\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"" message "\"}\n"

/* Anybody may write to the journal in sshd's name. */
static void believes_root_alone(void **state)
{
    static const char *const WORDS[] = {
        "Accepted password for root from 6.6.6.6 port 22 ssh2",
        "Partial publickey for root from 6.6.6.6 port 22 ssh2: RSA SHA256:k",
        "Failed password for root from 6.6.6.6 port 22 ssh2",
        "error: PAM: Authentication failure for root from 6.6.6.6",
        "pam_unix(sshd:session): session closed for user root",
    };
    char text[1024];
    (void)state;

    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        snprintf(text, sizeof text, ENTRY_OF("1000", "%s"), WORDS[i]);
        import_text("journal", text);
        assert_int_equal(seen.counts.skipped[SKIPPED_UNPRIVILEGED], 1);
        assert_int_equal(seen.count, 0);
        snprintf(text, sizeof text, ENTRY_OF("0", "%s"), WORDS[i]);
        import_text("journal", text);
        assert_int_equal(seen.counts.skipped[SKIPPED_UNPRIVILEGED], 0);
    }
    /* A session's own process has its user's rights. */
    import_text("journal", ENTRY_OF("0", "Accepted password for a from 1.2.3.4 port 5 ssh2")
                               ENTRY_OF("1000", "Transferred: sent 900, received 70 bytes"));
    assert_int_equal(fixture_find(&seen, "a", STAGE_OPENED, 0)->record.event.bytes_in, 70);
}

static void shows_entries_that_are_none(void **state)
{
    (void)state;

    import_text(
        "journal",
        "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Failed pass\n" /* half of one */
        "no JSON\n"
        "\n"
        "[\"sshd\"]\n"
        "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"x\"}\n"
        "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"__REALTIME_TIMESTAMP\":\"-5\",\"MESSAGE\":\"x\"}\n"
        "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"__REALTIME_TIMESTAMP\":\"5\",\"MESSAGE\":null}\n"
        "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"__REALTIME_TIMESTAMP\":\"5\",\"MESSAGE\":[1,-1]}\n");
    assert_int_equal(seen.count, 0);
    assert_int_equal(seen.counts.skipped[SKIPPED_MALFORMED], 3);
    assert_int_equal(seen.counts.skipped[SKIPPED_EMPTY], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_TIME], 2);
    assert_int_equal(seen.counts.skipped[SKIPPED_TOO_LONG], 2);
    assert_int_equal(fixture_skipped(&seen), seen.counts.lines);
    assert_int_equal(seen.counts.unread_count, UNREAD_SHOWN);
    assert_int_equal(seen.counts.unread[1].number, 2);
    assert_string_equal(seen.counts.unread[1].text, "no JSON");
}

/* ---- wtmp ---- */

static struct utmpx record(short type, int time_s, const char *user, const char *line,
                           const char *host)
{
    struct utmpx made;

    memset(&made, 0, sizeof made);
    made.ut_type = type;
    made.ut_tv.tv_sec = time_s;
    made.ut_tv.tv_usec = 250000;
    memcpy(made.ut_user, user, strlen(user));
    memcpy(made.ut_line, line, strlen(line));
    memcpy(made.ut_host, host, strlen(host));
    return made;
}

static void reads_wtmp(void **state)
{
    struct utmpx records[] = {
        record(BOOT_TIME, 1000, "reboot", "~", "6.1.0"),
        record(LOGIN_PROCESS, 1001, "LOGIN", "tty1", ""),
        record(USER_PROCESS, 1100, "alice", "pts/0", "93.184.216.10"),
        record(USER_PROCESS, 1150, "alice", "pts/1", "tmux(77).%0"),
        record(DEAD_PROCESS, 1200, "", "pts/0", ""),
        record(DEAD_PROCESS, 1201, "", "pts/1", ""),
        record(USER_PROCESS, 1300, "root", "tty1", ""),
        record(USER_PROCESS, 1400, "bob", "pts/0", "gate.example.org"),
        record(USER_PROCESS, 1500, "carla", "pts/2", "2a02:c7d::17"),
        record(RUN_LVL, 1600, "shutdown", "~", "6.1.0"),
        record(USER_PROCESS, 1700, "dora", "pts/3", "host.example.org"), /* with a binary address */
        record(BOOT_TIME, 1800, "reboot", "~", "6.1.0"),
        record(LOGIN_PROCESS, 1900, "oracle", "ssh:notty", "45.33.32.156"), /* as btmp has it */
        record(77, 2000, "", "", ""),
    };
    (void)state;

    records[10].ut_addr_v6[0] = (int32_t)0x04030201;
    assert_true(fixture_import("wtmp", records, sizeof records, &seen));
    assert_int_equal(seen.counts.lines, 14);
    assert_int_equal(seen.counts.logins, 4);
    assert_int_equal(seen.counts.sessions, 3); /* a crash has no moment */
    assert_int_equal(seen.counts.failures, 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_TERMINAL], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_ADDRESS], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_SYSTEM], 4);
    assert_int_equal(seen.counts.skipped[SKIPPED_SESSION], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_MALFORMED], 1);
    const struct stored_login *login = fixture_find(&seen, "alice", STAGE_CLOSED, 0);
    assert_int_equal(login->record.event.time_us, INT64_C(1100250000));
    assert_int_equal(login->record.event.duration_s, 100);
    assert_string_equal(login->record.event.service, "sshd");
    login = fixture_find(&seen, "root", STAGE_CLOSED, 0); /* until the shutdown */
    assert_string_equal(login->record.event.service, "login");
    assert_int_equal(login->record.event.source.family, 0);
    assert_int_equal(login->record.event.duration_s, 300);
    assert_int_equal(fixture_find(&seen, "carla", STAGE_CLOSED, 0)->record.event.source.family, 6);
    assert_int_equal(fixture_find(&seen, "dora", STAGE_OPENED, 0)->record.event.source.bytes[3], 4);
    fixture_find(&seen, "oracle", STAGE_ATTEMPT, 0);
}

static void counts_half_a_record(void **state)
{
    struct utmpx one = record(USER_PROCESS, 1100, "alice", "pts/0", "93.184.216.10");
    char bytes[sizeof one + 100];
    (void)state;

    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, &one, sizeof one);
    assert_true(fixture_import("wtmp", bytes, sizeof bytes, &seen));
    assert_int_equal(seen.counts.lines, 2);
    assert_int_equal(seen.counts.skipped[SKIPPED_MALFORMED], 1);
    fixture_find(&seen, "alice", STAGE_OPENED, 0);
}

/* ---- tables ---- */

static void reads_csv_in_any_order(void **state)
{
    (void)state;

    import_text("csv", "\xef\xbb\xbfuser,colour,time,ip,success,country,asn,latitude,longitude,"
                       "method,rtt_ms,bytes_in,bytes_out,duration_s,label,family,city,device\r\n"
                       "\"a, \"\"b\"\"\",red,2026-03-09T14:05:11.5+01:00,1.2.3.4,1,de,AS3320,"
                       "52.5,-13.25,publickey,10.5,7,8,60,legitimate,,Berlin,laptop\r\n"
                       "bob,,1790000000.25,,false,,,,,,,,,,attack,spraying,,\n"
                       "carla,,2026-03-09 14:05:11,::1,true,,,,,,,,,,1,takeover,,\n");
    assert_int_equal(seen.counts.lines, 3);
    assert_int_equal(seen.counts.logins, 2);
    assert_int_equal(seen.counts.failures, 1);
    assert_int_equal(seen.counts.sessions, 1);
    assert_int_equal(fixture_skipped(&seen), 0);
    assert_non_null(strstr(seen.note, "columns left out: colour"));
    assert_non_null(strstr(seen.note, "times without a zone are taken for UTC"));
    const struct stored_login *login = fixture_find(&seen, "a, \"b\"", STAGE_CLOSED, 0);
    const struct login_event *event = &login->record.event;
    assert_int_equal(event->time_us, fixture_time_us("2026-03-09 13:05:11") + 500000);
    assert_int_equal(event->utc_offset_s, 3600);
    assert_string_equal(event->place.country, "DE");
    assert_int_equal(event->place.asn, 3320);
    assert_float_equal(event->place.latitude, 52.5, 0);
    assert_float_equal(event->place.longitude, -13.25, 0);
    assert_string_equal(event->place.city, "Berlin");
    assert_int_equal(event->method, METHOD_PUBLICKEY);
    assert_int_equal(event->rtt_us, 10500);
    assert_int_equal(event->bytes_in, 7);
    assert_int_equal(event->bytes_out, 8);
    assert_int_equal(event->duration_s, 60);
    assert_int_equal(login->closed_us - login->opened_us, 60 * US_PER_S);
    assert_int_equal(login->label, 0);
    assert_true(event->learn);
    login = fixture_find(&seen, "bob", STAGE_ATTEMPT, 0);
    assert_int_equal(login->record.event.time_us, INT64_C(1790000000250000));
    assert_string_equal(login->family, "spraying");
    login = fixture_find(&seen, "carla", STAGE_OPENED, 0);
    assert_int_equal(login->label, 1);
    assert_false(login->record.event.learn);
}

static void shows_rows_that_cannot_be_read(void **state)
{
    (void)state;

    import_text("csv", "time,user,ip,success,label,country,bytes_in,rtt_ms,latitude\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4\n"             /* short */
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,,,,,more\n" /* long */
                       "2026-02-30T14:05:11Z,a,1.2.3.4,1,,,,,\n"      /* no such day */
                       "99999999999999,a,1.2.3.4,1,,,,,\n"            /* milliseconds? */
                       ",a,1.2.3.4,1,,,,,\n"
                       "2026-03-09T14:05:11Z,,1.2.3.4,1,,,,,\n"
                       "2026-03-09T14:05:11Z,a,localhost,1,,,,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,perhaps,,,,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,,,,,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,maybe,,,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,Germany,,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,,-5,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,,nan,,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,,,1e300,\n"
                       "2026-03-09T14:05:11Z,a,1.2.3.4,1,,,,,91\n"
                       "2026-03-09T14:05:11Z,\"root\"evil,1.2.3.4,1,,,,,\n"); /* torn */
    assert_int_equal(seen.count, 0);
    assert_int_equal(seen.counts.lines, 16);
    assert_int_equal(fixture_skipped(&seen), 16);
    assert_int_equal(seen.counts.skipped[SKIPPED_MALFORMED], 3);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_TIME], 3);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_USER], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_NO_ADDRESS], 1);
    assert_int_equal(seen.counts.skipped[SKIPPED_BAD_VALUE], 8);
    assert_int_equal(seen.counts.unread[0].number, 2); /* the header is line 1 */
}

/* Many columns that nobody knows do not hide what was assumed. */
static void notes_what_matters_first(void **state)
{
    char text[4096] = "time,user";
    (void)state;

    for (int i = 0; i < 20; i++)
        sprintf(text + strlen(text), ",a_column_of_a_long_name_%d", i);
    strcat(text, "\n2026-03-09T14:05:11,a,,,,,,,,,,,,,,,,,,,,\n");
    import_text("csv", text);
    assert_int_equal(seen.counts.logins, 1);
    assert_non_null(strstr(seen.note, "times without a zone are taken for UTC; without a column"));
    assert_non_null(strstr(seen.note, "left out: a_column_of_a_long_n, "));
    assert_non_null(strstr(seen.note, " and 16 more"));
    assert_int_equal(seen.note[strlen(seen.note) - 1], 'e');
}

/* Bytes that steer a terminal, as Latin-1 and as UTF-8 have them. */
static void shows_nothing_that_steers_a_terminal(void **state)
{
    (void)state;

    import_text("csv", "time,user\n\x9b"
                       "31m\xc2\x9b"
                       "31m\x1b[31m,a\n");
    assert_string_equal(seen.counts.unread[0].text, "?31m??31m?[31m,a");
}

static void refuses_other_tables(void **state)
{
    (void)state;

    is_refused("csv", "", 0, "is empty");
    is_refused("csv", "a,b\n", 4, "no column \"time\"");
    is_refused("csv", "time,user,time\n", 15, "twice");
    is_refused("rba", "time,user\n", 10, "no column \"Login Timestamp\"");
    is_refused("cloud", "time,user\n", 10, "no column \"user_id\"");
}

static void without_success_all_succeed(void **state)
{
    (void)state;

    import_text("csv", "time,user\n1790000000,a\n");
    assert_int_equal(seen.counts.logins, 1);
    assert_non_null(strstr(seen.note, "without a column \"success\""));
}

static void reads_rba(void **state)
{
    (void)state;

    import_text("rba",
                "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,"
                "ASN,User Agent String,Browser Name and Version,OS Name and Version,Device Type,"
                "Login Successful,Is Attack IP,Is Account Takeover\n"
                "0,2020-02-03 12:43:30.772,-4324475583306591935,,10.0.65.171,NO,-,-,29695,"
                "\"Mozilla/5.0 (iPhone, like Mac)\",Firefox 20.0.0.1618,iOS 13.4,mobile,False,"
                "False,False\n"
                "1,2020-02-03 12:43:43.549,77,612,1.2.3.4,AU,-,Sydney,29695,x,Chrome 69.0,"
                "Mac OS X 10.14.6,desktop,True,True,False\n"
                "2,2020-02-03 12:43:50,77,,1.2.3.4,AU,-,Sydney,29695,x,,,,True,True,True\n");
    assert_int_equal(seen.counts.lines, 3);
    assert_string_equal(seen.note, "times without a zone are taken for UTC");
    const struct stored_login *login =
        fixture_find(&seen, "-4324475583306591935", STAGE_ATTEMPT, 0);
    assert_string_equal(login->record.event.device, "Firefox, iOS, mobile");
    assert_string_equal(login->record.event.place.country, "NO");
    assert_string_equal(login->record.event.place.city, "");
    assert_int_equal(login->record.event.place.asn, 29695);
    assert_int_equal(login->record.event.time_us, fixture_time_us("2020-02-03 12:43:30") + 772000);
    assert_int_equal(login->label, 0);
    login = fixture_find(&seen, "77", STAGE_OPENED, 0);
    assert_int_equal(login->record.event.rtt_us, 612000);
    assert_int_equal(login->label, -1); /* from an attacker's address, and no complaint */
    login = fixture_find(&seen, "77", STAGE_OPENED, 1);
    assert_int_equal(login->label, 1);
    assert_string_equal(login->family, "takeover");
    assert_false(login->record.event.learn);
}

static void reads_cloud(void **state)
{
    (void)state;

    import_text("cloud",
                "user_id,timestamp,ip_address,geo_location,device_id,login_hour,is_new_device,"
                "bytes_in,bytes_out,success,is_anomaly\n"
                "u1,2025-01-01 10:00:00,1.2.3.4,DE,d1,10,0,500,600,1,0\n"
                "u2,2025-01-01 10:00:01,1.2.3.4,\"New York, US\",d2,10,1,9,9,0,1\n"
                "u3,2025-01-01 10:00:02,1.2.3.4,\"52.5,13.4\",d3,10,1,9,9,1,1\n"
                "u4,2025-01-01 10:00:03,1.2.3.4,Atlantis,d3,10,1,9,9,1,0\n");
    const struct stored_login *login = fixture_find(&seen, "u1", STAGE_CLOSED, 0);
    assert_string_equal(login->record.event.place.country, "DE");
    assert_string_equal(login->record.event.device, "d1");
    assert_int_equal(login->record.event.bytes_out, 600);
    assert_int_equal(login->record.event.duration_s, -1);
    login = fixture_find(&seen, "u2", STAGE_ATTEMPT, 0);
    assert_string_equal(login->record.event.place.city, "New York");
    assert_string_equal(login->record.event.place.country, "US");
    assert_int_equal(login->label, 1);
    login = fixture_find(&seen, "u3", STAGE_CLOSED, 0);
    assert_float_equal(login->record.event.place.latitude, 52.5, 0);
    assert_string_equal(fixture_find(&seen, "u4", STAGE_CLOSED, 0)->record.event.place.city,
                        "Atlantis");
}

/* ---- any format ---- */

static const char LOG[] = "2026-03-09T14:05:01Z gate sshd[7]: Failed password for a from 1.2.3.4 "
                          "port 5 ssh2\n";

static size_t zip(const char *text, size_t size, unsigned char *zipped, size_t capacity)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text,
                       .avail_in = (unsigned)size,
                       .next_out = zipped,
                       .avail_out = (unsigned)capacity};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static void reads_gzip(void **state)
{
    unsigned char zipped[1024];
    size_t size = zip(LOG, sizeof LOG - 1, zipped, sizeof zipped);
    (void)state;

    assert_true(fixture_import("sshd", zipped, size, &seen));
    fixture_find(&seen, "a", STAGE_ATTEMPT, 0);
    /* Two files in one, as logs are put together. */
    memcpy(zipped + size, zipped, size);
    assert_true(fixture_import("sshd", zipped, 2 * size, &seen));
    assert_int_equal(seen.count, 2);
}

static void says_what_is_wrong_with_gzip(void **state)
{
    static char text[200 * sizeof LOG];
    unsigned char zipped[4096];
    size_t size = 0;
    (void)state;

    for (int i = 0; i < 200; i++)
        memcpy(text + (size_t)i * (sizeof LOG - 1), LOG, sizeof LOG - 1);
    size = zip(text, 200 * (sizeof LOG - 1), zipped, sizeof zipped);
    is_refused("sshd", zipped, size - 4, "cut short");
    is_refused("sshd", zipped, size / 2, "cut short");
    is_refused("sshd", zipped, 12, "cut short");
    zipped[size / 2] ^= 0x55;
    zipped[size - 6] ^= 0x55; /* and the checksum */
    is_refused("sshd", zipped, size, "damaged");
    zip(text, 200 * (sizeof LOG - 1), zipped, sizeof zipped);
    is_refused("csv", zipped, size / 2, "cut short");
}

static void counts_binary_junk(void **state)
{
    static const char *const FORMATS[] = {"sshd", "journal", "wtmp"};
    static unsigned char junk[100000];
    uint32_t state32 = 7;
    (void)state;

    for (size_t i = 0; i < sizeof junk; i++) {
        state32 = state32 * 1664525 + 1013904223;
        junk[i] = (unsigned char)(state32 >> 24);
    }
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        if (!fixture_import(FORMATS[i], junk, sizeof junk, &seen))
            fail_msg("%s", seen.error.text);
        assert_int_equal(seen.count, 0);
        assert_true(seen.counts.lines > 0);
        assert_int_equal(fixture_skipped(&seen), seen.counts.lines);
    }
    is_refused("csv", junk, sizeof junk, "has a NUL byte");
}

static void says_what_cannot_be_opened(void **state)
{
    (void)state;

    assert_false(fixture_import_file("sshd", "/nonexistent/auth.log", 0, &seen));
    assert_non_null(strstr(seen.error.text, "cannot open /nonexistent/auth.log: No such file"));
    assert_false(fixture_import_file("sshd", "/tmp", 0, &seen));
    assert_non_null(strstr(seen.error.text, "cannot read /tmp: Is a directory"));
    assert_null(import_format_find("syslog"));
}

/* A pipe cannot be read twice. */
static void reads_a_pipe(void **state)
{
    static const char OLD_LOG[] =
        "Dec 31 23:59:59 gate sshd[7]: Failed password for a from 1.2.3.4 port 5 ssh2\n"
        "Jan  1 00:00:01 gate sshd[7]: Failed password for b from 1.2.3.4 port 5 ssh2\n";
    char name[64];
    (void)state;

    snprintf(name, sizeof name, "/tmp/test_import-%d.fifo", (int)getpid());
    unlink(name);
    assert_int_equal(mkfifo(name, 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        FILE *out = fopen(name, "w");
        bool written = out != NULL && fwrite(OLD_LOG, 1, sizeof OLD_LOG - 1, out) > 0;
        _exit(written && fclose(out) == 0 ? 0 : 1);
    }
    bool done = fixture_import_file("sshd", name, 0, &seen);
    unlink(name);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_true(done);
    assert_int_equal(fixture_find(&seen, "a", STAGE_ATTEMPT, 0)->record.event.time_us,
                     fixture_time_us("2026-12-31 23:59:59"));
    assert_int_equal(fixture_find(&seen, "b", STAGE_ATTEMPT, 0)->record.event.time_us,
                     fixture_time_us("2027-01-01 00:00:01"));
}

static void writes_long_line(FILE *out, size_t megabytes)
{
    static char block[1 << 20];

    memset(block, 'A', sizeof block);
    while (megabytes-- > 0)
        assert_int_equal(fwrite(block, 1, sizeof block, out), sizeof block);
}

/* A line of 200 MB: its beginning is shown, the rest is read over. */
static void bounds_memory(void **state)
{
    static const char *const FORMATS[] = {"sshd", "journal"};
    char name[] = "/tmp/test_import-XXXXXX";
    struct rusage usage;
    FILE *out = fdopen(mkstemp(name), "w");
    (void)state;

    assert_non_null(out);
    fputs(LOG, out);
    writes_long_line(out, 200);
    fputc('\n', out);
    fputs(LOG, out);
    assert_int_equal(fclose(out), 0);
    getrusage(RUSAGE_SELF, &usage);
    long before_kb = usage.ru_maxrss;
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        assert_true(fixture_import_file(FORMATS[i], name, 0, &seen));
        assert_int_equal(seen.counts.lines, 3);
        assert_int_equal(seen.counts.skipped[SKIPPED_TOO_LONG], 1);
    }
    bool done = fixture_import_file("csv", name, 0, &seen);
    unlink(name);
    assert_false(done);
    assert_non_null(strstr(seen.error.text, "no column")); /* of the first line */
    getrusage(RUSAGE_SELF, &usage);
    assert_true(usage.ru_maxrss - before_kb < 50000);
}

static void a_row_is_no_longer_than_a_bound(void **state)
{
    char name[] = "/tmp/test_import-XXXXXX";
    FILE *out = fdopen(mkstemp(name), "w");
    (void)state;

    assert_non_null(out);
    fputs("time,user\n1790000000,\"", out); /* a quote is left open */
    writes_long_line(out, 40);
    assert_int_equal(fclose(out), 0);
    bool done = fixture_import_file("csv", name, 0, &seen);
    unlink(name);
    assert_false(done);
    assert_non_null(strstr(seen.error.text, "is a quote left open?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_journal),
        cmocka_unit_test(reads_json_however_it_is_written),
        cmocka_unit_test(believes_root_alone),
        cmocka_unit_test(shows_entries_that_are_none),
        cmocka_unit_test(reads_wtmp),
        cmocka_unit_test(counts_half_a_record),
        cmocka_unit_test(reads_csv_in_any_order),
        cmocka_unit_test(shows_rows_that_cannot_be_read),
        cmocka_unit_test(notes_what_matters_first),
        cmocka_unit_test(shows_nothing_that_steers_a_terminal),
        cmocka_unit_test(refuses_other_tables),
        cmocka_unit_test(without_success_all_succeed),
        cmocka_unit_test(reads_rba),
        cmocka_unit_test(reads_cloud),
        cmocka_unit_test(reads_gzip),
        cmocka_unit_test(says_what_is_wrong_with_gzip),
        cmocka_unit_test(counts_binary_junk),
        cmocka_unit_test(says_what_cannot_be_opened),
        cmocka_unit_test(reads_a_pipe),
        cmocka_unit_test(bounds_memory),
        cmocka_unit_test(a_row_is_no_longer_than_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
