/* The model: what it is, how logins have drifted from it, whom it would have stopped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/jobs.h"
#include "dashboard/worker.h"
#include "store/model_json.h"

#define FRESH_S 900    /* an answer is given again for so long */
#define WAITING 8      /* at most, so that uploads find their places */
#define WORST   "5000" /* logins of a replay: some 2 MB */

#define BUILT_IN "built-in"

bool answer_model(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    const struct risk_model *model = worker_model(worker, error);
    const char *path = worker->kept.model.bytes != NULL ? worker->kept.model.path : BUILT_IN;
    char checksum[20];

    (void)request;
    if (model == NULL)
        return false;
    snprintf(checksum, sizeof checksum, "%016" PRIx64, model->header->checksum);
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "source", path);
    json_text(&reply->json, "checksum", checksum);
    json_time(&reply->json, "trained", (int64_t)model->header->trained_us);
    model_json_members(&reply->json, model, path);
    json_object_end(&reply->json);
    return true;
}

/* What a command of the trainer says, or how far it is. */
static bool answer_job(struct worker *worker, const struct request *request, const char *key,
                       const char *const *arguments, struct reply *reply, struct error *error)
{
    struct error full = ERROR_NONE;
    struct job_answer answer;

    if (!jobs_ask(worker->dashboard->jobs, key, arguments, WAITING, FRESH_S, request->now_us,
                  &answer, &full))
        return reply_refuse(reply, 503, "%s", full.text);
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "state", job_state_name(answer.state));
    json_time(&reply->json, "started", answer.asked_us);
    json_time(&reply->json, "ended", answer.ended_us);
    json_text(&reply->json, "message", answer.message[0] != '\0' ? answer.message : NULL);
    if (answer.output != NULL && answer.size > 0)
        json_raw(&reply->json, "result", answer.output, strcspn(answer.output, "\n"));
    else
        json_null(&reply->json, "result");
    json_object_end(&reply->json);
    free(answer.output);
    (void)error;
    return true;
}

/* The trainer is to see the store and the options that this service sees. */
#define SAME_PLACE(worker)                                                                         \
    "--json", "--store", (worker)->config->store, "--config", (worker)->dashboard->config_path

bool answer_drift(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    const struct risk_model *model = worker_model(worker, error);
    char key[JOB_KEY_BYTES];

    if (model == NULL)
        return false;
    if (worker->kept.model.bytes == NULL)
        return reply_refuse(reply, 409,
                            "the built-in model does not know what logins were like when it was "
                            "made; train one with \"anomaly-trainer train\"");
    snprintf(key, sizeof key, "drift-%016" PRIx64, model->header->checksum);
    const char *const arguments[] = {
        "model", "show", worker->kept.model.path, "--drift", SAME_PLACE(worker), NULL};
    return answer_job(worker, request, key, arguments, reply, error);
}

bool answer_replay(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    const struct risk_model *model = worker_model(worker, error);
    const char *since = request_query(request, "since");
    char key[JOB_KEY_BYTES];
    int64_t since_us;

    if (model == NULL)
        return false;
    if (!request_query_time(request, "since", 0, &since_us, reply))
        return true;
    if (since == NULL)
        since = "30d";
    if (strlen(since) > 24)
        return reply_refuse(reply, 400, "\"since\" is a moment or a span such as 30d");
    snprintf(key, sizeof key, "replay-%016" PRIx64 "-%s", model->header->checksum, since);
    const char *const arguments[] = {"replay", "--since",          since, "--worst",
                                     WORST,    SAME_PLACE(worker), NULL};
    return answer_job(worker, request, key, arguments, reply, error);
}
