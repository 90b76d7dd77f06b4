/* What all threads of the service share. */
#ifndef DASHBOARD_DASHBOARD_H
#define DASHBOARD_DASHBOARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/command_line.h"
#include "dashboard/accounts.h"
#include "dashboard/analyses.h"
#include "dashboard/connections.h"
#include "dashboard/identity.h"
#include "dashboard/live.h"
#include "dashboard/pem.h"
#include "dashboard/session.h"
#include "dashboard/sign_in.h"
#include "dashboard/throttle.h"
#include "dashboard/token.h"

#define ANSWER_CLASSES 6 /* of HTTP statuses, by their first digit */

struct dashboard {
    /* The configuration in force; workers copy it when the generation changed. */
    pthread_rwlock_t config_lock;
    struct config config;
    unsigned generation;

    char directory[DIRECTORY_PATH_BYTES]; /* its own: journal, tokens, throw-away stores */
    struct sessions *sessions;
    struct tokens *tokens;
    struct sign_in_desk *desk;
    struct throttle *throttle;
    struct connections *connections;

    /* Between dashboard_start() and dashboard_stop(): what has threads and files of its own. */
    struct jobs *jobs;
    struct imports *imports;
    struct analyses *analyses;
    struct live *live;
    struct chores *chores;
    struct accounts *accounts;

    /* What SIGHUP asks for besides, done by chores, each of them alone at a time. */
    pthread_mutex_t review_lock;            /* what each session may do is looked at again */
    pthread_mutex_t certificate_lock;       /* the certificate is read again */
    bool review_is_due, certificate_is_due; /* the main thread's */
    bool is_stuck;                          /* a chore does not end */

    /* What GET /health says to anybody, and when that was looked at (UTC; 0: never). */
    atomic_int_fast64_t health_looked_us;
    atomic_bool is_degraded;

    atomic_int exports; /* that are being sent */

    /* Since the start. */
    atomic_uint_fast64_t answers[ANSWER_CLASSES], predictions;

    struct pem_files certificate; /* NULLs: no TLS */
    struct pem_reader pem_reader; /* who reads them when root was given up */

    const char *config_path; /* of the configuration, for programs that are to read it too */
    bool secure;             /* browsers come by TLS: cookies are Secure */
    bool loopback;           /* only this machine can connect: Host must name it, or be host */
    bool behind_proxy;       /* who asks is the last address of X-Forwarded-For */
    const char *host;        /* the name that Host must have; NULL: see loopback */
};

/*
 * Takes the configuration over, and the descriptor of the sign-in helper, also when it fails.
 * directory: its own. Starts a thread.
 */
bool dashboard_init(struct dashboard *dashboard, const struct config *config, const char *directory,
                    int helper, struct error *error) MUST_USE;

/* Starts what works in the background. To be stopped also when it fails. */
bool dashboard_start(struct dashboard *dashboard, struct error *error) MUST_USE;

/*
 * Nothing is being answered any more. When a chore does not end, what it may use stays until the
 * process ends.
 */
void dashboard_stop(struct dashboard *dashboard);

void dashboard_finish(struct dashboard *dashboard);

/*
 * Puts another configuration in force; the store's directory stays. Who is signed in soon has what
 * his groups give him now.
 */
void dashboard_reconfigure(struct dashboard *dashboard, const struct config *config);

/* Has the certificate read again soon; when that fails, standard error says why, and it stays. */
void dashboard_renew_certificate(struct dashboard *dashboard);

/* What the main thread sees to about once a second. */
void dashboard_tick(struct dashboard *dashboard);

#endif
