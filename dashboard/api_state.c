/* Whether store, model, journal and geolocation are as they should be. */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/handlers.h"
#include "dashboard/worker.h"
#include "store/journal_state.h"

/* What waits longer than this in the journal is not being folded in. */
#define LAG_MAX_US (INT64_C(60) * US_PER_S)

struct state {
    struct error store_trouble, model_trouble, journal_trouble, geo_trouble; /* text "": fine */
    struct store_counts counts;
    struct journal_state journal;
    const struct risk_model *model;
    const char *model_path;
    char geo_type[64];
    uint64_t geo_epoch;
};

static void read_store(struct worker *worker, int64_t now_us, struct state *state)
{
    struct store *store = worker_store(worker, &state->store_trouble);

    if (store == NULL) {
        error_set(&state->journal_trouble, FAULT_STORE, "not looked at without the store");
        return;
    }
    (void)!store_counts(store, now_us, &state->counts, &state->store_trouble);
    if (!journal_state_read(store, store_directory_fd(store), &state->journal,
                            &state->journal_trouble))
        return;
    if (!state->journal.writer_running)
        error_set(&state->journal_trouble, FAULT_STORE,
                  "anomalyd is not running: logins are scored, none is learned yet");
    else if (state->journal.oldest_pending_us != 0 &&
             now_us - state->journal.oldest_pending_us > LAG_MAX_US)
        error_set(&state->journal_trouble, FAULT_STORE,
                  "anomalyd is %" PRId64 " s behind the journal",
                  (now_us - state->journal.oldest_pending_us) / US_PER_S);
}

static void read_state(struct worker *worker, int64_t now_us, struct state *state)
{
    const struct geo *geo;

    *state = (struct state){0};
    read_store(worker, now_us, state);
    state->model = worker_model(worker, &state->model_trouble);
    state->model_path = worker->kept.model.bytes != NULL ? worker->kept.model.path : "built-in";
    geo = worker_geo(worker, &state->geo_trouble);
    if (geo == NULL)
        return;
    geo_describe(geo, state->geo_type, &state->geo_epoch);
    if (state->geo_type[0] == '\0' && strcmp(worker->config->geo, "none") != 0)
        error_set(&state->geo_trouble, FAULT_GEO,
                  "no geolocation database was found: places are not judged");
}

static void begin_check(struct json_writer *json, const char *name, const struct error *trouble)
{
    json_object_begin(json, name);
    json_bool(json, "ok", trouble->text[0] == '\0');
    json_text(json, "message", trouble->text[0] == '\0' ? NULL : trouble->text);
}

static void write_checks(struct reply *reply, const struct state *state)
{
    struct json_writer *json = &reply->json;
    int64_t lag_bytes = 0;

    begin_check(json, "store", &state->store_trouble);
    json_integer(json, "logins", state->counts.logins);
    json_time(&reply->json, "oldest", state->counts.oldest_us);
    json_time(&reply->json, "newest", state->counts.newest_us);
    json_object_end(json);

    begin_check(json, "model", &state->model_trouble);
    if (state->model != NULL) {
        char checksum[17];
        snprintf(checksum, sizeof(checksum), "%016" PRIx64, state->model->header->checksum);
        json_text(json, "source", state->model_path);
        json_text(json, "checksum", checksum);
        json_time(&reply->json, "trained", state->model->header->trained_us);
    }
    json_object_end(json);

    for (size_t i = 0; i < state->journal.files; i++)
        lag_bytes += state->journal.file[i].pending_bytes;
    begin_check(json, "journal", &state->journal_trouble);
    json_integer(json, "lag_bytes", lag_bytes);
    json_bool(json, "writer_running", state->journal.writer_running);
    json_object_end(json);

    begin_check(json, "geo", &state->geo_trouble);
    json_text(json, "type", state->geo_type[0] != '\0' ? state->geo_type : NULL);
    json_integer(json, "epoch", (int64_t)state->geo_epoch);
    json_object_end(json);
}

bool answer_health(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    struct json_writer *json = &reply->json;
    struct state state;
    (void)error;

    read_state(worker, request->now_us, &state);
    bool degraded = state.store_trouble.text[0] != '\0' || state.model_trouble.text[0] != '\0' ||
                    state.journal_trouble.text[0] != '\0';
    json_object_begin(json, NULL);
    json_text(json, "status", degraded ? "degraded" : "ok");
    if (request->role >= ROLE_VIEWER) {
        json_object_begin(json, "checks");
        write_checks(reply, &state);
        json_object_end(json);
    }
    json_object_end(json);
    return true;
}

bool answer_state(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    struct json_writer *json = &reply->json;
    struct state state;
    (void)error;

    read_state(worker, request->now_us, &state);
    json_object_begin(json, NULL);
    json_text(json, "version", PAM_ANOMALY_VERSION);
    write_checks(reply, &state);
    json_text(json, "user", request->who);
    json_text(json, "role", role_name(request->role));
    json_object_end(json);
    return true;
}
