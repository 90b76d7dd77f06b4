/* The service: listens, serves until it is told to stop. */
#ifndef DASHBOARD_SERVE_H
#define DASHBOARD_SERVE_H

#include "dashboard/dashboard.h"

/*
 * Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again as `line` names it, and the
 * certificate. serve_block_signals() comes before. listener: closed by it. With
 * dashboard->certificate, a certificate is in force (certificate.h), and by TLS alone is answered.
 */
bool serve(struct dashboard *dashboard, const struct command_line *line, int listener,
           struct error *error) MUST_USE;

/* The signals that serve() waits for, blocked in this thread and those it starts. */
void serve_block_signals(void);

#endif
