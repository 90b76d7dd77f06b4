/*
 * What the module's process and its worker have in common. The worker is a forked child that gave
 * up root; only there SQLite, libmaxminddb and the scorer ever run.
 */
#ifndef PAM_MODULE_WORKER_H
#define PAM_MODULE_WORKER_H

#include "common/config.h"
#include "scorer/login_record.h"

enum worker_task {
    WORKER_ASSESS, /* score event, append an ATTEMPT, answer */
    WORKER_OPENED, /* find the attempt, decide whether to learn it, append OPENED */
    WORKER_APPEND, /* append record as it is */
};

/* How the log names the application: "sshd", its pid, "sshd:auth". */
struct log_identity {
    char program[32];
    int pid;
    char context[48];
};

struct worker_job {
    enum worker_task task;
    const struct config *config;
    struct login_record *record; /* event filled in; the worker fills in the rest */
    const char *auth_info;       /* SSH_AUTH_INFO_0, NULL when there is none */
    bool exempt, is_root;
    bool accepted; /* WORKER_ASSESS: the credential was right, append ACCEPTED too */
    int64_t started_us, deadline_us; /* clock_monotonic_us */
    struct log_identity log;
    int store_fd; /* the store's directory, opened and examined */
};

/*
 * The worker's one message to its parent. fault: the task failed and the parent has to see to it.
 * unjudged: the login was recorded, answered and logged as one that could not be judged.
 */
struct worker_reply {
    enum fault fault, unjudged;
    enum verdict answer;
    bool learn; /* WORKER_OPENED */
    struct login_id id;
    char text[ERROR_TEXT_BYTES]; /* when fault is set */
};

/* WORKER_ASSESS and WORKER_OPENED: everything until the reply, and the audit line. */
void login_worker_run(const struct worker_job *job, int reply_fd);

/* Sends the reply: one message. */
void worker_send(int reply_fd, const struct worker_reply *reply);

/* Appends the job's record to the login journal. */
bool worker_append(const struct worker_job *job, struct error *error) MUST_USE;

#endif
