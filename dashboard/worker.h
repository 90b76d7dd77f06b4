/*
 * What a serving thread has of its own: a connection to the store for reading, the model and the
 * geolocation databases that logins are judged by, each opened anew when its file was replaced.
 */
#ifndef DASHBOARD_WORKER_H
#define DASHBOARD_WORKER_H

#include "check/kept.h"

struct dashboard; /* shared by all threads: options, sessions, tokens, jobs, live events */

struct worker {
    struct dashboard *dashboard;
    const struct config *config; /* as of the request's begin */

    /* Its own; see the functions below. */
    struct config own_config;
    unsigned generation;
    struct check_kept kept;
};

/* NULL: no memory. */
struct worker *worker_create(struct dashboard *dashboard);
void worker_destroy(struct worker *worker);

/* Before each request: the configuration as it is now. */
void worker_refresh(struct worker *worker);

/* The store as it is now; NULL with an error when there is none that can be read. */
struct store *worker_store(struct worker *worker, struct error *error);

/* The model that a login would be judged with now. */
const struct risk_model *worker_model(struct worker *worker, struct error *error);

/* The geolocation databases of the configuration; NULL with an error when one is damaged. */
const struct geo *worker_geo(struct worker *worker, struct error *error);

#endif
