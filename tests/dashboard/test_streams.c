/* Replies that wait: five hundred of them in few threads, woken by others, timed, given up. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "dashboard/respond.h"
#include "dashboard/waker.h"

#define VIEWERS 500
#define WAIT_US (INT64_C(60) * US_PER_S)

/* What one viewer is sent: as many events as were published since it came. */
struct viewer {
    struct reply_waker waker;
    struct viewer *next;
    int published, sent; /* under the lock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct viewer *viewers;
static atomic_int present, timer_calls;
static int64_t wake_after_ms;

static ssize_t produce(void *context, char *bytes, size_t capacity)
{
    struct viewer *viewer = context;
    bool due;

    pthread_mutex_lock(&lock);
    due = viewer->sent < viewer->published;
    if (due)
        viewer->sent++;
    pthread_mutex_unlock(&lock);
    if (!due) {
        atomic_fetch_add(&timer_calls, 1);
        return REPLY_WAITS;
    }
    assert_true(capacity > 0);
    bytes[0] = '!';
    return 1;
}

static void leave(void *context)
{
    struct viewer *viewer = context, **at;

    pthread_mutex_lock(&lock);
    for (at = &viewers; *at != viewer; at = &(*at)->next) {
    }
    *at = viewer->next;
    pthread_mutex_unlock(&lock);
    free(viewer);
    atomic_fetch_sub(&present, 1);
}

static void publish(void)
{
    pthread_mutex_lock(&lock);
    for (struct viewer *viewer = viewers; viewer != NULL; viewer = viewer->next) {
        viewer->published++;
        reply_wake(&viewer->waker);
    }
    pthread_mutex_unlock(&lock);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    static int seen;
    struct request request = {0};
    struct reply_body body;
    struct reply reply;
    struct viewer *viewer;
    (void)context, (void)url, (void)method, (void)version, (void)bytes, (void)size;

    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    viewer = calloc(1, sizeof(*viewer));
    assert_non_null(viewer);
    assert_true(reply_begin(&reply, &body));
    reply.type = "text/event-stream";
    reply.produce = produce;
    reply.context = viewer;
    reply.destroy = leave;
    reply.waker = &viewer->waker;
    reply.wake_after_ms = wake_after_ms;
    pthread_mutex_lock(&lock);
    viewer->next = viewers;
    viewers = viewer;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&present, 1);
    assert_true(reply_end(&reply, &body, NULL));
    enum MHD_Result result = respond(connection, &request, &reply, &body, false);
    reply_body_free(&body);
    return result;
}

static struct MHD_Daemon *start(uint16_t *port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct rlimit limit = {4096, 4096};

    (void)setrlimit(RLIMIT_NOFILE, &limit);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                         on_request, NULL, MHD_OPTION_THREAD_POOL_SIZE, 4U, MHD_OPTION_SOCK_ADDR,
                         &any, MHD_OPTION_CONNECTION_LIMIT, 2048U, MHD_OPTION_END);
    assert_non_null(daemon);
    *port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return daemon;
}

static int view(uint16_t port)
{
    static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(client >= 0);
    assert_int_equal(connect(client, (struct sockaddr *)&there, sizeof(there)), 0);
    assert_int_equal(write(client, REQUEST, sizeof(REQUEST) - 1), sizeof(REQUEST) - 1);
    return client;
}

static void wait_until_present(int count)
{
    int64_t end_us = clock_monotonic_us() + WAIT_US;

    while (atomic_load(&present) != count && clock_monotonic_us() < end_us)
        usleep(1000);
    assert_int_equal(atomic_load(&present), count);
}

/* Reads until at least so many events came, counting '!' which stands nowhere else. */
static void expect_events(int client, int count)
{
    int64_t end_us = clock_monotonic_us() + WAIT_US;
    char bytes[4096];

    while (count > 0 && clock_monotonic_us() < end_us) {
        struct pollfd ready = {.fd = client, .events = POLLIN};

        if (poll(&ready, 1, 100) != 1)
            continue;
        ssize_t size = read(client, bytes, sizeof(bytes));
        assert_true(size > 0);
        for (ssize_t i = 0; i < size; i++)
            count -= bytes[i] == '!';
    }
    assert_true(count <= 0);
}

static void five_hundred_are_woken(void **state)
{
    int clients[VIEWERS];
    uint16_t port;
    struct MHD_Daemon *daemon = start(&port);
    (void)state;

    for (int i = 0; i < VIEWERS; i++)
        clients[i] = view(port);
    wait_until_present(VIEWERS);
    for (int i = 0; i < 10; i++)
        publish();
    for (int i = 0; i < VIEWERS; i++)
        expect_events(clients[i], 10);

    /* Who has gone is noticed, though nothing is to be sent. */
    for (int i = 0; i < VIEWERS / 2; i++)
        close(clients[i]);
    int64_t end_us = clock_monotonic_us() + WAIT_US;
    while (atomic_load(&present) > VIEWERS / 2 && clock_monotonic_us() < end_us) {
        wakers_tick(clock_monotonic_us());
        usleep(10000);
    }
    assert_int_equal(atomic_load(&present), VIEWERS / 2);

    /* A wake in the moment of falling asleep is not lost: the publisher never waits here. */
    for (int i = 0; i < 2000; i++)
        publish();
    expect_events(clients[VIEWERS - 1], 2000);
    for (int i = VIEWERS / 2; i < VIEWERS; i++)
        close(clients[i]);
    end_us = clock_monotonic_us() + WAIT_US;
    while (atomic_load(&present) > 0 && clock_monotonic_us() < end_us) {
        publish();
        usleep(10000);
    }
    assert_int_equal(atomic_load(&present), 0);
    MHD_stop_daemon(daemon);
}

static void time_wakes_too(void **state)
{
    uint16_t port;
    struct MHD_Daemon *daemon = start(&port);
    (void)state;

    wake_after_ms = 50;
    int client = view(port);
    wait_until_present(1);
    int64_t begin_us = clock_monotonic_us();
    atomic_store(&timer_calls, 0);
    while (atomic_load(&timer_calls) < 5 && clock_monotonic_us() < begin_us + WAIT_US) {
        wakers_tick(clock_monotonic_us());
        usleep(1000);
    }
    assert_true(atomic_load(&timer_calls) >= 5);
    assert_true(clock_monotonic_us() - begin_us > 4 * 45000);
    wake_after_ms = 0;
    close(client);
    publish();
    publish();
    int64_t end_us = clock_monotonic_us() + WAIT_US;
    while (atomic_load(&present) > 0 && clock_monotonic_us() < end_us) {
        publish();
        usleep(1000);
    }
    MHD_stop_daemon(daemon);
    assert_int_equal(atomic_load(&present), 0);
}

/* Last: nothing sleeps any more in this process afterwards. */
static void a_stop_ends_sleepers(void **state)
{
    int clients[20];
    uint16_t port;
    struct MHD_Daemon *daemon = start(&port);
    (void)state;

    for (int i = 0; i < 20; i++)
        clients[i] = view(port);
    wait_until_present(20);
    wakers_stop();
    MHD_stop_daemon(daemon);
    assert_int_equal(atomic_load(&present), 0);
    for (int i = 0; i < 20; i++)
        close(clients[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_hundred_are_woken),
        cmocka_unit_test(time_wakes_too),
        cmocka_unit_test(a_stop_ends_sleepers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
