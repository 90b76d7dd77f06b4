/* POST /predict and POST /predict/batch */
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/predict.h"
#include "dashboard/worker.h"

static bool judge(struct worker *worker, struct prediction *prediction, struct error *error)
{
    atomic_fetch_add(&worker->dashboard->predictions, 1);
    return predict_judge(prediction, worker->config, &worker->kept, error);
}

bool answer_predict(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    struct error wrong = ERROR_NONE;
    struct prediction prediction;

    if (!predict_read(request->json, &prediction, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    if (!judge(worker, &prediction, error))
        return false;
    predict_write(&reply->json, NULL, &prediction);
    return true;
}

/* All of it is read before the first is judged: a batch is answered whole or refused. */
bool answer_predict_batch(struct worker *worker, const struct request *request, struct reply *reply,
                          struct error *error)
{
    size_t count = json_array_size(request->json);
    struct error wrong = ERROR_NONE;
    struct prediction prediction;

    if (!json_is_array(request->json) || count > PREDICT_BATCH_MAX)
        return reply_refuse(reply, 422, "a batch has to be an array of at most %d logins",
                            PREDICT_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!predict_read(json_array_get(request->json, i), &prediction, &wrong))
            return reply_refuse(reply, 422, "login %zu of the batch: %s", i + 1, wrong.text);
    }
    json_array_begin(&reply->json, NULL);
    for (size_t i = 0; i < count; i++) {
        if (!predict_read(json_array_get(request->json, i), &prediction, error) ||
            !judge(worker, &prediction, error))
            return false;
        predict_write(&reply->json, NULL, &prediction);
    }
    json_array_end(&reply->json);
    return true;
}
