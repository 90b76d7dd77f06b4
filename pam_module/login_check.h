/*
 * The login's side of its check: who is exempt, where the store is, who runs the check, and the
 * answer to each of its ends. Knows nothing of PAM handles.
 */
#ifndef PAM_MODULE_LOGIN_CHECK_H
#define PAM_MODULE_LOGIN_CHECK_H

#include "common/exempt.h"
#include "common/module_args.h"
#include "pam_module/pam_items.h"

struct login_check {
    struct module_args args;
    struct check_job job;      /* with the configuration, who is exempt, and the deadline */
    struct error config_error; /* of the arguments or the file: a fault */
    bool config_loaded;        /* else job.config is the defaults */
    enum config_on_fault
        on_fault_config; /* with config_error: its answer; ON_FAULT_INHERIT: none */
    struct pam_items items;
};

/*
 * Reads arguments and configuration and starts the deadline. Never fails: what cannot be read is
 * kept in config_error.
 */
void login_check_begin(struct login_check *check, int argc, const char **argv);

/* Starts the deadline anew, after something slow that was not the check's doing. */
void login_check_start_clock(struct login_check *check);

/* Whether answers are carried out: mode = enforce, or an answer given for a faulty configuration.
 */
bool login_check_enforces(const struct login_check *check);

/*
 * Whether the login is exempt by the configuration or by anomalyctl allow. Groups are looked up as
 * the host does it, and only when some are exempt and nothing else makes the login so.
 */
void login_check_exemptions(struct login_check *check, exempt_membership *is_member, void *context);

struct judgement {
    struct login_id id;
    enum fault fault;
    enum verdict answer;
    bool learn;
};

/*
 * Scores an attempt and records it; whatever happens, *judgement holds the answer when it returns.
 * accepted: the credential was right already, which is recorded too.
 */
void login_check_judge(struct login_check *check, bool accepted, struct judgement *judgement);

/*
 * Tells the journal of a later stage. A failure is logged, with what PAM is answered; it never
 * changes that answer.
 */
void login_check_append(struct login_check *check, enum verdict answer);

/*
 * A session closed: judged by what it moved, with a line of its own when that is far more than
 * usual, and told to the journal.
 */
void login_check_closed(struct login_check *check);

/* A session opened: the worker finds its attempt. *judgement: id and whether it is to be learned.
 */
void login_check_opened(struct login_check *check, struct judgement *judgement);

#endif
