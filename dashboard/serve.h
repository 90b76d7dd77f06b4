/* The service: listens, serves until it is told to stop. */
#ifndef DASHBOARD_SERVE_H
#define DASHBOARD_SERVE_H

#include "dashboard/dashboard.h"

struct serve_options {
    int listener;             /* closed by it */
    char *tls_key, *tls_cert; /* PEM, or NULL: no TLS */
};

/*
 * Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again as `line` names it.
 * serve_block_signals() comes before.
 */
bool serve(struct dashboard *dashboard, const struct command_line *line,
           const struct serve_options *options, struct error *error) MUST_USE;

/* The signals that serve() waits for, blocked in this thread and those it starts. */
void serve_block_signals(void);

#endif
