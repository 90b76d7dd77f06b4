#include "dashboard/dashboard.h"

#include <string.h>

#include "common/program_beside.h"

bool dashboard_init(struct dashboard *dashboard, const struct config *config, const char *directory,
                    int helper, struct error *error)
{
    *dashboard = (struct dashboard){.config = *config, .generation = 1};
    snprintf(dashboard->directory, sizeof(dashboard->directory), "%s", directory);
    pthread_rwlock_init(&dashboard->config_lock, NULL);
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
    return jobs_create(&dashboard->jobs, trainer, error) &&
           imports_create(&dashboard->imports, error) &&
           analyses_create(&dashboard->analyses, dashboard->directory, dashboard->jobs,
                           dashboard->imports, error) &&
           live_create(&dashboard->live, &dashboard->config, error);
}

void dashboard_stop(struct dashboard *dashboard)
{
    live_destroy(dashboard->live);
    analyses_destroy(dashboard->analyses);
    imports_destroy(dashboard->imports);
    jobs_destroy(dashboard->jobs);
    dashboard->live = NULL;
    dashboard->analyses = NULL;
    dashboard->imports = NULL;
    dashboard->jobs = NULL;
}

void dashboard_finish(struct dashboard *dashboard)
{
    throttle_destroy(dashboard->throttle);
    connections_destroy(dashboard->connections);
    tokens_destroy(dashboard->tokens);
    sessions_destroy(dashboard->sessions);
    sign_in_desk_destroy(dashboard->desk);
    pthread_rwlock_destroy(&dashboard->config_lock);
}

enum role dashboard_role(struct dashboard *dashboard, const char *user)
{
    pthread_rwlock_rdlock(&dashboard->config_lock);
    enum role role = identity_role(&dashboard->config, user);
    pthread_rwlock_unlock(&dashboard->config_lock);
    return role;
}

static enum role role_of(void *context, const char *who)
{
    return dashboard_role(context, who);
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
    sessions_review(dashboard->sessions, role_of, dashboard);
}
