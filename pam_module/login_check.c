#include "pam_module/login_check.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <unistd.h>

#include "check/answer.h"
#include "check/audit_line.h"
#include "check/kept.h"
#include "check/request.h"
#include "common/clock.h"
#include "common/trusted_file.h"
#include "pam_module/audit.h"
#include "pam_module/guard.h"
#include "store/store.h"

/*
 * A record may take as many deadlines: no answer hangs on it, and where more logins come than the
 * machine can serve, a late record is better than none.
 */
#define RECORD_DEADLINES 4

void login_check_start_clock(struct login_check *check)
{
    check->job.started_us = clock_monotonic_us();
    check->job.deadline_us = check->job.started_us + check->job.config.deadline_ms * 1000;
}

/* The module's line says it surest, for no file has to be read for that. */
static enum config_on_fault answer_of_faulty_config(const struct login_check *check)
{
    if (check->args.on_fault_config != ON_FAULT_INHERIT)
        return check->args.on_fault_config;
    if (check->config_loaded)
        return config_on_fault(&check->job.config, FAULT_CONFIG);
    return config_salvage_on_fault(check->args.conf);
}

void login_check_begin(struct login_check *check, int argc, const char **argv)
{
    struct error *error = &check->config_error;
    bool sound;

    *error = ERROR_NONE;
    /* Sent as it is in memory: nothing of the application's stack must lie between the fields. */
    memset(&check->job, 0, offsetof(struct check_job, auth_info));
    sound = module_args_parse(&check->args, argc, argv, error);
    check->config_loaded = config_load(&check->job.config, check->args.conf, error);
    if (!check->config_loaded)
        config_init(&check->job.config);
    if (!sound || !check->config_loaded)
        check->on_fault_config = answer_of_faulty_config(check);
    login_check_start_clock(check);
}

void login_check_exemptions(struct login_check *check, exempt_membership *is_member, void *context)
{
    const struct config *config = &check->job.config;
    const struct login_event *event = &check->items.event;
    struct exemption_list command = {.count = 0};
    const struct exempt_sources written = {.config = config};
    const struct exempt_sources others = {.command = &command,
                                          .groups = config->exempt_groups,
                                          .is_member = is_member,
                                          .context = context};
    int64_t now_s = event->time_us / US_PER_S;
    struct error error = ERROR_NONE;
    struct exempt_rule rule;

    check->job.exempt = exempt_find(&written, event->user, &event->source, now_s, &rule);
    if (check->job.exempt)
        return;
    if (!exemption_list_refresh(&command, config->exemptions, geteuid(), &error))
        (void)audit_send(&check->items.log, LOG_ERR, error.text, check->job.deadline_us);
    check->job.exempt = exempt_find(&others, event->user, &event->source, now_s, &rule);
    exemption_list_finish(&command);
    if (config->exempt_groups[0] != '\0')
        login_check_start_clock(check); /* a slow directory does not use up the check's time */
}

/* In the worker. */
static void work(void *context, int reply_fd, int store_fd)
{
    const struct check_job *job = context;
    struct check_kept kept = {.store = NULL};
    struct check_reply reply;

    (void)store_configure_for_check();
    check_run(job, store_fd, &kept, &reply);
    check_kept_drop(&kept);
    guard_reply(reply_fd, &reply, sizeof reply);
}

static bool open_store_directory(const struct config *config, int *fd,
                                 struct guard_identity *identity, struct error *error)
{
    if (!trusted_directory_open(config->store, ANY_OWNER, FAULT_STORE, fd, &identity->uid,
                                &identity->gid, error))
        return false;
    if (identity->uid == 0) {
        (void)close(*fd);
        return error_set(error, FAULT_STORE,
                         "%s belongs to root; it must belong to the service's user, as whom logins "
                         "are checked",
                         config->store);
    }
    if (identity->gid == 0 && geteuid() == 0) {
        (void)close(*fd);
        return error_set(error, FAULT_STORE,
                         "%s has the group root; it must have the service's group", config->store);
    }
    return true;
}

/*
 * By one of anomalyd's checkers, else, when none listens or one breaks, by a worker of our own. A
 * checker that is only slow is waited for: where many logins wait, a worker for each would be
 * slower still. alone: ask no checker.
 */
static bool run(struct login_check *check, bool alone, struct check_reply *reply,
                struct error *error)
{
    int64_t deadline_us = check->job.deadline_us;
    struct guard_identity identity;
    bool replied;
    int store_fd;

    if (!open_store_directory(&check->job.config, &store_fd, &identity, error))
        return false;
    replied =
        (!alone && check_ask(store_fd, identity.uid, &check->job, reply)) ||
        guard_run(&identity, deadline_us, store_fd, work, &check->job, reply, sizeof *reply, error);
    (void)close(store_fd);
    if (!replied)
        return false;
    if (!check_reply_is_sound(reply))
        return error_set(error, FAULT_CRASH, "the login check answered what no check answers");
    return reply->fault == FAULT_NONE || error_set(error, reply->fault, "%s", reply->text);
}

/* bytes_in and bytes_out: before the end of a session they are only the handshake's. */
static void prepare(struct login_check *check, enum check_task task)
{
    struct check_job *job = &check->job;
    const char *auth_info = check->items.auth_info;

    job->task = task;
    job->accepted = false;
    job->is_root = check->items.is_root;
    login_record_init(&job->record);
    job->record.event = check->items.event;
    if (job->record.event.stage != STAGE_CLOSED)
        job->record.event.bytes_in = job->record.event.bytes_out = -1;
    snprintf(job->auth_info, sizeof job->auth_info, "%s", auth_info != NULL ? auth_info : "");
}

