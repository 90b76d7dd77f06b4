/*
 * Alerts in anomalyd: its rules, its sender, and what goes between the store and the sender. The
 * store is the queue: a message that nobody is known to have taken is there after a restart.
 */
#ifndef DAEMON_ALERTS_H
#define DAEMON_ALERTS_H

#include "common/command_line.h"
#include "daemon/alert_sender.h"
#include "store/alert_groups.h"

struct alerts {
    const struct command_line *line;
    struct alert_config config;
    struct alert_groups groups;
    struct alert_sender sender;
    int64_t handed[SENDER_JOBS]; /* deliveries that the sender has; 0: free */
    struct alert_job job;        /* room to make one in */
    int64_t look_us, retain_us;  /* monotonic: when next */
};

/* Before SQLite is used. NULL, said on stderr, when there is no memory: logins raise no alerts. */
struct alerts *alerts_create(const struct command_line *line);

/* Reads the file, again. One with an error is said, and what was in force before stays so. */
void alerts_load(struct alerts *alerts, const char *path);

/* What a drain needs now; false: there is nothing to hold against logins. */
bool alerts_watch(struct alerts *alerts, struct alert_watch *watch);

/*
 * In each round, outside a transaction: what is due becomes deliveries, waiting ones go to the
 * sender, outcomes are written down, the old is forgotten. Never waits.
 */
bool alerts_look(struct alerts *alerts, struct store *store, int64_t keep_days,
                 struct error *error) MUST_USE;

/* At the end: no more attempts begin; the outcomes of those that run are waited for. */
bool alerts_finish(struct alerts *alerts, struct store *store, struct error *error) MUST_USE;
void alerts_destroy(struct alerts *alerts);

#endif
