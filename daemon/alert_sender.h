/*
 * The sender: a process of anomalyd that carries alerts out, so that nothing that anomalyd does
 * waits for a mail server or a network. It has no store and no configuration: each job brings all
 * it needs. Every attempt is a process of its own with a deadline, one at a time on each channel.
 */
#ifndef DAEMON_ALERT_SENDER_H
#define DAEMON_ALERT_SENDER_H

#include <sys/types.h>

#include "store/alert.h"

#define SENDER_CHANNEL_JOBS 2 /* of a channel at a time; the others wait in the store */
#define SENDER_JOBS         (SENDER_CHANNEL_JOBS * ALERT_CHANNELS_MAX)
#define ALERT_SENDER_NAME   "anomalyd-alerts" /* as ps(1) shows the process */
#define ALERT_SUBJECT_LINE  256
#define ALERT_CONTENT_BYTES 65536

/* One delivery. */
struct alert_job {
    int64_t delivery;
    struct alert_channel channel;
    char subject[ALERT_SUBJECT_LINE]; /* one line of ASCII */
    uint32_t size;                    /* of the content: text for people; JSON for a webhook */
    char content[ALERT_CONTENT_BYTES];
};

/* What became of it. */
struct alert_outcome {
    int64_t delivery;
    int64_t attempts;
    bool done;
    char message[ALERT_MESSAGE_BYTES];
};

struct alert_sender {
    pid_t pid; /* -1: there is none */
    int fd;    /* jobs go out, outcomes come in */
};

/* Before SQLite is used, as checkers are. */
bool alert_sender_start(struct alert_sender *sender, struct error *error) MUST_USE;

/* Hands a job over; false, and nothing happens, when the sender cannot take one now. */
bool alert_sender_give(const struct alert_sender *sender, const struct alert_job *job);

/* True for each outcome that is there. Never waits. */
bool alert_sender_take(const struct alert_sender *sender, struct alert_outcome *outcome);

/* No more jobs come: attempts that run go on to their end, the others are given up. */
void alert_sender_close(const struct alert_sender *sender);

/* Waits for an outcome until then (monotonic). False when there is none, or no more will come. */
bool alert_sender_wait(const struct alert_sender *sender, int64_t deadline_us,
                       struct alert_outcome *outcome);

/* True once, when it has ended by itself. */
bool alert_sender_has_ended(struct alert_sender *sender);
void alert_sender_stop(struct alert_sender *sender);

#endif
