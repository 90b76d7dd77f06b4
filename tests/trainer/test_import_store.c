/* Histories in the store: each login once, the rest of it when it comes, places as they were told.
 */
#include "fixture.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "import_fixture.h"
#include "trainer/import_store.h"

static const char *databases;

static int64_t import_at(const char *directory, const char *format, const char *text,
                         const struct geo *geo, int64_t *changes)
{
    struct error error = ERROR_NONE;
    struct import_target target;
    struct store *store;
    struct input input;
    struct import_reading reading = {
        .input = &input, .utc = true, .visit = import_target_add, .context = &target};

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    ASSERT_DONE(store_import_begin(store, &error));
    ASSERT_DONE(
        import_target_init(&target, store, geo, import_format_find(format)->tells_live, &error));
    ASSERT_DONE(input_open(&input, fixture_file(text, strlen(text)), &error));
    *changes = store_changes(store);
    ASSERT_DONE(import_format_find(format)->read(&reading, &error));
    *changes = store_changes(store) - *changes;
    ASSERT_DONE(store_import_commit(store, &error));
    int64_t duplicates = target.duplicates;
    input_close(&input);
    import_target_finish(&target);
    store_close(store);
    return duplicates;
}

struct one_login {
    struct stored_login login;
    int64_t count;
};

static bool see(void *context, const struct stored_login *login)
{
    struct one_login *one = context;
    one->login = *login;
    one->count++;
    return true;
}

/* The only login of that user; count: how many there are of all users. */
static struct one_login login_of(const char *directory, const char *user, int64_t count)
{
    struct error error = ERROR_NONE;
    struct one_login one = {.count = 0};
    struct login_filter filter = {.user = user};
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    ASSERT_DONE(store_logins(store, &filter, see, &one, &error));
    assert_int_equal(one.count, 1);
    struct one_login all = {.count = 0};
    filter.user = NULL;
    ASSERT_DONE(store_logins(store, &filter, see, &all, &error));
    assert_int_equal(all.count, count);
    store_close(store);
    return one;
}

static unsigned learned(const char *directory, const char *user)
{
    struct error error = ERROR_NONE;
    struct profile profile;
    struct store *store;
    bool found = false;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    ASSERT_DONE(store_profile_load(store, user, &profile, &found, &error));
    store_close(store);
    return found ? profile.sessions : 0;
}

static int64_t count_logins(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store_counts counts = {.logins = 0};
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    ASSERT_DONE(store_counts(store, 0, &counts, &error));
    store_close(store);
    return counts.logins;
}

#define LINE(time, text) "2026-03-09T14:05:" time "Z gate sshd[7]: " text "\n"
#define OPENING                                                                                    \
    LINE("01", "Failed password for bob from 1.2.3.4 port 5 ssh2")                                 \
    LINE("01", "Failed password for bob from 1.2.3.4 port 5 ssh2")                                 \
    LINE("02", "Accepted password for alice from 1.2.3.4 port 6 ssh2")
#define CLOSING LINE("50", "pam_unix(sshd:session): session closed for user alice")

static void the_same_again_changes_nothing(void **state)
{
    static const struct {
        const char *format, *text;
        int64_t logins;
    } HISTORIES[] = {
        {"sshd", OPENING CLOSING, 3},
        {"journal",
         "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"__REALTIME_TIMESTAMP\":\"1790000000000000\","
         "\"MESSAGE\":"
         "\"Failed password for bob from 1.2.3.4 port 5 ssh2\"}\n",
         1},
        {"csv", "time,user\n1790000001,x\n1790000001,x\n1780000001,y\n", 3},
    };
    (void)state;

    for (size_t i = 0; i < sizeof HISTORIES / sizeof HISTORIES[0]; i++) {
        int64_t changes = 0;
        assert_int_equal(import_at(*state, HISTORIES[i].format, HISTORIES[i].text, NULL, &changes),
                         0);
        assert_true(changes > 0);
        assert_int_equal(import_at(*state, HISTORIES[i].format, HISTORIES[i].text, NULL, &changes),
                         HISTORIES[i].logins);
        assert_int_equal(changes, 0);
    }
}

/* A log that was read while a session was open, and again when it had grown. */
static void a_session_gets_its_end_later(void **state)
{
    int64_t changes = 0;

    assert_int_equal(import_at(*state, "sshd", OPENING, NULL, &changes), 0);
    assert_int_equal(login_of(*state, "alice", 3).login.reached, STAGE_OPENED);
    assert_int_equal(learned(*state, "alice"), 0);
    assert_int_equal(import_at(*state, "sshd", OPENING CLOSING, NULL, &changes), 3);
    struct one_login one = login_of(*state, "alice", 3);
    assert_int_equal(one.login.reached, STAGE_CLOSED);
    assert_int_equal(one.login.record.event.duration_s, 48);
    assert_int_equal(learned(*state, "alice"), 1);
    /* The older state of the file takes nothing back. */
    assert_int_equal(import_at(*state, "sshd", OPENING, NULL, &changes), 3);
    assert_int_equal(login_of(*state, "alice", 3).login.reached, STAGE_CLOSED);
}

