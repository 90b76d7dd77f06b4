/*
 * No skew: what a login was judged by is what training computes for it. One history goes through
 * the real module, as several kinds of clients and by every method that sshd has, and is then
 * replayed from the store: every feature of every login comes out the same, bit for bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/pam/machine.h"
#include "trainer/replay.h"

#define KEY_A                                                                                      \
    "publickey ssh-ed25519 "                                                                       \
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ0i2BQIJVqMzqRMOUmoANr5/Bhj8Qr1ciNkMmDuxcNn\n"
#define KEY_B                                                                                      \
    "publickey ssh-ed25519 "                                                                       \
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ0i2BQIJVqMzqRMOUmoANr5/Bhj8Qr1ciNkMmDuxcNo\n"
#define INTERACTIVE "keyboard-interactive/pam\n"

#define VISITS        240
#define OPEN_SESSIONS 4
#define SERVER        "10.0.0.1"
#define SERVER_PORT   22

static struct machine machine;

/* ---- the clock: days pass between logins ----------------------------------------------------- */

/* The end of summer time in Berlin, 2026-10-25, is among the days. */
static int64_t now_us = INT64_C(1792000000) * US_PER_S;

/*
 * A symbol of the program comes before libc's, also for the module and its worker. Each look at the
 * clock takes a moment; durations are real.
 */
__attribute__((visibility("default"))) int clock_gettime(clockid_t which, struct timespec *value)
{
    if (which != CLOCK_REALTIME)
        return (int)syscall(SYS_clock_gettime, which, value);
    now_us += 137;
    *value = (struct timespec){.tv_sec = now_us / US_PER_S, .tv_nsec = now_us % US_PER_S * 1000};
    return 0;
}

/* ---- chance: the same history in every run ---- */

static uint64_t chance_state = 5;

static unsigned chance(unsigned below)
{
    chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(chance_state >> 33) % below;
}

/* ---- ways to log in, as sshd calls the hooks for them ---- */

struct way {
    const char *before_auth;    /* SSH_AUTH_INFO_0; "": there is none yet */
    const char *before_account; /* the same */
    const char *before_open;
    bool skip_auth;
    const char *service;
};

static const struct way WAYS[] = {
    {"", "", "password\n", false, "sshd"},
    {"", "", INTERACTIVE, false, "sshd"},
    {"", "", KEY_A, true, "sshd"},
    {"", "", KEY_B, true, "sshd"},
    {KEY_A, KEY_A, KEY_A INTERACTIVE, false, "step-up"},
    {KEY_B, KEY_B, KEY_B "password\n", false, "sshd"},
    {"", "password\n", "password\n" KEY_A, false, "sshd"},
    {"", KEY_A, KEY_A KEY_B, true, "sshd"},
    {"", KEY_A, KEY_A "hostbased\n", true, "sshd"},
    {"", "hostbased\n", "hostbased\n" KEY_B, true, "sshd"},
    {"", "", "gssapi-with-mic\n", true, "sshd"},
    {"", "", "hostbased\n", true, "sshd"},
    {"", "", KEY_A, false, "sshd"}, /* a wrong password, then a key */
    {"", "", "", false, "login"},
};

static const char *const USERS[] = {"alice", "bob", "carol", "dave", "backup"};

static const char *const SOURCES[] = {
    "84.150.10.20",   "84.150.10.21", "91.64.1.2",       "82.64.3.4",
    "126.0.7.8",      "3.80.9.9",     "185.220.101.5",   "192.168.1.7",
    "2003:e0::1:2:3", "8.8.8.8",      "2a00:1450::5:17", "203.0.113.9",
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- one visit: a connection and its hooks ---- */

struct visit {
    const struct way *way;
    pam_handle_t *handle;
    int client, server; /* the connection's two ends; -1: there is none to look at */
};

static int listener = -1;
static uint16_t next_port = 20000;

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return address;
}

static void listen_there(void)
{
    struct sockaddr_in server = address_of(SERVER, SERVER_PORT);

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(listener, -1);
    assert_int_equal(bind(listener, (struct sockaddr *)&server, sizeof server), 0);
    assert_int_equal(listen(listener, 8), 0);
}

static void connect_from(struct visit *visit, const char *source, uint16_t port)
{
    struct sockaddr_in client = address_of(source, port);
    struct sockaddr_in server = address_of(SERVER, SERVER_PORT);
    int most = 500 + 200 * (int)chance(3); /* clients differ in their TCP stacks */

    visit->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(visit->client, -1);
    assert_int_equal(setsockopt(visit->client, IPPROTO_TCP, TCP_MAXSEG, &most, sizeof most), 0);
    assert_int_equal(bind(visit->client, (struct sockaddr *)&client, sizeof client), 0);
    assert_int_equal(connect(visit->client, (struct sockaddr *)&server, sizeof server), 0);
    visit->server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_int_not_equal(visit->server, -1);
}

