#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

int fixture_setup(void **state)
{
    char template[] = "/tmp/store-test.XXXXXX";
    char *directory = strdup(mkdtemp(template));

    *state = directory;
    return directory ? 0 : -1;
}

int fixture_teardown(void **state)
{
    char command[FIXTURE_PATH_BYTES];
    int status;

    snprintf(command, sizeof(command), "rm -rf '%s'", (const char *)*state);
    status = system(command);
    free(*state);
    return status;
}

struct login_record fixture_record(const char *user, const char *address, unsigned n)
{
    struct login_record record;
    struct login_event *event = &record.event;

    login_record_init(&record);
    event->time_us = FIXTURE_START_US + (int64_t)n * US_PER_S;
    event->id = login_id_make(event->time_us, (uint64_t)n << 24 | n);
    event->stage = STAGE_ATTEMPT;
    event->connection = n + 1;
    snprintf(event->user, sizeof(event->user), "%s", user);
    snprintf(event->service, sizeof(event->service), "sshd");
    snprintf(event->host, sizeof(event->host), "host");
    snprintf(event->device, sizeof(event->device), "mss1460 ts sack ws7");
    if (address)
        assert_true(ip_parse(address, &event->source));
    event->place.asn = 3320;
    memcpy(event->place.country, "DE", 3);
    event->place.latitude = 52.5f;
    event->place.longitude = 13.4f;
    return record;
}

struct login_record fixture_stage(const struct login_record *attempt, enum login_stage stage,
                                  int64_t after_s)
{
    struct login_record record;

    login_record_init(&record);
    record.event = attempt->event;
    record.event.stage = stage;
    record.event.time_us += after_s * US_PER_S;
    record.event.learn = stage == STAGE_OPENED || stage == STAGE_CLOSED;
    if (stage == STAGE_CLOSED) {
        record.event.bytes_in = 1000;
        record.event.bytes_out = 20000;
        record.event.duration_s = after_s;
    }
    return record;
}

bool fixture_append(int directory_fd, const struct login_record *record, struct error *error)
{
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    size_t size = login_record_encode(record, bytes, sizeof(bytes));

    assert_true(size > 0);
    return journal_append(directory_fd, "login", bytes, size, error);
}

void fixture_end_with_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(99);
}

pid_t fixture_fork(void)
{
    pid_t parent = getpid(), child = fork();

    assert_true(child >= 0);
    if (child == 0)
        fixture_end_with_parent(parent);
    return child;
}

void fixture_kill_after_us(int64_t computed_us)
{
    struct itimerval then = {
        .it_value = {.tv_sec = computed_us / US_PER_S, .tv_usec = computed_us % US_PER_S}};

    if (signal(SIGPROF, SIG_DFL) == SIG_ERR || setitimer(ITIMER_PROF, &then, NULL) != 0)
        _exit(98);
}

int64_t fixture_computed_us(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int fixture_directory_fd(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

struct drain_result fixture_drain(struct store *store, int64_t rotate_bytes)
{
    struct drain_limits limits = {
        .rotate_bytes = rotate_bytes, .batch_records = 500, .now_us = FIXTURE_NOW_US};
    struct drain_result result, sum = {0};
    struct error error = ERROR_NONE;
    int idle = 0;

    do { /* once more after a rotation, and once more to remove the retired file */
        ASSERT_DONE(drain_journals(store, &limits, &result, &error));
        sum.records += result.records;
        sum.refused += result.refused;
        sum.damage.bytes += result.damage.bytes;
        sum.damage.spots += result.damage.spots;
        idle = result.more || result.more_words || result.records > 0 ? 0 : idle + 1;
    } while (idle < 2);
    return sum;
}

static bool count_login(void *context, const struct stored_login *login)
{
    (void)login;
    ++*(int64_t *)context;
    return true;
}

int64_t fixture_logins(struct store *store)
{
    struct login_filter all = {.limit = 0};
    struct error error = ERROR_NONE;
    int64_t count = 0;

    ASSERT_DONE(store_logins(store, &all, count_login, &count, &error));
    return count;
}

static const struct {
    int since;
    const char *sql;
} SCHEMA_ROWS[] = {
#define SCHEMA(since, sql)     {since, sql},
#define LOGIN_INDEX(name, sql) {1, sql},
#include "store/schema.def"
#undef SCHEMA
#undef LOGIN_INDEX
};

void fixture_make_version(const char *directory, int version)
{
    char text[512], table[32];
    sqlite3 *db;

    snprintf(text, sizeof(text), "%s/" STORE_FILE, directory);
    assert_int_equal(sqlite3_open(text, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(SCHEMA_ROWS) / sizeof(SCHEMA_ROWS[0]); i++) {
        if (SCHEMA_ROWS[i].since <= version ||
            sscanf(SCHEMA_ROWS[i].sql, "CREATE TABLE %31s", table) != 1)
            continue;
        snprintf(text, sizeof(text), "DROP TABLE %s", table);
        assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    }
    snprintf(text, sizeof(text), "PRAGMA user_version = %d; PRAGMA wal_checkpoint(TRUNCATE)",
             version);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}
