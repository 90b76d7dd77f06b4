/*
 * The parent's side of one check: who is exempt, where the store is, a guarded worker, and the
 * answer to each of its ends. Knows nothing of PAM handles.
 */
#ifndef PAM_MODULE_LOGIN_CHECK_H
#define PAM_MODULE_LOGIN_CHECK_H

#include "pam_module/module_args.h"
#include "pam_module/pam_items.h"

struct login_check {
    struct module_args args;
    struct config config;
    struct error config_error; /* set: the configuration is the defaults, and that is a fault */
    struct pam_items items;
    bool exempt;
    int64_t started_us, deadline_us; /* clock_monotonic_us */
};

/*
 * Reads arguments and configuration and starts the deadline. Never fails: what cannot be read is
 * kept in config_error.
 */
void login_check_begin(struct login_check *check, int argc, const char **argv);

/* Whether user or source is exempt by name, network or a temporary exemption; groups are extra. */
void login_check_exemptions(struct login_check *check);

struct judgement {
    struct login_id id;
    enum fault fault;
    enum verdict verdict, answer;
    bool learn;
};

/* Scores an attempt; whatever happens, *judgement holds the answer when it returns. */
void login_check_judge(struct login_check *check, struct judgement *judgement);

/* Tells the journal of a later stage. A failure is logged; it never changes an answer. */
void login_check_append(struct login_check *check);

/* A session opened: the worker finds its attempt. *judgement: id and whether it is to be learned.
 */
void login_check_opened(struct login_check *check, struct judgement *judgement);

#endif