static void move_bytes(int from, int to, size_t size)
{
    char bytes[4096];

    assert_true(size <= sizeof bytes);
    memset(bytes, 'x', size);
    assert_int_equal(write(from, bytes, size), (ssize_t)size);
    assert_int_equal(recv(to, bytes, size, MSG_WAITALL), (ssize_t)size);
}

static int say_nothing(int count, const struct pam_message **messages,
                       struct pam_response **responses, void *context)
{
    (void)messages, (void)context;
    *responses = calloc((size_t)count, sizeof **responses);
    return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void put(pam_handle_t *handle, const char *name, const char *value)
{
    char text[2048];

    if (value[0] == '\0')
        return;
    snprintf(text, sizeof text, "%s=%s", name, value);
    assert_int_equal(pam_putenv(handle, text), PAM_SUCCESS);
}

static struct visit visit_begin(const char *user, const char *source, const struct way *way)
{
    static const struct pam_conv CONVERSATION = {.conv = say_nothing};
    struct visit visit = {.way = way, .client = -1, .server = -1};
    char connection[128];
    uint16_t port = next_port++;

    assert_int_equal(
        pam_start_confdir(way->service, user, &CONVERSATION, machine.stacks, &visit.handle),
        PAM_SUCCESS);
    if (strcmp(way->service, "login") == 0)
        return visit;
    if (strchr(source, ':') == NULL && chance(3) > 0)
        connect_from(&visit, source, port);
    snprintf(connection, sizeof connection, "%s %u %s %d", source, port, SERVER, SERVER_PORT);
    put(visit.handle, "SSH_CONNECTION", connection);
    return visit;
}

static void visit_attempt(struct visit *visit)
{
    put(visit->handle, "SSH_AUTH_INFO_0", visit->way->before_auth);
    if (!visit->way->skip_auth)
        assert_int_equal(pam_authenticate(visit->handle, 0), PAM_SUCCESS);
}

static void visit_account(struct visit *visit)
{
    put(visit->handle, "SSH_AUTH_INFO_0", visit->way->before_account);
    assert_int_equal(pam_acct_mgmt(visit->handle, 0), PAM_SUCCESS);
}

static void visit_open(struct visit *visit)
{
    put(visit->handle, "SSH_AUTH_INFO_0", visit->way->before_open);
    assert_int_equal(pam_open_session(visit->handle, 0), PAM_SUCCESS);
}

static void visit_leave(struct visit *visit)
{
    assert_int_equal(pam_end(visit->handle, PAM_SUCCESS), PAM_SUCCESS);
    if (visit->client != -1) {
        assert_int_equal(close(visit->client), 0);
        assert_int_equal(close(visit->server), 0);
    }
}

static void visit_close(struct visit *visit)
{
    if (visit->client != -1) {
        move_bytes(visit->client, visit->server, 1 + chance(4000));
        move_bytes(visit->server, visit->client, 1 + chance(4000));
    }
    assert_int_equal(pam_close_session(visit->handle, 0), PAM_SUCCESS);
    visit_leave(visit);
}

/* ---- a history ---- */

static const char *any_source(unsigned user)
{
    return SOURCES[chance(3) > 0 ? user % 3 : chance(COUNT_OF(SOURCES))];
}

static void guess(void)
{
    unsigned user = chance(COUNT_OF(USERS));
    struct visit visit = visit_begin(USERS[user], any_source(chance(12)), &WAYS[0]);

    visit_attempt(&visit);
    visit_leave(&visit);
}

static void pass_time(void)
{
    static const int64_t MOST_S[] = {20, 600, 4 * 3600, 30 * 3600};

    now_us += (int64_t)chance((unsigned)MOST_S[chance(COUNT_OF(MOST_S))] * 1000) * 1000;
}

static struct visit visit_of(unsigned number)
{
    unsigned user = chance(COUNT_OF(USERS));
    const struct way *way =
        &WAYS[number < COUNT_OF(WAYS) * 3 ? number % COUNT_OF(WAYS) : chance(COUNT_OF(WAYS))];
    struct visit visit = visit_begin(USERS[user], any_source(user), way);

