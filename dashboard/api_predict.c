/* POST /predict and POST /predict/batch */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/predict.h"
#include "dashboard/worker.h"

/* For so long a request waits for the name service: LDAP's own patience is often longer. */
#define ACCOUNTS_PATIENCE_S 5

struct task {
    struct prediction prediction;
    struct asked_account account;
};

/* What a request keeps while it waits to learn who its users are. */
struct predicting {
    struct inquiry *inquiry; /* about unknown accounts, or NULL */
    int64_t until_us;        /* monotonic */
    size_t count;
    struct asked_account *asked; /* those of the inquiry */
    size_t asked_count;
    struct task tasks[];
};

static void destroy_predicting(void *context)
{
    struct predicting *predicting = context;

    if (predicting->inquiry != NULL)
        inquiry_drop(predicting->inquiry);
    free(predicting->asked);
    free(predicting);
}

static struct predicting *create_predicting(const struct request *request, size_t count)
{
    struct predicting *predicting =
        calloc(1, sizeof(*predicting) + count * sizeof(predicting->tasks[0]));

    if (predicting == NULL)
        return NULL;
    predicting->count = count;
    *request->kept = (struct kept){predicting, destroy_predicting};
    return predicting;
}

static bool read_login(struct task *task, const json_t *login, struct error *wrong)
{
    bool done = predict_read(login, &task->prediction, wrong);

    memcpy(task->account.user, task->prediction.event.user, sizeof(task->account.user));
    return done;
}

/* *missing: of how many the account has to be asked for first. */
static bool judge(struct worker *worker, struct predicting *predicting, size_t *missing,
                  struct error *error)
{
    const struct config *config = worker->config;

    *missing = 0;
    for (size_t i = 0; i < predicting->count; i++) {
        struct task *task = &predicting->tasks[i];
        bool known = task->account.is_known;

        if (!predict_judge(&task->prediction, config, &worker->kept, &task->account, error))
            return false;
        if (task->prediction.needs_account)
            accounts_recall(worker->dashboard->accounts, config->exempt_groups, &task->account);
        if (task->account.is_known != known &&
            !predict_judge(&task->prediction, config, &worker->kept, &task->account, error))
            return false;
        *missing += task->prediction.needs_account;
    }
    return true;
}

static bool refuse_for_now(struct reply *reply, const char *why)
{
    reply->waker = NULL;
    reply->retry_after_s = ACCOUNTS_PATIENCE_S;
    return reply_refuse(reply, 503, "%s: try again in a moment", why);
}

static bool wait_for_accounts(const struct predicting *predicting, struct reply *reply)
{
    int64_t left_us = predicting->until_us - clock_monotonic_us();

    if (left_us <= 0)
        return refuse_for_now(reply, "the machine's name service has not yet said who the user is "
                                     "and whether a group makes him exempt");
    reply->waker = inquiry_waker(predicting->inquiry);
    reply->wake_after_ms = left_us / 1000 + 1;
    return true;
}

static bool ask_for_accounts(struct worker *worker, struct predicting *predicting, size_t missing,
                             struct reply *reply, struct error *error)
{
    struct asked_account *asked = reallocarray(predicting->asked, missing, sizeof(*asked));
    size_t count = 0;

    if (asked == NULL)
        return error_set(error, FAULT_NONE, "no memory to ask for %zu accounts", missing);
    predicting->asked = asked;
    for (size_t i = 0; i < predicting->count; i++) {
        if (predicting->tasks[i].prediction.needs_account)
            asked[count++] = predicting->tasks[i].account;
    }
    predicting->until_us = clock_monotonic_us() + ACCOUNTS_PATIENCE_S * US_PER_S;
    predicting->inquiry =
        accounts_ask(worker->dashboard->accounts, worker->config->exempt_groups, asked, count);
    if (predicting->inquiry == NULL)
        return refuse_for_now(reply, "too many requests wait for the machine's name service");
    return wait_for_accounts(predicting, reply);
}

/* False: they are not known yet. */
static bool take_accounts(struct predicting *predicting)
{
    size_t count = 0;

    if (!inquiry_is_answered(predicting->inquiry, predicting->asked))
        return false;
    inquiry_drop(predicting->inquiry);
    predicting->inquiry = NULL;
    for (size_t i = 0; i < predicting->count; i++) {
        if (predicting->tasks[i].prediction.needs_account)
            predicting->tasks[i].account = predicting->asked[count++];
    }
    return true;
}

/* *done: all are judged. Otherwise the reply waits, or refuses. */
static bool judge_all(struct worker *worker, struct predicting *predicting, struct reply *reply,
                      bool *done, struct error *error)
{
    size_t missing;

    *done = false;
    if (predicting->inquiry != NULL && !take_accounts(predicting))
        return wait_for_accounts(predicting, reply);
    if (!judge(worker, predicting, &missing, error))
        return false;
    if (missing > 0)
        return ask_for_accounts(worker, predicting, missing, reply, error);
    atomic_fetch_add(&worker->dashboard->predictions, predicting->count);
    *done = true;
    return true;
}

bool answer_predict(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    struct predicting *predicting = request->kept->context;
    struct error wrong = ERROR_NONE;
    bool done;

    if (predicting == NULL) {
        predicting = create_predicting(request, 1);
        if (predicting == NULL)
            return error_set(error, FAULT_NONE, "no memory to judge a login");
        if (!read_login(&predicting->tasks[0], request->json, &wrong))
            return reply_refuse(reply, 422, "%s", wrong.text);
    }
    if (!judge_all(worker, predicting, reply, &done, error))
        return false;
    if (done)
        predict_write(&reply->json, NULL, &predicting->tasks[0].prediction);
    return true;
}

/* All of it is read before the first is judged: a batch is answered whole or refused. */
static bool read_batch(const struct request *request, struct predicting **predicting,
                       struct reply *reply, struct error *error)
{
    size_t count = json_array_size(request->json);
    struct error wrong = ERROR_NONE;

    if (!json_is_array(request->json) || count > PREDICT_BATCH_MAX)
        return reply_refuse(reply, 422, "a batch has to be an array of at most %d logins",
                            PREDICT_BATCH_MAX);
    *predicting = create_predicting(request, count);
    if (*predicting == NULL)
        return error_set(error, FAULT_NONE, "no memory to judge %zu logins", count);
    for (size_t i = 0; i < count; i++) {
        if (!read_login(&(*predicting)->tasks[i], json_array_get(request->json, i), &wrong))
            return reply_refuse(reply, 422, "login %zu of the batch: %s", i + 1, wrong.text);
    }
    return true;
}

bool answer_predict_batch(struct worker *worker, const struct request *request, struct reply *reply,
                          struct error *error)
{
    struct predicting *predicting = request->kept->context;
    bool done;

    if (predicting == NULL && !read_batch(request, &predicting, reply, error))
        return false;
    if (reply->status >= 400)
        return true;
    if (!judge_all(worker, predicting, reply, &done, error))
        return false;
    if (!done)
        return true;
    json_array_begin(&reply->json, NULL);
    for (size_t i = 0; i < predicting->count; i++)
        predict_write(&reply->json, NULL, &predicting->tasks[i].prediction);
    json_array_end(&reply->json);
    return true;
}
