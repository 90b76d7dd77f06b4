#include "dashboard/serve.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "dashboard/exchange.h"
#include "dashboard/waker.h"

#define THREADS                 4
#define CONNECTIONS_MAX         1024
#define CONNECTION_MEMORY_BYTES (16 * 1024)
#define IDLE_S                  60

/* The workers of the serving threads, made when a thread serves its first request. */
static pthread_mutex_t workers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct worker *workers[THREADS];
static size_t worker_count;
static _Thread_local struct worker *own_worker;

static struct worker *find_worker(struct dashboard *dashboard)
{
    if (own_worker != NULL)
        return own_worker;
    pthread_mutex_lock(&workers_lock);
    if (worker_count < THREADS && (own_worker = worker_create(dashboard)) != NULL)
        workers[worker_count++] = own_worker;
    pthread_mutex_unlock(&workers_lock);
    return own_worker;
}

static void destroy_workers(void)
{
    while (worker_count > 0)
        worker_destroy(workers[--worker_count]);
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return exchange_create(context, target);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    struct worker *worker = find_worker(context);
    (void)url;
    (void)version;

    if (*state == NULL || worker == NULL)
        return MHD_NO;
    return exchange_continue(*state, worker, connection, method, bytes, size);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)context;
    (void)connection;
    (void)how;
    if (*state != NULL)
        exchange_destroy(*state);
    *state = NULL;
}

/* Targets are decoded by target.h, strictly. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void log_library(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

static struct MHD_Daemon *start(struct dashboard *dashboard, int listener)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, dashboard, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, dashboard, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
}

static void signals_of_service(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void serve_block_signals(void)
{
    sigset_t set;

    signals_of_service(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void reload(struct dashboard *dashboard, const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct config config;

    if (command_config(line, &config, &error))
        dashboard_reconfigure(dashboard, &config);
    else
        command_note(line, "the configuration stays as it was: %s", error.text);
}

static void wait_for_end(struct dashboard *dashboard, const struct command_line *line)
{
    sigset_t set;

    signals_of_service(&set);
    for (;;) {
        int number = sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 1});

        if (number == SIGHUP)
            reload(dashboard, line);
        else if (number > 0)
            return;
        wakers_tick(clock_monotonic_us());
    }
}

bool serve(struct dashboard *dashboard, const struct command_line *line, int listener,
           struct error *error)
{
    struct MHD_Daemon *daemon = NULL;

    dashboard->config_path = line->config != NULL ? line->config : CONFIG_DEFAULT_PATH;
    if (!dashboard_start(dashboard, error))
        goto stop;
    daemon = start(dashboard, listener);
    if (daemon == NULL) {
        error_set(error, FAULT_NONE, "the HTTP service does not start");
        goto stop;
    }
    wait_for_end(dashboard, line);
    wakers_stop();
    MHD_stop_daemon(daemon);
    destroy_workers();
stop:
    dashboard_stop(dashboard);
    return daemon != NULL;
}
