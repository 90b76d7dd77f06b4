/*
 * The audit line: one for each judged login, and one for each that could not be judged. Sent to the
 * system's log socket without ever waiting longer than the login may.
 */
#ifndef PAM_MODULE_AUDIT_H
#define PAM_MODULE_AUDIT_H

#include "pam_module/worker.h"

#define AUDIT_LINE_BYTES  2048
#define AUDIT_SOCKET_PATH "/dev/log"

/*
 * Writes "name=value …" of a record into line, cut at its capacity; control bytes, quotes,
 * backslashes and bytes above 126 are escaped as \xHH. error: text of the fault, or NULL.
 */
void audit_compose(const struct login_record *record, bool enforce, int64_t spent_us,
                   const char *error, char line[AUDIT_LINE_BYTES]);

/* Composes and sends with the priority that fits the answer. Returns what audit_send returns. */
bool audit_login(const struct log_identity *log, const struct login_record *record, bool enforce,
                 int64_t spent_us, const char *error, int64_t deadline_us);

/*
 * The line that brute-force watchers know from PAM modules ("authentication failure; … rhost=…"),
 * for an attempt that was refused before its password was asked.
 */
bool audit_refusal(const struct log_identity *log, const struct login_event *event,
                   int64_t deadline_us);

/*
 * One datagram (or a stream's record) to the log socket as "PROGRAM[PID]: pam_anomaly(CONTEXT):
 * LINE". False when no log takes it before deadline_us: a stuck or missing log never holds up a
 * login.
 */
bool audit_send(const struct log_identity *log, int priority, const char *line,
                int64_t deadline_us);

#endif
