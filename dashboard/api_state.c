/* GET /health and GET /api/state */
#include <inttypes.h>

#include "common/clock.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/state.h"

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

/* Anybody may ask, as often as he likes, and a journal that nobody drains takes long to look at. */
#define HEALTH_FRESH_US (2 * US_PER_S)

static bool look(struct worker *worker, int64_t now_us, struct state *state)
{
    state_read(worker, now_us, state);
    bool degraded = state->store_trouble.text[0] != '\0' || state->model_trouble.text[0] != '\0' ||
                    state->journal_trouble.text[0] != '\0';
    atomic_store(&worker->dashboard->is_degraded, degraded);
    return degraded;
}

/* One of those who ask at once looks; the others get what was seen before. */
static bool look_at_times(struct worker *worker, int64_t now_us)
{
    struct dashboard *dashboard = worker->dashboard;
    int_fast64_t looked_us = atomic_load(&dashboard->health_looked_us);
    struct state state;

    if ((looked_us != 0 && now_us - looked_us < HEALTH_FRESH_US && now_us >= looked_us) ||
        !atomic_compare_exchange_strong(&dashboard->health_looked_us, &looked_us, now_us))
        return atomic_load(&dashboard->is_degraded);
    return look(worker, now_us, &state);
}

bool answer_health(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    bool knows_more = request->role >= ROLE_VIEWER;
    struct json_writer *json = &reply->json;
    struct state state;
    bool degraded;
    (void)error;

    degraded =
        knows_more ? look(worker, request->now_us, &state) : look_at_times(worker, request->now_us);
    json_object_begin(json, NULL);
    json_text(json, "status", degraded ? "degraded" : "ok");
    if (knows_more) {
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

    state_read(worker, request->now_us, &state);
    json_object_begin(json, NULL);
    json_text(json, "version", PAM_ANOMALY_VERSION);
    write_checks(reply, &state);
    json_text(json, "user", request->who);
    json_text(json, "role", role_name(request->role));
    json_object_end(json);
    return true;
}
