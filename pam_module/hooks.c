#include "pam_module/hooks.h"

#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "pam_module/audit.h"
#include "pam_module/login_check.h"
#include "pam_module/pam_reply.h"

#define MARK_NAME "pam_anomaly"

/* What one hook leaves for the next ones of the same handle. */
struct mark {
    struct judgement judgement;
    uint64_t connection;
    int64_t opened_us;
    bool fresh; /* judged by a plain auth line; its step_up line is still to come */
    bool is_root;
    char typed[LOGIN_USER_BYTES], user[LOGIN_USER_BYTES];
};

static void mark_free(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh, (void)status;
    free(data);
}

/* Without memory there is no mark: account then judges anew, which is slower and no less safe. */
static void mark_set(pam_handle_t *pamh, const struct pam_items *items,
                     const struct judgement *judgement, int64_t opened_us, bool fresh)
{
    struct mark *mark = calloc(1, sizeof *mark);

    if (mark == NULL)
        return;
    mark->judgement = *judgement;
    mark->connection = items->event.connection;
    mark->opened_us = opened_us;
    mark->fresh = fresh;
    mark->is_root = items->is_root;
    memcpy(mark->typed, items->typed, sizeof mark->typed);
    memcpy(mark->user, items->event.user, sizeof mark->user);
    if (pam_set_data(pamh, MARK_NAME, mark, mark_free) != PAM_SUCCESS)
        free(mark);
}

static const struct mark *mark_any(pam_handle_t *pamh)
{
    const void *data = NULL;

    return pam_get_data(pamh, MARK_NAME, &data) == PAM_SUCCESS ? data : NULL;
}

/* The mark of this very connection and user: a handle may be used for several. */
static const struct mark *mark_get(pam_handle_t *pamh, const struct pam_items *items)
{
    const struct mark *mark = mark_any(pamh);

    if (mark == NULL || mark->connection != items->event.connection ||
        strcmp(mark->typed, items->typed) != 0)
        return NULL;
    return mark;
}

static bool is_member(void *context, const char *user, const char *group)
{
    return pam_modutil_user_in_group_nam_nam(context, user, group) == 1;
}

/* *mark: what an earlier hook left for this login, or NULL. */
static int begin(struct login_check *check, pam_handle_t *pamh, const char *hook, int argc,
                 const char **argv, const struct mark **mark)
{
    struct pam_items *items = &check->items;
    int status = pam_items_gather(pamh, hook, items);

    if (status != PAM_SUCCESS)
        return status;
    *mark = mark_get(pamh, items);
    if (*mark == NULL) {
        pam_items_resolve(pamh, items);
    } else {
        memcpy(items->event.user, (*mark)->user, sizeof items->event.user);
        items->is_root = (*mark)->is_root;
    }
    login_check_begin(check, argc, argv);
    return PAM_SUCCESS;
}

static void judge(pam_handle_t *pamh, struct login_check *check, enum login_method method,
                  struct judgement *judgement)
{
    struct login_event *event = &check->items.event;

    event->stage = STAGE_ATTEMPT;
    event->method = method;
    pam_items_measure(&check->items);
    login_check_exemptions(check, is_member, pamh);
    login_check_judge(check, method == METHOD_NOT_PAM, judgement);
}

static void judge_attempt(pam_handle_t *pamh, struct login_check *check,
                          struct judgement *judgement)
{
    judge(pamh, check, METHOD_PAM, judgement);
    if (judgement->answer == VERDICT_DENY)
        (void)audit_refusal(&check->items.log, &check->items.event, check->job.deadline_us);
}

/*
 * A stack may have two lines: a plain one first, which denies before a password is asked, and one
 * with step_up before the second factor. They are one attempt: the second takes the first one's
 * judgement, once, for a handle is used again when a password is asked again.
 */
int hook_auth(pam_handle_t *pamh, int argc, const char **argv)
{
    struct login_check check;
    struct judgement judgement;
    const struct mark *mark;
    int status = begin(&check, pamh, "auth", argc, argv, &mark);

    if (status != PAM_SUCCESS)
        return status == PAM_CONV_AGAIN ? PAM_INCOMPLETE : PAM_IGNORE;
    if (check.args.step_up && mark != NULL && mark->fresh)
        judgement = mark->judgement;
    else
        judge_attempt(pamh, &check, &judgement);
    mark_set(pamh, &check.items, &judgement, 0, !check.args.step_up);
    return pam_reply_auth(judgement.answer, login_check_enforces(&check), check.args.step_up,
                          judgement.fault != FAULT_NONE);
}

static void append_accepted(struct login_check *check, const struct judgement *judgement)
{
    struct login_event *event = &check->items.event;

    event->stage = STAGE_ACCEPTED;
    event->id = judgement->id;
    login_check_append(check, judgement->answer);
}

static void tell_user(pam_handle_t *pamh, const struct config *config)
{
    if (config->deny_message[0] != '\0')
        (void)pam_info(pamh, "%s", config->deny_message);
}

/* The credential was right, or this hook would not be called: that is recorded whatever the answer.
 */
int hook_account(pam_handle_t *pamh, int argc, const char **argv)
{
    struct login_check check;
    struct judgement judgement;
    const struct mark *mark;

    if (begin(&check, pamh, "account", argc, argv, &mark) != PAM_SUCCESS)
        return PAM_SUCCESS;
    if (mark != NULL) {
        judgement = mark->judgement;
        append_accepted(&check, &judgement);
    } else {
        judge(pamh, &check, METHOD_NOT_PAM, &judgement);
    }
    mark_set(pamh, &check.items, &judgement, 0, false);
    if (judgement.answer == VERDICT_DENY)
        tell_user(pamh, &check.job.config);
    return pam_reply_account(judgement.answer);
}

int hook_open_session(pam_handle_t *pamh, int argc, const char **argv)
{
    struct login_check check;
    struct judgement judgement;
    const struct mark *mark;

    if (begin(&check, pamh, "session", argc, argv, &mark) != PAM_SUCCESS)
        return PAM_SUCCESS;
    if (mark != NULL)
        check.items.event.id = mark->judgement.id;
    check.items.event.stage = STAGE_OPENED;
    pam_items_measure(&check.items);
    login_check_opened(&check, &judgement);
    mark_set(pamh, &check.items, &judgement, check.items.event.time_us, false);
    return PAM_SUCCESS;
}

/*
 * The handle that opened the session closes it, whatever was done to its environment meanwhile. A
 * clock that was set back leaves no duration.
 */
int hook_close_session(pam_handle_t *pamh, int argc, const char **argv)
{
    struct login_check check;
    struct login_event *event = &check.items.event;
    const struct mark *opened = mark_any(pamh);
    const struct mark *mark;

    if (opened == NULL || opened->opened_us == 0 || login_id_is_none(&opened->judgement.id) ||
        begin(&check, pamh, "session", argc, argv, &mark) != PAM_SUCCESS)
        return PAM_SUCCESS;
    pam_items_measure(&check.items);
    memcpy(event->user, opened->user, sizeof event->user);
    event->connection = opened->connection;
    event->stage = STAGE_CLOSED;
    event->id = opened->judgement.id;
    event->learn = opened->judgement.learn;
    event->duration_s =
        event->time_us >= opened->opened_us ? (event->time_us - opened->opened_us) / US_PER_S : -1;
    login_check_closed(&check);
    return PAM_SUCCESS;
}
