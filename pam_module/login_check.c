#include "pam_module/login_check.h"

#include <dlfcn.h>
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

void login_check_begin(struct login_check *check, int argc, const char **argv)
{
    struct error *error = &check->config_error;
    bool sound;

    check->started_us = clock_monotonic_us();
    *error = ERROR_NONE;
    config_init(&check->config);
    sound = module_args_parse(&check->args, argc, argv, error);
    if (!sound || !config_load(&check->config, check->args.conf, error))
        config_init(&check->config);
    check->deadline_us = check->started_us + check->config.deadline_ms * 1000;
    check->exempt = false;
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

static bool load_worker(const char *path, login_worker_function **run, struct error *error)
{
    login_worker_interface_function *interface;
    struct worker_interface ours;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        return error_set(error, FAULT_CRASH, "the login check cannot be loaded: %s", dlerror());
    *(void **)&interface = dlsym(library, "login_worker_interface");
    *(void **)run = dlsym(library, "login_worker_run");
    worker_interface_describe(&ours);
    if (interface == NULL || *run == NULL || strcmp(interface(), ours.text) != 0)
        return error_set(error, FAULT_CRASH,
                         "%s is of another version than the module; restart this service", path);
    return true;
}

struct work {
    struct worker_job job;
    const char *worker_path;
};

static void send_failure(int reply_fd, const struct error *error)
{
    struct worker_reply reply = {.fault = error->fault};

    memcpy(reply.text, error->text, sizeof reply.text);
    worker_send(reply_fd, &reply);
}

static void work_assess(void *context, int reply_fd, int store_fd)
{
    struct work *work = context;
    struct error error = ERROR_NONE;
    login_worker_function *run = NULL;

    work->job.store_fd = store_fd;
    if (!load_worker(work->worker_path, &run, &error))
        send_failure(reply_fd, &error);
    else
        run(&work->job, reply_fd);
}

static void work_append(void *context, int reply_fd, int store_fd)
{
    struct work *work = context;
    struct worker_reply reply = {.fault = FAULT_NONE};
    struct error error = ERROR_NONE;

    work->job.store_fd = store_fd;
    if (worker_append(&work->job, &error))
        worker_send(reply_fd, &reply);
    else
        send_failure(reply_fd, &error);
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
    return true;
}

static bool run_guarded(struct login_check *check, struct work *work, guard_work *function,
                        int64_t deadline_us, struct worker_reply *reply, struct error *error)
{
    struct guard_identity identity;
    int store_fd;
    bool replied;

    if (!open_store_directory(&check->config, &store_fd, &identity, error))
        return false;
    replied = guard_run(&identity, deadline_us, store_fd, function, work, reply, error);
    (void)close(store_fd);
    if (replied && reply->fault != FAULT_NONE)
        return error_set(error, reply->fault, "%s", reply->text);
    return replied;
}

static void prepare(struct login_check *check, enum worker_task task, struct login_record *record,
                    struct work *work)
{
    login_record_init(record);
    record->event = check->items.event;
    if (task != WORKER_APPEND || record->event.stage != STAGE_CLOSED)
        record->event.bytes_in = record->event.bytes_out =
            -1; /* the handshake's, not a session's */
    *work = (struct work){.job = {.task = task,
                                  .config = &check->config,
                                  .record = record,
                                  .auth_info = check->items.auth_info,
                                  .exempt = check->exempt,
                                  .deadline_us = check->deadline_us,
                                  .started_us = check->started_us,
                                  .log = check->items.log},
                          .worker_path = check->args.worker};
}

static uint64_t random_bits(void)
{
    uint64_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint64_t)clock_monotonic_us() * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)getpid();
    return bits;
}

static enum config_on_fault policy_of_fault(const struct login_check *check, enum fault fault)
{
    if (check->config_error.fault != FAULT_NONE && check->args.on_fault_config != ON_FAULT_INHERIT)
        return check->args.on_fault_config;
    return config_on_fault(&check->config, fault);
}

