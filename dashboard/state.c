#include "dashboard/state.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"

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

void state_read(struct worker *worker, int64_t now_us, struct state *state)
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
