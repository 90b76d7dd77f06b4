#include "check/check.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

#include "check/answer.h"
#include "check/audit_line.h"
#include "check/auth_info.h"
#include "check/kept.h"
#include "check/past.h"
#include "common/clock.h"
#include "common/exempt.h"
#include "store/policy_of_config.h"

/* A session opens within sshd's login grace time, which is 120 s unless raised. */
#define ATTEMPT_WINDOW_S 600

/* A job under way. */
struct check {
    const struct check_job *job;
    const struct config *config;
    int store_fd;
    struct check_kept *kept;
    bool exempt;
    struct login_record record;
};

static bool append(const struct check *check, struct error *error)
{
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    size_t size = login_record_encode(&check->record, bytes, sizeof bytes);

    if (size == 0)
        return error_set(error, FAULT_STORE, "a login record does not fit into %zu bytes",
                         sizeof bytes);
    return journal_append(check->store_fd, "login", bytes, size, error);
}

static bool locate(struct check *check, struct error *error)
{
    struct login_event *event = &check->record.event;
    const struct geo *geo;

    if (event->source.family == 0 || ip_is_reserved(&event->source) ||
        strcmp(check->config->geo, "none") == 0)
        return true;
    return check_keep_geo(check->kept, check->config, &geo, error) &&
           geo_locate(geo, &event->source, &event->place, error);
}

/* ---- an attempt ---- */

/*
 * Besides those who are exempt by the configuration: the store's owner, who is asked here, wrote
 * that file. What of it is damaged is told and exempts nobody.
 */
static void exempt_by_store(struct check *check, struct check_reply *reply)
{
    const struct login_event *event = &check->record.event;
    struct exempt_sources sources = {.config = NULL};
    struct error error = ERROR_NONE;
    struct exempt_rule rule;

    if (check->exempt)
        return;
    sources.dashboard = check_keep_exceptions(check->kept, check->config, &error);
    memcpy(reply->text, error.text, sizeof reply->text);
    check->exempt =
        exempt_find(&sources, event->user, &event->source, event->time_us / US_PER_S, &rule);
}

static bool score(struct check *check, const struct risk_model *model,
                  const struct history *history, struct error *error)
{
    const struct config *config = check->config;
    struct login_record *record = &check->record;
    const struct policy policy = policy_of_config(config);
    const struct policy_facts facts = {.exempt = check->exempt,
                                       .is_root = check->job->is_root,
                                       .learned_logins = history->profile.logins};

    if (!assess_login(&record->event, history, model, &policy, &facts, &record->assessment, error))
        return false;
    record->assessed = true;
    record->model = model->header->checksum;
    record->answer = answer_for_verdict(record->assessment.verdict, config->mode == MODE_ENFORCE);
    return true;
}

static bool assess(struct check *check, struct error *error)
{
    struct login_event *event = &check->record.event;
    struct history history;
    struct past past = {.about = event, .history = &history};
    const struct risk_model *model;
    struct store *store;

    auth_info_learn(event, check->job->auth_info, false);
    if (!locate(check, error) || !check_keep_model(check->kept, check->config, &model, error) ||
        !check_keep_store(check->kept, check->config, &store, error) ||
        !past_load(&past, store, check->store_fd, error))
        return false;
    return score(check, model, &history, error);
}

static enum verdict answer_of_fault(const struct check *check, enum fault fault)
{
    const struct config *config = check->config;

    return answer_for_fault(config_on_fault(config, fault), config->mode == MODE_ENFORCE,
                            check->exempt, check->job->is_root && !config->deny_root);
}

/* A credential that was right before the check is recorded with it. */
static bool record_login(struct check *check, struct error *error)
{
    struct login_event *event = &check->record.event;
    bool appended = append(check, error);

    if (appended && check->job->accepted) {
        event->stage = STAGE_ACCEPTED;
        appended = append(check, error);
        event->stage = STAGE_ATTEMPT;
    }
    return appended;
}

static void make_line(const struct check *check, const struct error *error,
                      struct check_reply *reply)
{
    reply->priority = audit_line_priority(&check->record);
    audit_line_compose(&check->record, check->config->mode == MODE_ENFORCE,
                       clock_monotonic_us() - check->job->started_us,
                       error->fault != FAULT_NONE ? error->text : NULL, reply->line);
}

/*
 * The record is written before there is an answer. What cannot be recorded is answered as strictly
 * as the verdict or the fault ask, so that a full disk opens no door.
 */
static void run_assess(struct check *check, struct check_reply *reply)
{
    struct login_record *record = &check->record;
    struct error error = ERROR_NONE;

    exempt_by_store(check, reply);
    if (!assess(check, &error)) {
        record->assessed = false;
        record->fault = error.fault;
        record->answer = answer_of_fault(check, error.fault);
    }
    if (!record_login(check, &error)) {
        enum verdict answer = answer_of_fault(check, error.fault);

        record->fault = error.fault;
        record->answer = answer > record->answer ? answer : record->answer;
    }
    reply->unjudged = record->fault;
    reply->answer = record->answer;
    make_line(check, &error, reply);
}

