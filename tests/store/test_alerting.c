/* anomalyd sends alerts: by mail, to a webhook, to the log; once each, whatever the channel does.
 */
#include <fcntl.h>
#include <poll.h>
#include <sha256.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon_fixture.h"
#include "hook_server.h"
#include "store/alert.h"

#define SECRET "0123456789abcdef-the-secret"
#define PATH   "/services/T00/b0therw1se-secret"
/* Of a channel that answers, sooner or later. */
#define PATIENT "timeout = 1min\n"

static const char *program, *control;

/* ---- files ---------------------------------------------------------------------------------- */

static void write_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[FIXTURE_PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* NULL: there is none. The caller frees it. */
static char *read_file(const char *directory, const char *name, size_t *size)
{
    char path[FIXTURE_PATH_BYTES], *text = calloc(1, 1 << 22);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "r");
    if (!file) {
        free(text);
        return NULL;
    }
    *size = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

static struct daemon start(const char *directory, const char *rules)
{
    char config[FIXTURE_PATH_BYTES * 2];
    struct daemon daemon;

    write_file(directory, "alerts", rules, 0600);
    snprintf(config, sizeof(config), KEEP "keep_alerts = 36500d\nalerts = %s/alerts\n", directory);
    daemon = daemon_start(program, directory, config);
    daemon_expect_state(&daemon, "READY=1");
    return daemon;
}

static const char *webhook(const char *directory, const struct hook_server *server,
                           const char *more)
{
    static char text[1024];

    write_file(directory, "secret", SECRET "\n", 0600);
    snprintf(text, sizeof(text),
             "[rule denied]\nverdict = deny\nwait = 0s\nquiet = 1h\nchannels = hook\n"
             "[channel hook]\nkind = webhook\nurl = http://127.0.0.1:%d" PATH "\n"
             "secret_file = %s/secret\n%s%s",
             server->port, directory, strstr(more, "timeout =") ? "" : PATIENT, more);
    return text;
}

/* ---- logins and what becomes of them -------------------------------------------------------- */

/* Logins that must fall into one message are appended before anomalyd starts: it may read between
 * any two. */
static void append(const char *directory, const char *user, unsigned first, unsigned count)
{
    int fd = fixture_directory_fd(directory);

    for (unsigned n = first; n < first + count; n++) {
        struct login_record record = fixture_record(user, "203.0.113.7", n);
        struct error error = ERROR_NONE;

        record.assessed = true;
        record.assessment.verdict = VERDICT_DENY;
        record.assessment.risk = 0.97;
        record.assessment.reason_count = 1;
        record.assessment.reasons[0] = (struct reason){.feature = FEATURE_ASN_SEEN, .share = 0.5f};
        record.answer = VERDICT_LOG;
        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    close(fd);
}

struct deliveries {
    struct alert_delivery list[32];
    int count;
};

static bool keep(void *context, const struct alert_delivery *delivery)
{
    struct deliveries *deliveries = context;

    assert_true(deliveries->count < 32);
    deliveries->list[deliveries->count++] = *delivery;
    return true;
}

static struct deliveries deliveries_of(const char *directory, int64_t alert)
{
    struct deliveries deliveries = {.count = 0};
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    ASSERT_DONE(store_deliveries(store, alert, 32, keep, &deliveries, &error));
    store_close(store);
    return deliveries;
}

/* The one delivery of an alert, when it has ended. */
static struct alert_delivery expect_delivery(const char *directory, int64_t alert)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    for (;;) {
        struct deliveries deliveries = deliveries_of(directory, alert);

        if (deliveries.count > 0 && deliveries.list[0].state != DELIVERY_PENDING) {
            assert_int_equal(deliveries.count, 1);
            return deliveries.list[0];
        }
        if (clock_monotonic_us() > until_us)
            fail_msg("no delivery of alert %lld ended", (long long)alert);
        usleep(20000);
    }
}

static void expect_requests(const struct hook_server *server, int count)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    while (hook_server_requests(server) < count) {
        if (clock_monotonic_us() > until_us)
            fail_msg("%d requests instead of %d", hook_server_requests(server), count);
        usleep(20000);
    }
}