static uint64_t random_bits(void)
{
    uint64_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint64_t)clock_monotonic_us() * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)getpid();
    return bits;
}

/* Where the configuration cannot be read, an answer given for that is meant to be enforced. */
bool login_check_enforces(const struct login_check *check)
{
    if (!check->config_loaded)
        return check->on_fault_config != ON_FAULT_INHERIT;
    return check->job.config.mode == MODE_ENFORCE;
}

static bool spares_root(const struct login_check *check)
{
    return check->items.is_root && !check->job.config.deny_root;
}

static void log_fault(struct login_check *check, const struct error *error)
{
    (void)audit_login(&check->items.log, &check->job.record, login_check_enforces(check),
                      clock_monotonic_us() - check->job.started_us, error->text,
                      check->job.deadline_us);
}

static bool run_patiently(struct login_check *check, bool alone, struct check_reply *reply,
                          struct error *error)
{
    struct check_job *job = &check->job;
    bool done;

    job->deadline_us = clock_monotonic_us() + RECORD_DEADLINES * job->config.deadline_ms * 1000;
    done = run(check, alone, reply, error);
    job->deadline_us = job->started_us + job->config.deadline_ms * 1000;
    return done;
}

static bool append(struct login_check *check, bool alone, enum login_stage stage,
                   struct error *error)
{
    struct check_reply reply;

    check->job.task = CHECK_APPEND;
    check->job.record.event.stage = stage;
    return run_patiently(check, alone, &reply, error);
}

/*
 * A login that could not be judged is recorded all the same, without the checkers, which may be
 * what failed. Its id is the one of the check, so that a record which that check did write is not
 * counted twice.
 */
static void record_unjudged(struct login_check *check, enum login_stage stage, struct error *error)
{
    struct error append_error = ERROR_NONE;
    struct error both = ERROR_NONE;

    if (!check->config_loaded)
        return; /* where the store is, is not known */
    if (append(check, true, stage, &append_error) &&
        (!check->job.accepted || append(check, true, STAGE_ACCEPTED, &append_error)))
        return;
    if (strcmp(error->text, append_error.text) == 0)
        return;
    error_set(&both, error->fault, "%.240s; nor can it be recorded: %.200s", error->text,
              append_error.text);
    *error = both;
}

static void judge_fault(struct login_check *check, struct error *error, struct judgement *judgement)
{
    struct login_record *record = &check->job.record;
    enum config_on_fault on_fault = check->config_error.fault != FAULT_NONE
                                        ? check->on_fault_config
                                        : config_on_fault(&check->job.config, error->fault);

    record->fault = error->fault;
    record->answer = answer_for_fault(on_fault, login_check_enforces(check), check->job.exempt,
                                      spares_root(check));
    *judgement =
        (struct judgement){.id = record->event.id, .fault = error->fault, .answer = record->answer};
    record_unjudged(check, STAGE_ATTEMPT, error);
    log_fault(check, error);
}

/* What the check found wrong that did not keep it from judging. */
static void complain(struct login_check *check, const struct check_reply *reply)
{
    char text[4 * ERROR_TEXT_BYTES];

    if (reply->text[0] == '\0')
        return;
    audit_line_escape(reply->text, ' ', text, sizeof text);
    (void)audit_send(&check->items.log, LOG_ERR, text, check->job.deadline_us);
}

void login_check_judge(struct login_check *check, bool accepted, struct judgement *judgement)
{
    struct error error = check->config_error;
    struct check_reply reply;

    check->items.event.id = login_id_make(check->items.event.time_us, random_bits());
    prepare(check, CHECK_ASSESS);
    check->job.accepted = accepted;
    if (error.fault != FAULT_NONE || !run(check, false, &reply, &error)) {
        judge_fault(check, &error, judgement);
        return;
    }
    *judgement =
        (struct judgement){.id = check->items.event.id,
                           .fault = reply.unjudged,
                           .answer = answer_within(reply.answer, login_check_enforces(check),
                                                   check->job.exempt, spares_root(check))};
    (void)audit_send(&check->items.log, reply.priority, reply.line, check->job.deadline_us);
    complain(check, &reply);
}

void login_check_append(struct login_check *check, enum verdict answer)
{
    struct error error = check->config_error;

    prepare(check, CHECK_APPEND);
    if (error.fault == FAULT_NONE && append(check, false, check->items.event.stage, &error))
        return;
    check->job.record.fault = error.fault;
    check->job.record.answer = answer;
    log_fault(check, &error);
}

void login_check_closed(struct login_check *check)
{
    struct error error = check->config_error;
    struct check_reply reply;

    prepare(check, CHECK_CLOSED);
    if (error.fault == FAULT_NONE && run_patiently(check, false, &reply, &error)) {
        if (reply.line[0] != '\0')
            (void)audit_send(&check->items.log, reply.priority, reply.line, check->job.deadline_us);
        return;
    }
    check->job.record.event.learn = false;
    record_unjudged(check, STAGE_CLOSED, &error);
    check->job.record.fault = error.fault;
    log_fault(check, &error);
}

void login_check_opened(struct login_check *check, struct judgement *judgement)
{
    struct error error = check->config_error;
    struct check_reply reply;

    prepare(check, CHECK_OPENED);
    if (error.fault == FAULT_NONE && run(check, false, &reply, &error)) {
        *judgement = (struct judgement){.id = reply.id, .learn = reply.learn};
        return;
    }
    *judgement = (struct judgement){.id = check->items.event.id, .fault = error.fault};
    check->job.record.fault = error.fault;
    log_fault(check, &error);
}
