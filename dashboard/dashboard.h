/* What all threads of the service share. */
#ifndef DASHBOARD_DASHBOARD_H
#define DASHBOARD_DASHBOARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/command_line.h"
#include "dashboard/analyses.h"
#include "dashboard/live.h"
#include "dashboard/session.h"
#include "dashboard/token.h"

#define ANSWER_CLASSES 6 /* of HTTP statuses, by their first digit */

#define DASHBOARD_DIRECTORY "dashboard" /* in the store's directory: its own */

struct dashboard {
    /* The configuration in force; workers copy it when the generation changed. */
    pthread_rwlock_t config_lock;
    struct config config;
    unsigned generation;

    char directory[CONFIG_TEXT_BYTES + 16]; /* its own: journal, tokens, throw-away stores */
    struct sessions *sessions;
    struct tokens *tokens;

    /* Between dashboard_start() and dashboard_stop(): what has threads and files of its own. */
    struct jobs *jobs;
    struct analyses *analyses;
    struct live *live;

    /* Since the start. */
    atomic_uint_fast64_t answers[ANSWER_CLASSES], predictions;

    const char *config_path; /* of the configuration, for programs that are to read it too */
    bool secure;             /* TLS: cookies are Secure */
    bool loopback;           /* only this machine can connect: Host must name it */
};

/* Takes the configuration over. False: no memory. */
bool dashboard_init(struct dashboard *dashboard, const struct config *config,
                    struct error *error) MUST_USE;
/* Starts what works in the background. To be stopped also when it fails. */
bool dashboard_start(struct dashboard *dashboard, struct error *error) MUST_USE;

/* Nothing is being answered any more. */
void dashboard_stop(struct dashboard *dashboard);

void dashboard_finish(struct dashboard *dashboard);

/* Puts another configuration in force; the store's directory stays. */
void dashboard_reconfigure(struct dashboard *dashboard, const struct config *config);

#endif