static bool count_one(void *context, const struct alert *alert)
{
    *(int64_t *)context += alert->count;
    return true;
}

static int64_t logins_alerted(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;
    int64_t count = 0;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    ASSERT_DONE(store_alerts(store, ALERT_STATE_ALL, 0, 100, count_one, &count, &error));
    store_close(store);
    return count;
}

static void expect_alerted(const char *directory, int64_t count)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    while (logins_alerted(directory) != count) {
        if (clock_monotonic_us() > until_us)
            fail_msg("%lld logins in alerts instead of %lld", (long long)logins_alerted(directory),
                     (long long)count);
        usleep(20000);
    }
}

/* ---- signatures ----------------------------------------------------------------------------- */

/* RFC 2104, by hand. */
static void hmac(const char *key, const char *text, size_t size, char hex[65])
{
    uint8_t inner[64] = {0}, outer[64] = {0}, digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX context;

    assert_true(strlen(key) <= 64);
    for (size_t i = 0; i < 64; i++) {
        uint8_t byte = i < strlen(key) ? (uint8_t)key[i] : 0;

        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    SHA256Init(&context);
    SHA256Update(&context, inner, 64);
    SHA256Update(&context, (const uint8_t *)text, size);
    SHA256Final(digest, &context);
    SHA256Init(&context);
    SHA256Update(&context, outer, 64);
    SHA256Update(&context, digest, sizeof(digest));
    SHA256Final(digest, &context);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void header_of(const char *request, const char *name, char *value, size_t capacity)
{
    const char *at = strstr(request, name);

    if (!at)
        fail_msg("no header %s in %.600s", name, request);
    at += strlen(name);
    snprintf(value, capacity, "%.*s", (int)strcspn(at, "\r"), at);
}

static void check_signature(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n") + 4;
    char timestamp[32], signature[128], expected[65], *text;
    long long now_s = (long long)time(NULL);
    int length;

    header_of(request, "X-Anomaly-Timestamp: ", timestamp, sizeof(timestamp));
    header_of(request, "X-Anomaly-Signature: sha256=", signature, sizeof(signature));
    assert_true(llabs(now_s - atoll(timestamp)) < 60);
    length = asprintf(&text, "%s.%s", timestamp, body);
    hmac(SECRET, text, (size_t)length, expected);
    free(text);
    assert_string_equal(signature, expected);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_webhook_is_signed_and_tried_again(void **state)
{
    static const int PLAN[] = {500, 200};
    struct hook_server server = hook_server_start(*state, PLAN, 2);
    struct alert_delivery delivery;
    char ids[2][32], *request;
    struct daemon daemon;

    append(*state, "mallory", 0, 3);
    daemon = start(*state, webhook(*state, &server, "pause = 50ms\n"));
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_DONE);
    assert_int_equal(delivery.attempts, 2);
    assert_string_equal(delivery.message, "answered 200");
    assert_int_equal(delivery.count, 3);
    for (int i = 0; i < 2; i++) {
        request = hook_server_request(&server, i);
        assert_int_equal(strncmp(request, "POST " PATH " HTTP/1.1\r\n", 20), 0);
        check_signature(request);
        header_of(request, "X-Anomaly-Delivery: ", ids[i], sizeof(ids[i]));
        assert_non_null(strstr(request, "\"rule\": \"denied\""));
        assert_non_null(strstr(request, "\"count\": 3"));
        assert_non_null(strstr(request, "\"user\": \"mallory\""));
        assert_non_null(strstr(request, "\"ip\": \"203.0.113.7\""));
        free(request);
    }
    assert_string_equal(ids[0], ids[1]);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

static void test_a_redirect_is_not_followed(void **state)
{
    static const int PLAN[] = {302};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    struct daemon daemon = start(*state, webhook(*state, &server, "pause = 10ms\n"));
    struct alert_delivery delivery;

    append(*state, "mallory", 0, 1);
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    assert_int_equal(delivery.attempts, 1);
    assert_non_null(strstr(delivery.message, "a redirect is not followed"));
    usleep(300000);
    assert_int_equal(hook_server_requests(&server), 1);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

/* Of a hook and, beside it, of mail to a program that takes it at once. */
static const char *hook_and_mail(const char *directory, const struct hook_server *server,
                                 const char *of_hook)
{
    char more[512];

    snprintf(more, sizeof(more),
             "%s[rule quick]\nuser = mallory\nwait = 0s\nchannels = mail\n"
             "[channel mail]\nkind = email\nto = soc@example.org\nsendmail = %s/sendmail\n" PATIENT,
             of_hook, directory);
    write_file(directory, "sendmail", "#!/bin/sh\ncat >/dev/null\n", 0755);
    return webhook(directory, server, more);
}

static void kill_daemon(struct daemon *daemon)
{
    assert_int_equal(kill(daemon->pid, SIGKILL), 0);
    assert_int_equal(waitpid(daemon->pid, NULL, 0), daemon->pid);
    close(daemon->manager);
}

/* A server that never answers holds neither the folds nor another channel up. */
static void test_a_silent_server_holds_nothing_up(void **state)
{
    static const int PLAN[] = {0};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    struct alert_delivery delivery;
    struct daemon daemon;

    daemon = start(*state, hook_and_mail(*state, &server, PATIENT "attempts = 1\n"));
    append(*state, "mallory", 0, 1);
    expect_requests(&server, 1);
    append(*state, "mallory", 1, 500);
    expect_alerted(*state, 1002);
    delivery = expect_delivery(*state, 2);
    assert_int_equal(delivery.state, DELIVERY_DONE);
    assert_int_equal(deliveries_of(*state, 1).list[0].state, DELIVERY_PENDING);
    kill_daemon(&daemon);
    daemon = start(*state,
                   hook_and_mail(*state, &server, "timeout = 300ms\nattempts = 2\npause = 10ms\n"));
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    assert_int_equal(delivery.attempts, 2);
    assert_non_null(strstr(delivery.message, "timed out"));
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

static void test_a_flood_is_one_request(void **state)
{
    static const int PLAN[] = {200};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    struct daemon daemon;

    append(*state, "mallory", 0, 10000);
    daemon = start(*state, webhook(*state, &server, ""));
    expect_alerted(*state, 10000);
    assert_int_equal(expect_delivery(*state, 1).state, DELIVERY_DONE);
    usleep(1500000);
    assert_int_equal(hook_server_requests(&server), 1);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

/* What was sent is not sent again, and what was not is: after an orderly end and after a kill. */
static void test_restarts_neither_repeat_nor_lose(void **state)
{
    static const int PLAN[] = {503, 503, 200};
    struct hook_server server = hook_server_start(*state, PLAN, 3);
    const char *rules = webhook(*state, &server, "pause = 1min\n");
    struct alert_delivery delivery;
    struct daemon daemon;
    char *request;

    append(*state, "mallory", 0, 7);
    daemon = start(*state, rules);
    expect_requests(&server, 1); /* refused; the next try is a minute off */
    daemon_stop(&daemon);
    assert_int_equal(deliveries_of(*state, 1).list[0].state, DELIVERY_PENDING);
    daemon = start(*state, rules);
    expect_requests(&server, 2);
    usleep(300000); /* its answer is kept, or not: it is not sent again at once */
    kill_daemon(&daemon);
    daemon = start(*state, rules);
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_DONE);
    assert_int_equal(delivery.count, 7);
    daemon_stop(&daemon);
    daemon = start(*state, rules);
    usleep(1500000);
    daemon_stop(&daemon);
    assert_int_equal(hook_server_requests(&server), 3);
    request = hook_server_request(&server, 2);
    assert_non_null(strstr(request, "\"new\": 7"));
    free(request);
    hook_server_stop(&server);
}

static void test_an_answer_at_the_end_is_kept(void **state)
{
    static const int PLAN[] = {0};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    struct daemon daemon = start(*state, webhook(*state, &server, "timeout = 1s\nattempts = 1\n"));

    append(*state, "mallory", 0, 1);
    expect_requests(&server, 1);
    daemon_stop(&daemon); /* waits for the attempt that runs */
    assert_int_equal(deliveries_of(*state, 1).list[0].state, DELIVERY_FAILED);
    hook_server_stop(&server);
}

static void test_mail_headers_are_ours(void **state)
{
    char rules[512], script[512], *mail, *body;
    struct alert_delivery delivery;
    struct daemon daemon;
    size_t size;

    snprintf(script, sizeof(script), "#!/bin/sh\necho \"$@\" >%s/arguments\ncat >%s/mail\n",
             (const char *)*state, (const char *)*state);
    write_file(*state, "sendmail", script, 0755);
    snprintf(rules, sizeof(rules),
             "[rule denied]\nverdict = deny\ngroup_by = user\nwait = 0s\nchannels = mail\n"
             "[channel mail]\nkind = email\nto = soc@example.org ops@example.org\n"
             "from = anomaly@example.org\nsendmail = %s/sendmail\n" PATIENT,
             (const char *)*state);
    append(*state, "root\r\nBcc: evil@example.org\r\n\r\n.\r\nGo to \xc3\xa9vil", 0, 2);
    daemon = start(*state, rules);
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_DONE);
    assert_int_equal(delivery.attempts, 1);
    mail = read_file(*state, "arguments", &size);
    assert_string_equal(mail, "-t -i\n");
    free(mail);
    mail = read_file(*state, "mail", &size);
    assert_int_equal(strlen(mail), size);
    body = strstr(mail, "\n\n");
    assert_non_null(body);
    assert_null(strchr(mail, '\r'));
    assert_null(strstr(mail, "\nBcc:"));
    assert_null(strstr(mail, "\n.\n"));
    assert_int_equal(strncmp(mail,
                             "From: anomaly@example.org\nTo: soc@example.org, "
                             "ops@example.org\nSubject: [pam_anomaly] ",
                             80),
                     0);
    assert_non_null(strstr(body, "root\?\?Bcc: evil@example.org\?\?\?\?.\?\?Go to \xc3\xa9vil from "
                                 "203.0.113.7"));
    assert_non_null(strstr(body, "risk 0.970, verdict deny, answered log"));
    for (const char *at = mail; at < body; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
    free(mail);
    daemon_stop(&daemon);
}

static void test_sendmail_that_fails_or_hangs(void **state)
{
    char rules[1024];
    struct alert_delivery delivery;
    struct daemon daemon;

    write_file(*state, "fails", "#!/bin/sh\necho 'no such domain' >&2\nexit 67\n", 0755);
    write_file(*state, "hangs", "#!/bin/sh\nsleep 60\n", 0755);
    snprintf(rules, sizeof(rules),
             "[rule denied]\nverdict = deny\nwait = 0s\nchannels = fails\n"
             "[rule risky]\nrisk = 0.5\nwait = 0s\nchannels = hangs\n"
             "[channel fails]\nkind = email\nto = a@example.org\nsendmail = %s/fails\n"
             "attempts = 2\npause = 10ms\n" PATIENT
             "[channel hangs]\nkind = email\nto = a@example.org\nsendmail = %s/hangs\n"
             "attempts = 1\ntimeout = 300ms\n",
             (const char *)*state, (const char *)*state);
    daemon = start(*state, rules);
    append(*state, "mallory", 0, 1);
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    assert_int_equal(delivery.attempts, 2);
    assert_non_null(strstr(delivery.message, "ended with status 67: no such domain"));
    delivery = expect_delivery(*state, 2);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    assert_string_equal(delivery.message, "no answer within 300 ms");
    daemon_expect_words(&daemon, "an alert did not reach the channel fails");
    daemon_stop(&daemon);
}

static void test_syslog(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char rules[512], line[1024] = "";
    struct daemon daemon;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/log", (const char *)*state);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    snprintf(rules, sizeof(rules),
             "[rule denied]\nverdict = deny\ngroup_by = source\nwait = 0s\nchannels = log\n"
             "[channel log]\nkind = syslog\nsocket = %s\n",
             address.sun_path);
    append(*state, "mallory", 0, 2);
    daemon = start(*state, rules);
    assert_int_equal(expect_delivery(*state, 1).state, DELIVERY_DONE);
    assert_true(recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT) > 0);
    assert_int_equal(strncmp(line, "<84>", 4), 0);
    assert_non_null(strstr(line, ": denied: 2 logins of 203.0.113.7, judged up to deny"));
    daemon_stop(&daemon);
    close(fd);
}

static bool holds(const char *directory, const char *name, const char *words)
{
    size_t size, length = strlen(words);
    char *text = read_file(directory, name, &size);
    bool found = text && memmem(text, size, words, length) != NULL;

    free(text);
    return found;
}

static void test_secrets_stay_secret(void **state)
{
    static const int PLAN[] = {404};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    const char *rules = webhook(*state, &server, "");
    struct daemon daemon = start(*state, rules);
    struct alert_delivery delivery;

    append(*state, "mallory", 0, 1);
    delivery = expect_delivery(*state, 1);
    assert_string_equal(delivery.message, "answered 404");
    assert_int_equal(delivery.attempts, 1); /* it would not get better */
    daemon_stop(&daemon);
    hook_server_stop(&server); /* and now nobody listens */
    write_file(*state, "alerts", rules, 0600);
    daemon = start(*state, webhook(*state, &server,
                                   "attempts = 1\n[rule b]\nuser = eve\n"
                                   "wait = 0s\nchannels = hook\n"));
    append(*state, "eve", 5, 1);
    delivery = expect_delivery(*state, 2);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    daemon_stop(&daemon);
    assert_true(daemon_log_says(&daemon, "did not reach the channel hook"));
    for (size_t i = 0; i < 2; i++) {
        static const char *const SECRETS[] = {SECRET, PATH};

        assert_false(holds(*state, "store.db", SECRETS[i]));
        assert_false(holds(*state, "test.log", SECRETS[i]));
    }
    assert_true(holds(*state, "store.db", "hook")); /* it would be found */
}

static void test_a_secret_that_others_can_read(void **state)
{
    static const int PLAN[] = {200};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    const char *rules = webhook(*state, &server, "");
    struct alert_delivery delivery;
    struct daemon daemon;

    write_file(*state, "secret", SECRET, 0644);
    daemon = start(*state, rules);
    append(*state, "mallory", 0, 1);
    delivery = expect_delivery(*state, 1);
    assert_int_equal(delivery.state, DELIVERY_FAILED);
    assert_non_null(strstr(delivery.message, "can be read by others"));
    assert_int_equal(hook_server_requests(&server), 0);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

static void test_a_bad_file_leaves_the_last_good_one(void **state)
{
    static const int PLAN[] = {200};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    struct daemon daemon = start(*state, webhook(*state, &server, ""));

    write_file(*state, "alerts", "[rule denied]\nverdict = worst\n", 0600);
    assert_int_equal(kill(daemon.pid, SIGHUP), 0);
    daemon_expect_words(&daemon, "the rules of alerts stay as they were: ");
    daemon_expect_words(&daemon, "alerts:2: verdict: \"worst\" is not one of");
    append(*state, "mallory", 0, 1);
    assert_int_equal(expect_delivery(*state, 1).state, DELIVERY_DONE);
    write_file(*state, "alerts", "", 0600);
    assert_int_equal(kill(daemon.pid, SIGHUP), 0);
    daemon_expect_times(&daemon, "the configuration was read again", 2);
    append(*state, "mallory", 1, 1);
    usleep(1500000);
    assert_int_equal(logins_alerted(*state), 1);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

static bool is_sender(pid_t pid)
{
    char path[64], name[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    file = fopen(path, "r");
    if (file && !fgets(name, sizeof(name), file))
        name[0] = '\0';
    if (file)
        fclose(file);
    return strcmp(name, "anomalyd-alerts\n") == 0;
}

/* 0: anomalyd has none that is under way. */
static pid_t look_for_sender(const struct daemon *daemon)
{
    char path[64];
    pid_t pid = 0;
    FILE *file;
    int child;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", daemon->pid, daemon->pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (pid == 0 && fscanf(file, "%d", &child) == 1)
        pid = is_sender(child) ? child : 0;
    fclose(file);
    return pid;
}

static pid_t sender_of(const struct daemon *daemon)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;
    pid_t pid;

    while ((pid = look_for_sender(daemon)) == 0 && clock_monotonic_us() < until_us)
        usleep(20000);
    assert_true(pid > 0);
    return pid;
}

/* Folds go on without a sender, and what it did not send is sent by the next. */
static void test_a_sender_that_dies(void **state)
{
    static const int PLAN[] = {200};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    const char *rules = webhook(*state, &server, "");
    struct daemon daemon = start(*state, rules);
    pid_t sender = sender_of(&daemon);
    int64_t until_us;

    assert_int_equal(kill(sender, SIGKILL), 0);
    daemon_expect_words(&daemon, "the sender of alerts has ended");
    append(*state, "mallory", 0, 3);
    expect_alerted(*state, 3);
    usleep(1200000);
    assert_int_equal(deliveries_of(*state, 1).list[0].state, DELIVERY_PENDING);
    daemon_stop(&daemon);
    daemon = start(*state, rules);
    assert_int_equal(expect_delivery(*state, 1).state, DELIVERY_DONE);
    assert_int_equal(hook_server_requests(&server), 1);
    /* It ends with anomalyd, however that ends. */
    sender = sender_of(&daemon);
    kill_daemon(&daemon);
    until_us = clock_monotonic_us() + DAEMON_WAIT_US;
    while (waitpid(sender, NULL, WNOHANG) != sender && clock_monotonic_us() < until_us)
        usleep(20000);
    assert_false(is_sender(sender));
    hook_server_stop(&server);
}

/* The newest deliveries, so many, once all of them have ended. */
static struct deliveries expect_ended(const char *directory, int count)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    for (;;) {
        struct deliveries deliveries = deliveries_of(directory, 0);
        int ended = 0;

        for (int i = 0; i < deliveries.count; i++)
            ended += deliveries.list[i].state != DELIVERY_PENDING;
        if (ended == count && deliveries.count == count)
            return deliveries;
        if (clock_monotonic_us() > until_us)
            fail_msg("%d of %d deliveries ended instead of %d", ended, deliveries.count, count);
        usleep(20000);
    }
}

static void test_a_test_message(void **state)
{
    static const int PLAN[] = {200};
    struct hook_server server = hook_server_start(*state, PLAN, 1);
    const char *rules = webhook(*state, &server, "");
    struct error error = ERROR_NONE;
    struct deliveries deliveries;
    struct daemon daemon;
    struct store *store;
    char *request;
    bool taken;

    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    ASSERT_DONE(store_alert_test(store, "hook", "anna", clock_utc_us(), &taken, &error));
    ASSERT_DONE(store_alert_test(store, "none", "anna", clock_utc_us(), &taken, &error));
    store_close(store);
    daemon = start(*state, rules);
    expect_requests(&server, 1);
    request = hook_server_request(&server, 0);
    check_signature(request);
    assert_non_null(strstr(request, "\"kind\": \"test\""));
    assert_non_null(strstr(request, "\"by\": \"anna\""));
    free(request);
    deliveries = expect_ended(*state, 2);
    assert_string_equal(deliveries.list[0].message, "there is no channel of this name");
    assert_int_equal(deliveries.list[1].state, DELIVERY_DONE);
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

/* anomalyctl with those words; what it prints on both outputs. Returns its exit status. */
static int run_control(const struct daemon *daemon, const char *words, char *said, size_t capacity)
{
    char command[1024];
    size_t size;
    FILE *pipe;

    snprintf(command, sizeof(command), "%s alerts --config %s %s 2>&1", control, daemon->config,
             words);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    size = fread(said, 1, capacity - 1, pipe);
    said[size] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

/* What is folded in is seen after a while. */
static void wait_for_control(const struct daemon *daemon, const char *words, const char *expected)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;
    char said[16384];

    while (run_control(daemon, words, said, sizeof(said)) != 0 || !strstr(said, expected)) {
        if (clock_monotonic_us() > until_us)
            fail_msg("alerts %s said: %s", words, said);
        usleep(20000);
    }
}

static void expect_control(const struct daemon *daemon, const char *words, int status,
                           const char *expected)
{
    char said[16384];
    int was = run_control(daemon, words, said, sizeof(said));

    if (was != status || !strstr(said, expected))
        fail_msg("alerts %s: status %d, said: %s", words, was, said);
    assert_null(strstr(said, PATH));
    assert_null(strstr(said, SECRET));
}

static void test_the_command_line(void **state)
{
    static const int PLAN[] = {200, 200, 404};
    struct hook_server server = hook_server_start(*state, PLAN, 3);
    char config[FIXTURE_PATH_BYTES * 3];
    struct daemon daemon;

    append(*state, "mallory", 0, 3);
    daemon = start(*state, webhook(*state, &server,
                                   "[channel other]\nkind = webhook\n"
                                   "url = http://127.0.0.1:1/x\nattempts = 1\n"
                                   "secret_file = /nowhere\n"));
    snprintf(config, sizeof(config), KEEP "keep_alerts = 36500d\nalerts = %s/alerts\nstore = %s\n",
             (const char *)*state, (const char *)*state);
    daemon_write_config(&daemon, config);
    assert_int_equal(expect_delivery(*state, 1).state, DELIVERY_DONE);
    expect_control(&daemon, "", 0, "3 logins, judged up to deny, risk up to 0.970");
    expect_control(&daemon, "--json", 0, "\"message\": \"answered 200\"");
    expect_control(&daemon, "--state open", 0, "denied");
    expect_control(&daemon, "--state gone", 2, "is not a state");
    expect_control(&daemon, "test hook", 0, "channel hook: answered 200");
    expect_control(&daemon, "test other", 1, "did not reach the channel other in 1 attempts");
    expect_control(&daemon, "test none", 1, "has no channel none");
    expect_control(&daemon, "acknowledge 1", 0, "");
    expect_control(&daemon, "acknowledge 2", 1, "there is no alert 2");
    expect_control(&daemon, "acknowledge one", 2, "is not the number of an alert");
    wait_for_control(&daemon, "--state open", "no such alert");
    expect_control(&daemon, "--state acknowledged --json", 0, "\"by\":");
    daemon_stop(&daemon);
    hook_server_stop(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_webhook_is_signed_and_tried_again),
        TEST(test_a_redirect_is_not_followed),
        TEST(test_a_silent_server_holds_nothing_up),
        TEST(test_a_flood_is_one_request),
        TEST(test_restarts_neither_repeat_nor_lose),
        TEST(test_an_answer_at_the_end_is_kept),
        TEST(test_mail_headers_are_ours),
        TEST(test_sendmail_that_fails_or_hangs),
        TEST(test_syslog),
        TEST(test_secrets_stay_secret),
        TEST(test_a_secret_that_others_can_read),
        TEST(test_a_bad_file_leaves_the_last_good_one),
        TEST(test_a_sender_that_dies),
        TEST(test_a_test_message),
        TEST(test_the_command_line),
    };

    if (argc != 3)
        return 2;
    program = argv[1];
    control = argv[2];
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* who is left alone comes here */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
