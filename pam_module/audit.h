/* Lines for the system's log, without ever waiting longer than the login may. */
#ifndef PAM_MODULE_AUDIT_H
#define PAM_MODULE_AUDIT_H

#include "check/check.h"

#define AUDIT_SOCKET_PATH "/dev/log"

/* How the log names the application: "sshd", its pid, "sshd:auth". */
struct log_identity {
    char program[32];
    int pid;
    char context[48];
};

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