/* Without a readable configuration an answer given on the module's line is meant to be enforced. */
static bool enforces(const struct login_check *check)
{
    if (check->config_error.fault != FAULT_NONE)
        return check->args.on_fault_config != ON_FAULT_INHERIT;
    return check->config.mode == MODE_ENFORCE;
}

static void judge_fault(struct login_check *check, struct login_record *record,
                        const struct error *error, struct judgement *judgement)
{
    bool spare_root = !check->config.deny_root && answer_is_root_name(record->event.user);

    record->assessed = false;
    record->fault = error->fault;
    record->answer = answer_for_fault(policy_of_fault(check, error->fault), enforces(check),
                                      check->exempt, spare_root);
    *judgement =
        (struct judgement){.id = record->event.id, .fault = error->fault, .answer = record->answer};
}

/*
 * A login that could not be judged is recorded all the same, by a worker that does nothing else.
 * Its id is the one of the check, so that a record which that check did write is not counted twice.
 */
static void record_unjudged(struct login_check *check, struct work *work, struct error *error)
{
    struct error append_error = ERROR_NONE;
    struct error both = ERROR_NONE;
    struct worker_reply reply;

    if (error->fault == FAULT_CONFIG)
        return; /* where the store is, is not known */
    if (run_guarded(check, work, work_append, check->deadline_us, &reply, &append_error) ||
        strcmp(error->text, append_error.text) == 0)
        return;
    error_set(&both, error->fault, "%.240s; nor can it be recorded: %.200s", error->text,
              append_error.text);
    *error = both;
}

static void judge_by_fault(struct login_check *check, struct login_record *record,
                           struct work *work, struct error *error, struct judgement *judgement)
{
    judge_fault(check, record, error, judgement);
    record_unjudged(check, work, error);
    (void)audit_login(&check->items.log, record, enforces(check),
                      clock_monotonic_us() - check->started_us, error->text, check->deadline_us);
}

void login_check_judge(struct login_check *check, struct judgement *judgement)
{
    int64_t reserve_us = check->config.deadline_ms * 1000 / RESERVE_SHARE;
    struct error error = check->config_error;
    struct login_record record;
    struct worker_reply reply;
    struct work work;

    check->items.event.id = login_id_make(check->items.event.time_us, random_bits());
    prepare(check, WORKER_ASSESS, &record, &work);
    if (error.fault == FAULT_NONE &&
        run_guarded(check, &work, work_assess, check->deadline_us - reserve_us, &reply, &error)) {
        *judgement = (struct judgement){.id = record.event.id,
                                        .fault = reply.unjudged,
                                        .verdict = reply.verdict,
                                        .answer = reply.answer};
        return;
    }
    judge_by_fault(check, &record, &work, &error, judgement);
}

void login_check_append(struct login_check *check)
{
    struct error error = check->config_error;
    struct login_record record;
    struct worker_reply reply;
    struct work work;

    prepare(check, WORKER_APPEND, &record, &work);
    if (error.fault == FAULT_NONE &&
        run_guarded(check, &work, work_append, check->deadline_us, &reply, &error))
        return;
    record.fault = error.fault;
    (void)audit_login(&check->items.log, &record, enforces(check),
                      clock_monotonic_us() - check->started_us, error.text, check->deadline_us);
}

void login_check_opened(struct login_check *check, struct judgement *judgement)
{
    struct error error = check->config_error;
    struct login_record record;
    struct worker_reply reply;
    struct work work;

    prepare(check, WORKER_OPENED, &record, &work);
    if (error.fault == FAULT_NONE &&
        run_guarded(check, &work, work_assess, check->deadline_us, &reply, &error)) {
        *judgement = (struct judgement){.id = reply.id, .learn = reply.learn};
        return;
    }
    *judgement = (struct judgement){.id = record.event.id, .fault = error.fault};
    record.fault = error.fault;
    (void)audit_login(&check->items.log, &record, enforces(check),
                      clock_monotonic_us() - check->started_us, error.text, check->deadline_us);
}
