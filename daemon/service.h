/* anomalyd's work: journals into the store, the log bounded, the old forgotten. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "common/command_line.h"
#include "store/store.h"

/*
 * Runs until SIGTERM or SIGINT, which are drained for first; SIGHUP reads the configuration again.
 * False when it cannot go on.
 */
bool service_run(const struct command_line *line, struct config *config,
                 struct error *error) MUST_USE;

#endif