static void rotated_files_overlap(void **state)
{
    int64_t changes = 0;

    assert_int_equal(import_at(*state, "sshd",
                               LINE("01", "Failed password for a from 1.2.3.4 port 5 ssh2")
                                   LINE("02", "Failed password for b from 1.2.3.4 port 6 ssh2"),
                               NULL, &changes),
                     0);
    assert_int_equal(import_at(*state, "sshd",
                               LINE("02", "Failed password for b from 1.2.3.4 port 6 ssh2")
                                   LINE("03", "Failed password for c from 1.2.3.4 port 7 ssh2"),
                               NULL, &changes),
                     1);
    login_of(*state, "b", 3);
}

static void what_the_history_says_of_places_stands(void **state)
{
    struct error error = ERROR_NONE;
    struct geo *geo;
    char paths[512];
    int64_t changes = 0;

    snprintf(paths, sizeof paths, "%s/city.mmdb %s/asn.mmdb", databases, databases);
    ASSERT_DONE(geo_open(&geo, paths, &error));
    import_at(*state, "csv",
              "time,user,ip,country,asn,city,latitude,longitude\n"
              "1790000001,nothing,8.8.8.8,,,,,\n"
              "1790000002,country,8.8.8.8,FR,,,,\n"
              "1790000003,same,8.8.8.8,US,,,,\n"
              "1790000004,asn,8.8.8.8,,64500,,,\n"
              "1790000005,point,8.8.8.8,,,,10,20\n"
              "1790000006,city,8.8.8.8,,,Chicago,,\n",
              geo, &changes);
    geo_close(geo);
    struct place place = login_of(*state, "nothing", 6).login.record.event.place;
    assert_string_equal(place.country, "US");
    assert_string_equal(place.city, "Mountain View");
    assert_int_equal(place.asn, 15169);
    place = login_of(*state, "country", 6).login.record.event.place;
    assert_string_equal(place.country, "FR");
    assert_string_equal(place.city, "");
    assert_true(isnan(place.latitude)); /* the database's are in another country */
    assert_int_equal(place.asn, 15169);
    place = login_of(*state, "same", 6).login.record.event.place;
    assert_string_equal(place.city, "Mountain View");
    place = login_of(*state, "asn", 6).login.record.event.place;
    assert_int_equal(place.asn, 64500);
    assert_string_equal(place.country, "US");
    place = login_of(*state, "point", 6).login.record.event.place;
    assert_float_equal(place.latitude, 10, 0);
    assert_string_equal(place.city, "");
    assert_string_equal(place.country, "US");
    place = login_of(*state, "city", 6).login.record.event.place;
    assert_string_equal(place.city, "Chicago");
    assert_true(isnan(place.longitude));
}

/* Names chosen so that the hashes agree in their low bits do not make them one. */
static void equal_attempts_of_a_second_are_counted(void **state)
{
    static const char PAIR[] = LINE("01", "Failed password for root from 6.6.6.6 port 40000 ssh2")
        LINE("01", "Failed password for invalid user u43689 from 6.6.6.6 port 40000 ssh2");
    char text[10 * sizeof PAIR] = "";
    int64_t changes = 0;

    for (int i = 0; i < 10; i++)
        strcat(text, PAIR);
    assert_int_equal(import_at(*state, "sshd", text, NULL, &changes), 0);
    assert_int_equal(count_logins(*state), 20);
    assert_int_equal(import_at(*state, "sshd", text, NULL, &changes), 20);
}

static void record_login(const char *directory, const char *host, const char *time, uint64_t number)
{
    struct error error = ERROR_NONE;
    struct store *store;
    struct login_record record = fixture_record("alice", "1.2.3.4", 0);

    strcpy(record.event.host, host);
    record.event.time_us = fixture_time_us(time) + 700000;
    record.event.id = login_id_make(record.event.time_us, number);
    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_fold(store, &record, &error));
    ASSERT_DONE(store_commit(store, &error));
    store_close(store);
}

/* What the module recorded of a host is not told again by its log, but what came before is. */
static void what_the_module_saw_is_not_imported(void **state)
{
    int64_t changes = 0;

    record_login(*state, "gate", "2026-03-09 14:05:02", 1);
    assert_int_equal(import_at(*state, "sshd",
                               OPENING CLOSING
                               "2026-03-09T14:05:03Z other sshd[7]: Failed password for c from "
                               "1.2.3.4 port 5 ssh2\n",
                               NULL, &changes),
                     0);
    login_of(*state, "c", 4); /* two of bob's before, the module's, another host's */
    login_of(*state, "alice", 4);
    /* A table may be of anything. */
    import_at(*state, "csv", "time,user,host,service\n1790000001,d,gate,sshd\n", NULL, &changes);
    login_of(*state, "d", 5);
}

