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

static void close_model(struct worker *worker)
{
    if (worker->has_model)
        model_close(&worker->model);
    worker->has_model = false;
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL)
        return;
    store_close(worker->store);
    close_model(worker);
    geo_close(worker->geo);
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
    const char *directory = worker->config->store;

    if (worker->store != NULL && !store_is_current(worker->store, directory)) {
        store_close(worker->store);
        worker->store = NULL;
    }
    if (worker->store == NULL && !store_open(&worker->store, directory, STORE_READ, error))
        worker->store = NULL;
    return worker->store;
}

const struct risk_model *worker_model(struct worker *worker, struct error *error)
{
    if (worker->has_model && !model_is_current(&worker->model, worker->config))
        close_model(worker);
    if (!worker->has_model)
        worker->has_model = model_open(&worker->model, worker->config, error);
    return worker->has_model ? &worker->model.risk : NULL;
}

struct geo *worker_geo(struct worker *worker, struct error *error)
{
    const char *paths = worker->config->geo;

    if (worker->geo != NULL && !geo_is_current(worker->geo, paths)) {
        geo_close(worker->geo);
        worker->geo = NULL;
    }
    if (worker->geo == NULL && !geo_open(&worker->geo, paths, error))
        worker->geo = NULL;
    return worker->geo;
}
