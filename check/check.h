/*
 * The check of one login: what is known is read, the login is scored and recorded, and the answer
 * and the audit line are made. It runs in a process that is not root: one of anomalyd's checkers,
 * which wait for logins (request.h), or a worker that the PAM module forks where there is none.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "common/config.h"
#include "scorer/login_record.h"

enum check_task {
    CHECK_ASSESS, /* score the event, append an ATTEMPT, answer */
    CHECK_OPENED, /* find the attempt, decide whether to learn it, append OPENED */
    CHECK_CLOSED, /* judge what the session moved, append CLOSED */
    CHECK_APPEND, /* append the record as it is */
    CHECK_TASK_COUNT
};

#define CHECK_AUTH_INFO_BYTES 8192 /* two keys of the longest kind */
#define CHECK_LINE_BYTES      2048

/* A plain record: it is sent as it is. */
struct check_job {
    enum check_task task;
    bool exempt, is_root; /* exempt: by the configuration; the check sees to the store's own */
    bool accepted;        /* CHECK_ASSESS: the credential was right, append ACCEPTED too */
    int64_t started_us, deadline_us; /* clock_monotonic_us */
    struct config config;
    struct login_record record;            /* event filled in */
    char auth_info[CHECK_AUTH_INFO_BYTES]; /* SSH_AUTH_INFO_0, empty when there is none */
};

/*
 * fault: the task failed, and whoever asked has to see to it. unjudged: the login was recorded and
 * answered as one that could not be judged. line: for the log, empty where there is nothing to say.
 */
struct check_reply {
    enum fault fault, unjudged;
    enum verdict answer;
    bool learn; /* CHECK_OPENED */
    struct login_id id;
    char
        text[ERROR_TEXT_BYTES]; /* when fault is set; else, unless empty, a complaint for the log */
    int priority;               /* of line, as syslog(3) has it */
    char line[CHECK_LINE_BYTES];
};

struct check_kept;

/*
 * store_fd: the store's directory, opened and examined. kept: what is open from an earlier job, and
 * after a fault nothing is (kept.h). *reply is set whatever happens.
 */
void check_run(const struct check_job *job, int store_fd, struct check_kept *kept,
               struct check_reply *reply);

/* Whether a reply is one that a sound check makes; ends its texts. */
bool check_reply_is_sound(struct check_reply *reply) MUST_USE;

#endif
