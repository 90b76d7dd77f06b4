#include "pam_module/login_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exemptions.h"
#include "common/trusted_file.h"
#include "pam_module/answer.h"
#include "pam_module/audit.h"
#include "pam_module/guard.h"

/* The part of the deadline kept for recording a login whose check crashed or hung. */
#define RESERVE_SHARE 5

void login_check_start_clock(struct login_check *check)
{
    check->started_us = clock_monotonic_us();
    check->deadline_us = check->started_us + check->config.deadline_ms * 1000;
}

/* The module's line says it surest, for no file has to be read for that. */
static enum config_on_fault answer_of_faulty_config(const struct login_check *check)
{
    if (check->args.on_fault_config != ON_FAULT_INHERIT)
        return check->args.on_fault_config;
    if (check->config_loaded)
        return config_on_fault(&check->config, FAULT_CONFIG);
    return config_salvage_on_fault(check->args.conf);
}

void login_check_begin(struct login_check *check, int argc, const char **argv)
{
    struct error *error = &check->config_error;
    bool sound;

    *error = ERROR_NONE;
    check->exempt = false;
    sound = module_args_parse(&check->args, argc, argv, error);
    check->config_loaded = config_load(&check->config, check->args.conf, error);
    if (!check->config_loaded)
        config_init(&check->config);
    if (!sound || !check->config_loaded)
        check->on_fault_config = answer_of_faulty_config(check);
    login_check_start_clock(check);
}

void login_check_exemptions(struct login_check *check)
{
    const struct config *config = &check->config;
    const struct login_event *event = &check->items.event;
    struct error error = ERROR_NONE;
    bool match = false;

    if (config_list_has(config->exempt_users, event->user) ||
        config_networks_contain(config->exempt_networks, &event->source)) {
        check->exempt = true;
        return;
    }
    if (exemptions_match(config->exemptions, event->user, &event->source, event->time_us / US_PER_S,
                         &match, &error))
        check->exempt = check->exempt || match;
    else
        audit_send(&check->items.log, LOG_ERR, error.text, check->deadline_us);
}

/* ---- in the worker ---- */

static void work_check(void *context, int reply_fd, int store_fd)
{
    struct worker_job *job = context;

    job->store_fd = store_fd;
    login_worker_run(job, reply_fd);
}

static void work_append(void *context, int reply_fd, int store_fd)
{
    struct worker_job *job = context;
    struct worker_reply reply = {.fault = FAULT_NONE};
    struct error error = ERROR_NONE;

    job->store_fd = store_fd;
    if (!worker_append(job, &error)) {
        reply.fault = error.fault;
        memcpy(reply.text, error.text, sizeof reply.text);
    }
    worker_send(reply_fd, &reply);
}

/* ---- in the parent ---- */

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

static bool run_guarded(struct login_check *check, struct worker_job *job, guard_work *function,
                        int64_t deadline_us, struct worker_reply *reply, struct error *error)
{
    struct guard_identity identity;
    int store_fd;
    bool replied;

    if (!open_store_directory(&check->config, &store_fd, &identity, error))
        return false;
    replied = guard_run(&identity, deadline_us, store_fd, function, job, reply, error);
    (void)close(store_fd);
    if (replied && reply->fault != FAULT_NONE)
        return error_set(error, reply->fault, "%s", reply->text);
    return replied;
}

static void prepare(struct login_check *check, enum worker_task task, struct login_record *record,
                    struct worker_job *job)
{
    login_record_init(record);
    record->event = check->items.event;
    if (task != WORKER_APPEND || record->event.stage != STAGE_CLOSED)
        record->event.bytes_in = record->event.bytes_out =
            -1; /* the handshake's, not a session's */
    *job = (struct worker_job){.task = task,
                               .config = &check->config,
                               .record = record,
                               .auth_info = check->items.auth_info,
                               .exempt = check->exempt,
                               .is_root = check->items.is_root,
                               .deadline_us = check->deadline_us,
                               .started_us = check->started_us,
                               .log = check->items.log};
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
    return check->config.mode == MODE_ENFORCE;
}

