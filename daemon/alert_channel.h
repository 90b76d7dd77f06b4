/* One attempt to carry a message out, in a process of its own that may be ended at any time. */
#ifndef DAEMON_ALERT_CHANNEL_H
#define DAEMON_ALERT_CHANNEL_H

#include "daemon/alert_sender.h"

struct alert_attempt {
    bool done;
    bool hopeless;                     /* another try would come to the same */
    char message[ALERT_MESSAGE_BYTES]; /* one line: what was answered, or what failed */
};

/* By the kind of the channel. */
void alert_attempt_run(const struct alert_job *job, struct alert_attempt *attempt);

/* Fills it; control bytes become '?'. */
void alert_attempt_say(struct alert_attempt *attempt, bool done, bool hopeless, const char *format,
                       ...) PRINTF_LIKE(4, 5);

void alert_send_email(const struct alert_job *job, struct alert_attempt *attempt);
void alert_send_webhook(const struct alert_job *job, struct alert_attempt *attempt);
void alert_send_syslog(const struct alert_job *job, struct alert_attempt *attempt);

#endif
