/*
 * Training at night: anomaly-trainer, from the directory of anomalyd's own program, as a process of
 * its own that only takes what others leave of the processor. It keeps the old model when the new
 * one is worse; checkers take up a new one by themselves. What it prints goes to anomalyd's log.
 */
#ifndef DAEMON_RETRAIN_H
#define DAEMON_RETRAIN_H

#include <sys/types.h>

#include "common/command_line.h"

struct retrain {
    pid_t pid;        /* of the one that runs; 0: none does */
    int64_t until_us; /* monotonic: it is ended when it takes longer */
    int64_t next_us;  /* UTC, of the next one; 0: never */
};

enum retrain_schedule { RETRAIN_NEVER, RETRAIN_DAILY, RETRAIN_WEEKLY };

/*
 * When that hour of the machine's zone begins next, strictly after now; weekly: on a Sunday. UTC; 0
 * for never. Where a clock that is put forward skips the hour, the moment that mktime() takes it
 * for.
 */
int64_t retrain_next_us(enum retrain_schedule schedule, int hour, int64_t now_us);

/* At the start, and when the configuration was read again. One that runs goes on. */
void retrain_plan(struct retrain *retrain, const struct config *config);

/*
 * Starts one when it is time, unless the last still runs, and looks after the one that runs. What
 * went wrong is one line in the log, the trainer's own or one from here; there is no other try
 * before the next night.
 */
void retrain_look(struct retrain *retrain, const struct command_line *line,
                  const struct config *config);

/* Ends the one that runs; the old model stays. */
void retrain_stop(struct retrain *retrain);

#endif
