#include "dashboard/dashboard.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/program_beside.h"
#include "dashboard/certificate.h"
#include "dashboard/waker.h"

bool dashboard_init(struct dashboard *dashboard, const struct config *config, const char *directory,
                    int helper, struct error *error)
{
    *dashboard =
        (struct dashboard){.config = *config, .generation = 1, .pem_reader.descriptor = -1};
    snprintf(dashboard->directory, sizeof(dashboard->directory), "%s", directory);
    pthread_rwlock_init(&dashboard->config_lock, NULL);
    pthread_mutex_init(&dashboard->review_lock, NULL);
    pthread_mutex_init(&dashboard->certificate_lock, NULL);
    dashboard->desk = sign_in_desk_create(helper);
    dashboard->sessions = sessions_create();
    dashboard->tokens = tokens_create(dashboard->directory);
    dashboard->connections = connections_create();
    dashboard->throttle = throttle_create(error);
    if (dashboard->desk != NULL && dashboard->sessions != NULL && dashboard->tokens != NULL &&
        dashboard->connections != NULL && dashboard->throttle != NULL)
        return true;
    dashboard_finish(dashboard);
    return error_set(error, FAULT_NONE, "no memory");
}

bool dashboard_start(struct dashboard *dashboard, struct error *error)
{
    char trainer[CONFIG_TEXT_BYTES];

    if (!program_beside("anomaly-trainer", trainer, sizeof(trainer)))
        return error_set(error, FAULT_NONE, "the path of this program is too long");
    if (!chores_create(&dashboard->chores, error))
        return false;
    dashboard->accounts = accounts_create(dashboard->chores);
    if (dashboard->accounts == NULL)
        return error_set(error, FAULT_NONE, "no memory");
    return jobs_create(&dashboard->jobs, trainer, error) &&
           imports_create(&dashboard->imports, error) &&
           analyses_create(&dashboard->analyses, dashboard->directory, dashboard->jobs,
                           dashboard->imports, error) &&
           live_create(&dashboard->live, &dashboard->config, error);
}

void dashboard_stop(struct dashboard *dashboard)
{
    dashboard->is_stuck = !chores_destroy(dashboard->chores);
    if (!dashboard->is_stuck)
        accounts_destroy(dashboard->accounts);
    live_destroy(dashboard->live);
    analyses_destroy(dashboard->analyses);
    imports_destroy(dashboard->imports);
    jobs_destroy(dashboard->jobs);
}

void dashboard_finish(struct dashboard *dashboard)
{
    if (dashboard->is_stuck)
        return;
    throttle_destroy(dashboard->throttle);
    connections_destroy(dashboard->connections);
    tokens_destroy(dashboard->tokens);
    sessions_destroy(dashboard->sessions);
    sign_in_desk_destroy(dashboard->desk);
    if (dashboard->pem_reader.descriptor >= 0)
        close(dashboard->pem_reader.descriptor);
    certificate_forget();
    pthread_mutex_destroy(&dashboard->certificate_lock);
    pthread_mutex_destroy(&dashboard->review_lock);
    pthread_rwlock_destroy(&dashboard->config_lock);
}

/* By the configuration in force when it is asked. */
static enum role role_of(void *context, const char *who)
{
    struct dashboard *dashboard = context;

    pthread_rwlock_rdlock(&dashboard->config_lock);
    const struct role_groups groups = role_groups_of(&dashboard->config);
    pthread_rwlock_unlock(&dashboard->config_lock);
    return identity_role(&groups, who);
}

/* A chore. One after the other, so that the last word is that of the latest configuration. */
static void review_sessions(void *context)
{
    struct dashboard *dashboard = context;

    pthread_mutex_lock(&dashboard->review_lock);
    sessions_review(dashboard->sessions, role_of, dashboard);
    pthread_mutex_unlock(&dashboard->review_lock);
}

void dashboard_reconfigure(struct dashboard *dashboard, const struct config *config)
{
    pthread_rwlock_wrlock(&dashboard->config_lock);
    char store[sizeof(dashboard->config.store)];
    memcpy(store, dashboard->config.store, sizeof(store));
    dashboard->config = *config;
    memcpy(dashboard->config.store, store, sizeof(store));
    dashboard->generation++;
    pthread_rwlock_unlock(&dashboard->config_lock);
    dashboard->review_is_due = true;
}

/* A chore. */
static void read_certificate(void *context)
{
    struct dashboard *dashboard = context;
    const struct pem_files *files = &dashboard->certificate;
    struct error error = ERROR_NONE;
    struct pem pem;

    pthread_mutex_lock(&dashboard->certificate_lock);
    bool done = dashboard->pem_reader.descriptor >= 0
                    ? pem_ask(&dashboard->pem_reader, &pem, &error)
                    : pem_read(files, &pem, &error);
    if (done) {
        done = certificate_use(&pem, files, &error);
        pem_free(&pem);
    }
    pthread_mutex_unlock(&dashboard->certificate_lock);
    if (!done)
        fprintf(stderr, "anomaly-dashboard: the certificate stays as it was: %s\n", error.text);
}

void dashboard_renew_certificate(struct dashboard *dashboard)
{
    dashboard->certificate_is_due = dashboard->certificate.chain != NULL;
}

void dashboard_tick(struct dashboard *dashboard)
{
    if (dashboard->review_is_due)
        dashboard->review_is_due = !chores_add(dashboard->chores, review_sessions, dashboard);
    if (dashboard->certificate_is_due)
        dashboard->certificate_is_due = !chores_add(dashboard->chores, read_certificate, dashboard);
    wakers_tick(clock_monotonic_us());
    connections_tick(dashboard->connections, clock_monotonic_us());
}