static bool spares_root(const struct login_check *check)
{
    return check->items.is_root && !check->config.deny_root;
}

static void judge_fault(struct login_check *check, struct login_record *record,
                        const struct error *error, struct judgement *judgement)
{
    enum config_on_fault on_fault = error->fault == FAULT_CONFIG
                                        ? check->on_fault_config
                                        : config_on_fault(&check->config, error->fault);

    record->assessed = false;
    record->fault = error->fault;
    record->answer =
        answer_for_fault(on_fault, login_check_enforces(check), check->exempt, spares_root(check));
    *judgement =
        (struct judgement){.id = record->event.id, .fault = error->fault, .answer = record->answer};
}

static void log_unrecorded(struct login_check *check, const struct login_record *record,
                           const struct error *error)
{
    (void)audit_login(&check->items.log, record, login_check_enforces(check),
                      clock_monotonic_us() - check->started_us, error->text, check->deadline_us);
}

static bool append(struct login_check *check, struct worker_job *job, enum login_stage stage,
                   struct error *error)
{
    struct worker_reply reply;

    job->record->event.stage = stage;
    return run_guarded(check, job, work_append, check->deadline_us, &reply, error);
}

/*
 * A login that could not be judged is recorded all the same, by a worker that does nothing else.
 * Its id is the one of the check, so that a record which that check did write is not counted twice.
 */
static void record_unjudged(struct login_check *check, struct worker_job *job, struct error *error)
{
    struct error append_error = ERROR_NONE;
    struct error both = ERROR_NONE;

    if (!check->config_loaded)
        return; /* where the store is, is not known */
    if (append(check, job, STAGE_ATTEMPT, &append_error) &&
        (!job->accepted || append(check, job, STAGE_ACCEPTED, &append_error)))
        return;
    if (strcmp(error->text, append_error.text) == 0)
        return;
    error_set(&both, error->fault, "%.240s; nor can it be recorded: %.200s", error->text,
              append_error.text);
    *error = both;
}

void login_check_judge(struct login_check *check, bool accepted, struct judgement *judgement)
{
    int64_t reserve_us = check->config.deadline_ms * 1000 / RESERVE_SHARE;
    struct error error = check->config_error;
    struct login_record record;
    struct worker_reply reply;
    struct worker_job job;

    check->items.event.id = login_id_make(check->items.event.time_us, random_bits());
    prepare(check, WORKER_ASSESS, &record, &job);
    job.accepted = accepted;
    if (error.fault == FAULT_NONE &&
        run_guarded(check, &job, work_check, check->deadline_us - reserve_us, &reply, &error)) {
        *judgement =
            (struct judgement){.id = record.event.id,
                               .fault = reply.unjudged,
                               .answer = answer_within(reply.answer, login_check_enforces(check),
                                                       check->exempt, spares_root(check))};
        return;
    }
    judge_fault(check, &record, &error, judgement);
    record_unjudged(check, &job, &error);
    log_unrecorded(check, &record, &error);
}

void login_check_append(struct login_check *check, enum verdict answer)
{
    struct error error = check->config_error;
    struct login_record record;
    struct worker_job job;

    prepare(check, WORKER_APPEND, &record, &job);
    if (error.fault == FAULT_NONE && append(check, &job, record.event.stage, &error))
        return;
    record.fault = error.fault;
    record.answer = answer;
    log_unrecorded(check, &record, &error);
}

void login_check_opened(struct login_check *check, struct judgement *judgement)
{
    struct error error = check->config_error;
    struct login_record record;
    struct worker_reply reply;
    struct worker_job job;

    prepare(check, WORKER_OPENED, &record, &job);
    if (error.fault == FAULT_NONE &&
        run_guarded(check, &job, work_check, check->deadline_us, &reply, &error)) {
        *judgement = (struct judgement){.id = reply.id, .learn = reply.learn};
        return;
    }
    *judgement = (struct judgement){.id = record.event.id, .fault = error.fault};
    record.fault = error.fault;
    log_unrecorded(check, &record, &error);
}
