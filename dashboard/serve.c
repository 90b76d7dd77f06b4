#include "dashboard/serve.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/notify.h"
#include "dashboard/certificate.h"
#include "dashboard/exchange.h"
#include "dashboard/waker.h"

#define TLS_PRIORITIES          "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
#define THREADS                 4
#define CONNECTION_MEMORY_BYTES (16 * 1024)
#define SILENCE_S               60
#define DESCRIPTORS             (2 * CONNECTIONS_MAX)

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

static enum MHD_Result on_accept(void *context, const struct sockaddr *address, socklen_t size)
{
    struct dashboard *dashboard = context;
    (void)size;

    return connections_admit(dashboard->connections, address) ? MHD_YES : MHD_NO;
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct dashboard *dashboard = context;

    connection_expect(dashboard->connections, connection, LIMIT_HEAD_S);
    return exchange_create(dashboard, target);
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
    struct dashboard *dashboard = context;
    (void)how;

    connection_expect(dashboard->connections, connection, LIMIT_IDLE_S);
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

/* Connections, and the files that workers have open beside them. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static struct MHD_Daemon *start(struct dashboard *dashboard, int listener)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)certificate_retrieve},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none = {MHD_OPTION_END, 0, NULL};
    bool secure = dashboard->certificate.chain != NULL;

    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (secure ? MHD_USE_TLS : 0U),
        0, on_accept, dashboard, on_request, dashboard, MHD_OPTION_EXTERNAL_LOGGER, log_library,
        NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, dashboard, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, dashboard, MHD_OPTION_NOTIFY_CONNECTION, connections_notify,
        dashboard->connections, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_ARRAY, secure ? tls : &none,
        MHD_OPTION_END);
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
    dashboard_renew_certificate(dashboard);
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
        dashboard_tick(dashboard);
    }
}

bool serve(struct dashboard *dashboard, const struct command_line *line, int listener,
           struct error *error)
{
    struct MHD_Daemon *daemon = NULL;

    raise_descriptors();
    dashboard->config_path = line->config != NULL ? line->config : CONFIG_DEFAULT_PATH;
    if (!dashboard_start(dashboard, error))
        goto stop;
    daemon = start(dashboard, listener);
    if (daemon == NULL) {
        close(listener);
        error_set(error, FAULT_NONE, "the HTTP service does not start");
        goto stop;
    }
    notify_manager("READY=1");
    wait_for_end(dashboard, line);
    notify_manager("STOPPING=1");
    wakers_stop();
    MHD_stop_daemon(daemon);
    destroy_workers();
stop:
    dashboard_stop(dashboard);
    return daemon != NULL;
}
