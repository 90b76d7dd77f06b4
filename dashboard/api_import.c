/* An analysed history that is to enter the store: asked for here, done by anomalyd. */
#include "common/clock.h"
#include "dashboard/analyses.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/import_members.h"
#include "dashboard/spoken.h"

#define TOLD_US (INT64_C(7) * 86400 * 1000000) /* how long it is known what came of one */

/* False with a sentence when its import cannot be asked for; *found: false: there is no such. */
static bool may_import(struct worker *worker, const char *id, struct asked_history *history,
                       bool *found, struct error *why)
{
    bool sound = analyses_history(worker->dashboard->analyses, id, history, found, why);

    return sound &&
           (worker->config->dashboard_import ||
            error_set(why, FAULT_CONFIG,
                      "histories do not enter the store from here: the administrator allows it "
                      "with dashboard_import = yes in the configuration"));
}

bool imports_refresh(struct worker *worker, struct error *error)
{
    struct imports *imports = worker->dashboard->imports;
    struct store *store;

    if (!imports_any_wait(imports))
        return true;
    store = worker_store(worker, error);
    return store != NULL && imports_look(imports, store, clock_utc_us(), error);
}

bool import_members(struct worker *worker, const char *id, struct json_writer *json,
                    struct error *error)
{
    struct asked_history history;
    struct error why = ERROR_NONE;
    bool found;

    if (!imports_refresh(worker, error))
        return false;
    imports_write(worker->dashboard->imports, id, json);
    json_text(json, "import_refused",
              may_import(worker, id, &history, &found, &why) ? NULL : why.text);
    return true;
}

bool import_of_gone(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    const char *id = request->parameter;
    struct decision asked;
    struct store *store;
    bool found = false;
    uint64_t job;

    if (!import_job_parse(id, &job))
        return reply_not_found(reply, "analysis", id);
    store = worker_store(worker, error);
    if (store == NULL ||
        !store_import_find(store, job, request->now_us - TOLD_US, &asked, &found, error))
        return false;
    if (!found)
        return reply_not_found(reply, "analysis", id);
    return reply_refuse(reply, 404,
                        "the analysis \"%s\" is not kept any more; its import, which %s asked for: "
                        "%s%s%s",
                        id, asked.word.by, history_state_name(asked.word.history.state),
                        asked.word.why[0] != '\0' ? ", " : "", asked.word.why);
}

/* Taken in the file's name, so that decisions say what it was. */
static bool ask(struct worker *worker, const struct request *request,
                const struct asked_history *history, struct error *error)
{
    struct word word;

    spoken_begin(&word, request);
    word.kind = WORD_IMPORT;
    word.history = *history;
    if (analyses_lend(worker->dashboard->analyses, request->parameter, error) &&
        word_append(worker->config->store, &word, error))
        return true;
    imports_forget(worker->dashboard->imports, request->parameter);
    return false;
}

bool ask_import(struct worker *worker, const struct request *request, struct reply *reply,
                struct error *error)
{
    struct imports *imports = worker->dashboard->imports;
    const char *id = request->parameter;
    struct asked_history history;
    struct error why = ERROR_NONE;
    bool found;

    if (!may_import(worker, id, &history, &found, &why))
        return found ? reply_refuse(reply, 409, "%s", why.text)
                     : import_of_gone(worker, request, reply, error);
    if (!imports_refresh(worker, error))
        return false;
    if (!imports_ask(imports, id, request->now_us, &why))
        return reply_refuse(reply, 409, "%s", why.text);
    if (!ask(worker, request, &history, error))
        return false;
    reply->status = 202;
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "job", id);
    imports_write(imports, id, &reply->json);
    json_object_end(&reply->json);
    return true;
}