    visit_attempt(&visit);
    if (chance(4) == 0)
        guess();
    visit_account(&visit);
    pass_time();
    return visit;
}

/* Sessions overlap, and part of the history stands in the journal alone while logins are judged. */
static void live(void)
{
    struct visit open[OPEN_SESSIONS];
    unsigned count = 0;

    for (unsigned i = 0; i < VISITS; i++) {
        if (i == VISITS / 4)
            machine_stop_daemon(&machine, SIGTERM);
        if (i == VISITS / 2) {
            machine_start_daemon(&machine);
            /* With the default budgets some logins are not learned. */
            machine_configure(&machine,
                              "geo = " GEO_FILES "\nkeep_logins = 36500d\nkeep_failures = 36500d\n"
                              "keep_sources = 36500d\nlog_budget = 1/10\n");
        }
        if (count == OPEN_SESSIONS || (count > 0 && chance(2) == 0))
            visit_close(&open[--count]);
        open[count] = visit_of(i);
        visit_open(&open[count++]);
        pass_time();
        (void)machine_log(&machine);
    }
    while (count > 0)
        visit_close(&open[--count]);
}

/* ---- the same history, replayed ---- */

struct comparison {
    int64_t logins, learned;
    int64_t unlike;
    char first[512]; /* what differs first */
    bool known[FEATURE_COUNT], varied[FEATURE_COUNT];
    float seen[FEATURE_COUNT];
    char error[512];
};

static void note_value(struct comparison *comparison, unsigned feature, float value)
{
    if (isnan(value))
        return;
    if (comparison->known[feature] && value != comparison->seen[feature])
        comparison->varied[feature] = true;
    comparison->known[feature] = true;
    comparison->seen[feature] = value;
}

static bool compare(void *context, struct replay *replay, const struct stored_login *login,
                    const struct login_event *seen, const struct history *history,
                    struct error *error)
{
    struct comparison *comparison = context;
    const struct assessment *judged = &login->record.assessment;
    float replayed[FEATURE_COUNT];

    (void)replay;
    if (!login->record.assessed || !judged->features_known)
        return error_set(error, FAULT_STORE, "login %lld of %s was not judged",
                         (long long)comparison->logins, seen->user);
    features_extract(seen, history, replayed);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        note_value(comparison, i, judged->features[i]);
        if (memcmp(&judged->features[i], &replayed[i], sizeof replayed[i]) == 0)
            continue;
        if (comparison->unlike++ == 0)
            snprintf(comparison->first, sizeof comparison->first,
                     "%s of login %lld by %s (%s): %.9g at the login, %.9g in replay",
                     FEATURE_TABLE[i].name, (long long)comparison->logins, seen->user,
                     login_method_name(login->record.event.method), (double)judged->features[i],
                     (double)replayed[i]);
    }
    comparison->logins++;
    comparison->learned += login->record.event.learn;
    return true;
}

static bool no_moment(void *context, struct replay *replay, const struct login_event *about,
                      int64_t time_us, struct error *error)
{
    (void)context, (void)replay, (void)about, (void)time_us;
    return error_set(error, FAULT_STORE, "nobody asked for a moment");
}

struct feeding {
    struct replay *replay;
    bool failed;
    struct error *error;
};

static bool feed(void *context, const struct stored_login *login)
{
    struct feeding *feeding = context;

    feeding->failed = !replay_add(feeding->replay, login, feeding->error);
    return !feeding->failed;
}

static bool replay_store(struct machine *where, void *result)
{
    struct comparison *comparison = result;
    struct replay_hooks hooks = {compare, no_moment, comparison};
    struct login_filter all = {.since_us = 0};
    struct error error = ERROR_NONE;
    struct feeding feeding = {.error = &error};
    struct store *store = NULL;
    bool done = store_open(&store, where->store, STORE_READ, &error) &&
                replay_create(&feeding.replay, &hooks, &error) &&
                store_logins(store, &all, feed, &feeding, &error) && !feeding.failed &&
                replay_finish(feeding.replay, &error);

    replay_destroy(feeding.replay);
    store_close(store);
    if (!done)
        snprintf(comparison->error, sizeof comparison->error, "%s", error.text);
    return done;
}

/* Nobody knows a session's volume when it begins; databases tell of anonymous networks alone. */
static bool says_enough(const struct comparison *comparison, unsigned feature)
{
    switch (feature) {
    case FEATURE_BYTES_IN_DEVIATION:
    case FEATURE_BYTES_OUT_DEVIATION:
    case FEATURE_DURATION_DEVIATION:
        return true;
    case FEATURE_ANONYMOUS:
        return comparison->known[feature];
    default:
        return comparison->varied[feature];
    }
}

static void test_training_sees_each_login_as_it_was_judged(void **state)
{
    static struct comparison comparison;

    (void)state;
    assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
    tzset();
    machine_create(&machine,
                   "geo = " GEO_FILES
                   "\nkeep_logins = 36500d\nkeep_failures = 36500d\nkeep_sources = 36500d\n"
                   "log_budget = 0\nstep_up_budget = 0\ndeny_budget = 0\n");
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    listen_there();
    live();
    machine_stop_daemon(&machine, SIGTERM); /* it reads the journal to its end first */
    if (!machine_as_service(&machine, replay_store, &comparison, sizeof comparison))
        fail_msg("%s", comparison.error);
    if (comparison.unlike > 0)
        fail_msg("%lld features differ, the first: %s", (long long)comparison.unlike,
                 comparison.first);
    assert_true(comparison.logins > VISITS);
    assert_true(comparison.learned > VISITS / 2 && comparison.learned < VISITS);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (!says_enough(&comparison, i))
            fail_msg("%s never varied in this history: nothing is said of it",
                     FEATURE_TABLE[i].name);
    }
    assert_int_equal(close(listener), 0);
    machine_destroy(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_sees_each_login_as_it_was_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
