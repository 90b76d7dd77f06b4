/* What a message says: one line for a subject and the log, a text for people, JSON for programs. */
#ifndef DAEMON_ALERT_MESSAGE_H
#define DAEMON_ALERT_MESSAGE_H

#include "daemon/alert_sender.h"

/*
 * Fills the job of a delivery on that channel: of an alert, whose logins are read from the store,
 * or of a test (alert NULL). Names come from whoever tried to log in: control bytes become '?' in
 * what people read.
 */
bool alert_message_make(struct store *store, const struct alert_delivery *delivery,
                        const struct alert *alert, const struct alert_channel *channel,
                        struct alert_job *job, struct error *error) MUST_USE;

#endif
