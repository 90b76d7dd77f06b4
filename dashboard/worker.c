#include "dashboard/worker.h"

#include <stdlib.h>

#include "dashboard/dashboard.h"

struct worker *worker_create(struct dashboard *dashboard)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        return NULL;
    worker->dashboard = dashboard;
    worker->config = &worker->own_config;
    return worker;
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL)
        return;
    check_kept_drop(&worker->kept);
    free(worker);
}

void worker_refresh(struct worker *worker)
{
    struct dashboard *dashboard = worker->dashboard;

    pthread_rwlock_rdlock(&dashboard->config_lock);
    if (worker->generation != dashboard->generation) {
        worker->own_config = dashboard->config;
        worker->generation = dashboard->generation;
    }
    pthread_rwlock_unlock(&dashboard->config_lock);
}

struct store *worker_store(struct worker *worker, struct error *error)
{
    struct store *store;

    return check_keep_store(&worker->kept, worker->config, &store, error) ? store : NULL;
}

const struct risk_model *worker_model(struct worker *worker, struct error *error)
{
    const struct risk_model *model;

    return check_keep_model(&worker->kept, worker->config, &model, error) ? model : NULL;
}

const struct geo *worker_geo(struct worker *worker, struct error *error)
{
    const struct geo *geo;

    return check_keep_geo(&worker->kept, worker->config, &geo, error) ? geo : NULL;
}