/* A log may say the first label of a name that the module knows whole, or the other way round. */
static void hosts_are_the_same_with_and_without_a_domain(void **state)
{
    static const char *const SAME[] = {
        "gate", "GATE",          "gate.example.org", "Gate.Example.ORG",
        "lab",  "lab.any.where", "LAB.example.org"};
    static const char *const OTHER[] = {"gate.example.com",    "gate.example", "gat", "gate2",
                                        "gate.example.org.uk", "example.org",  "org", "la"};
    char line[256];
    int64_t changes = 0, stored = 2;

    record_login(*state, "gate.example.org", "2026-03-09 14:05:02", 1);
    record_login(*state, "Lab", "2026-03-09 14:05:03", 2);
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0] + sizeof OTHER / sizeof OTHER[0]; i++) {
        bool same = i < sizeof SAME / sizeof SAME[0];
        const char *host = same ? SAME[i] : OTHER[i - sizeof SAME / sizeof SAME[0]];
        snprintf(
            line, sizeof line,
            "2026-03-09T14:05:09Z %s sshd[7]: Failed password for c from 1.2.3.4 port 5 ssh2\n",
            host);
        assert_int_equal(import_at(*state, "sshd", line, NULL, &changes), 0);
        stored += !same;
        if (count_logins(*state) != stored)
            fail_msg("%s is %s", host, same ? "another host" : "the same host");
    }
}

static void labels_are_kept(void **state)
{
    int64_t changes = 0;

    import_at(*state, "csv",
              "time,user,success,label,family\n"
              "1790000001,victim,1,attack,takeover\n"
              "1790000002,owner,1,legitimate,\n",
              NULL, &changes);
    struct one_login one = login_of(*state, "victim", 2);
    assert_int_equal(one.login.label, 1);
    assert_string_equal(one.login.family, "takeover");
    assert_true(one.login.imported);
    assert_int_equal(login_of(*state, "owner", 2).login.label, 0);
}

#define KILLED_ROUNDS 12
#define LONG_LOGINS   3000

/* So many logins of as many sessions of alice. */
static char *long_history(int duration_s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    fputs("time,user,ip,duration_s\n", out);
    for (int i = 0; i < LONG_LOGINS; i++)
        fprintf(out, "%d,alice,1.2.3.4,%d\n", 1790000000 + 60 * i, duration_s);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* All of them end after the last has begun. */
static void learns_sessions_that_stay_open(void **state)
{
    char *text = long_history(1000000);
    int64_t changes = 0;

    assert_int_equal(import_at(*state, "csv", text, NULL, &changes), 0);
    assert_int_equal(learned(*state, "alice"), LONG_LOGINS);
    free(text);
}

/* Whenever it is killed: what is stored is learned, and what is not comes with the next import. */
static void killed_it_leaves_all_or_nothing(void **state)
{
    char *text = long_history(5), directory[FIXTURE_PATH_BYTES], command[2 * FIXTURE_PATH_BYTES];
    int64_t changes = 0, whole_us = -fixture_computed_us();

    snprintf(directory, sizeof directory, "%s/whole", (const char *)*state);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(import_at(directory, "csv", text, NULL, &changes), 0);
    assert_int_equal(learned(directory, "alice"), LONG_LOGINS);
    whole_us += fixture_computed_us();
    snprintf(directory, sizeof directory, "%s/killed", (const char *)*state);
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    for (int round = 1; round <= KILLED_ROUNDS; round++) {
        assert_int_equal(mkdir(directory, 0700), 0);
        pid_t child = fixture_fork();
        if (child == 0) {
            fixture_kill_after_us(whole_us * round / KILLED_ROUNDS);
            import_at(directory, "csv", text, NULL, &changes);
            _exit(0);
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
        int64_t stored = count_logins(directory);
        assert_true(stored == 0 || stored == LONG_LOGINS);
        assert_int_equal(learned(directory, "alice"), stored);
        assert_int_equal(import_at(directory, "csv", text, NULL, &changes), stored);
        assert_int_equal(learned(directory, "alice"), LONG_LOGINS);
        assert_int_equal(system(command), 0);
    }
    free(text);
}

int main(int count, char **arguments)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(the_same_again_changes_nothing),
        IN_DIRECTORY(a_session_gets_its_end_later),
        IN_DIRECTORY(rotated_files_overlap),
        IN_DIRECTORY(what_the_history_says_of_places_stands),
        IN_DIRECTORY(equal_attempts_of_a_second_are_counted),
        IN_DIRECTORY(what_the_module_saw_is_not_imported),
        IN_DIRECTORY(hosts_are_the_same_with_and_without_a_domain),
        IN_DIRECTORY(labels_are_kept),
        IN_DIRECTORY(learns_sessions_that_stay_open),
        IN_DIRECTORY(killed_it_leaves_all_or_nothing),
    };
    if (count != 2)
        return 2;
    databases = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