/* ---- an opened session ---- */

static bool is_conversation(enum login_method method)
{
    return method == METHOD_PAM || method == METHOD_PASSWORD ||
           method == METHOD_KEYBOARD_INTERACTIVE || method == METHOD_TWO_FACTOR;
}

/*
 * A password that failed was judged as a conversation; a key that followed it on the same
 * connection was not judged for what it is.
 */
static bool was_judged_as(enum login_method judged, enum login_method method)
{
    return method == METHOD_UNKNOWN || is_conversation(judged) == is_conversation(method);
}

/* Usual ones, and those of whom an administrator said that they are to get in. */
static bool may_be_learned(const struct login_record *attempt)
{
    return attempt->assessed && (attempt->assessment.verdict == VERDICT_ALLOW ||
                                 attempt->assessment.rule == RULE_EXEMPT);
}

/* What the attempt saw is what is learned; only method and key are news. */
static void adopt_attempt(struct login_event *event, const struct login_record *attempt,
                          const char *auth_info)
{
    struct login_event opened = attempt->event;
    enum login_method judged = opened.method;

    opened.stage = STAGE_OPENED;
    opened.time_us = event->time_us;
    auth_info_learn(&opened, auth_info, true);
    opened.learn = may_be_learned(attempt) &&
                   was_judged_as(judged, auth_info[0] != '\0' ? opened.method : METHOD_UNKNOWN);
    *event = opened;
}

static bool find_attempt(struct store *store, struct past *past, bool *found, struct error *error)
{
    struct stored_login stored;

    *found = past->attempt_found;
    if (*found)
        return true;
    if (!store_attempt_find(store, past->about, ATTEMPT_WINDOW_S, &stored, found, error))
        return false;
    if (*found)
        past->attempt = stored.record;
    return true;
}

static bool opened(struct check *check, struct error *error)
{
    struct login_event *event = &check->record.event;
    const char *auth_info = check->job->auth_info;
    struct history history;
    struct past past = {.about = event, .history = &history};
    struct store *store;
    bool found = false;

    if (!check_keep_store(check->kept, check->config, &store, error) ||
        !past_load(&past, store, check->store_fd, error) ||
        !find_attempt(store, &past, &found, error))
        return false;
    if (found)
        adopt_attempt(event, &past.attempt, auth_info);
    else if (login_id_is_none(&event->id))
        return error_set(error, FAULT_STORE,
                         "a session opened whose login was not judged; is the account line of the "
                         "PAM stack missing?");
    else
        auth_info_learn(event, auth_info, true);
    history_mark_new(&history.profile, event);
    return true;
}

/* ---- a closed session ---- */

static bool judge_volume(struct check *check, struct error *error)
{
    const struct config *config = check->config;
    const struct session_rule rule = session_rule_of_config(config);
    struct login_record *record = &check->record;
    struct history history;
    struct past past = {.about = &record->event, .history = &history};
    struct store *store;

    if (!check_keep_store(check->kept, config, &store, error) ||
        !past_load(&past, store, check->store_fd, error))
        return false;
    session_volume_judge(&rule, &history.profile, &record->event, &record->volume);
    return true;
}

/* It is recorded in any case. What stands out or could not be judged is not learned. */
static bool closed(struct check *check, struct error *error)
{
    bool judged = judge_volume(check, error);

    check->record.event.learn &= judged && !check->record.volume.large;
    return append(check, error) && judged;
}

/* ---- all of it ---- */

static bool record_stage(struct check *check, struct error *error)
{
    if (check->job->task == CHECK_CLOSED)
        return closed(check, error);
    return (check->job->task != CHECK_OPENED || opened(check, error)) && append(check, error);
}

static void run_task(struct check *check, struct check_reply *reply)
{
    struct login_event *event = &check->record.event;
    struct error error = ERROR_NONE;

    if (check->job->task == CHECK_ASSESS) {
        run_assess(check, reply);
        return;
    }
    if (!record_stage(check, &error)) {
        reply->fault = error.fault;
        memcpy(reply->text, error.text, sizeof reply->text);
    }
    if (check->record.volume.large)
        make_line(check, &error, reply);
    reply->learn = event->learn;
    reply->id = event->id;
}

void check_run(const struct check_job *job, int store_fd, struct check_kept *kept,
               struct check_reply *reply)
{
    struct check check = {.job = job,
                          .config = &job->config,
                          .store_fd = store_fd,
                          .kept = kept,
                          .exempt = job->exempt,
                          .record = job->record};

    memset(reply, 0, sizeof *reply);
    reply->priority = LOG_INFO;
    tzset(); /* the zone may have been changed since the last job */
    check.record.event.utc_offset_s = clock_utc_offset_s(check.record.event.time_us);
    run_task(&check, reply);
    if (reply->fault != FAULT_NONE || reply->unjudged != FAULT_NONE)
        check_kept_drop(kept);
}
