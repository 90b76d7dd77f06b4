#include "check/past.h"

#include <string.h>

/* The tail of the journal that a login reads at most: bursts of the last moments. */
#define TAIL_LIMIT_BYTES (INT64_C(256) << 10)

/*
 * A check that was too late, or was ended before it could answer, may have written what is being
 * checked again, or what was then written again in its place.
 */
static bool is_repeated(const struct past *past, const struct login_event *event)
{
    const struct login_event *about = past->about;

    return (about->stage == event->stage &&
            memcmp(&event->id, &about->id, sizeof event->id) == 0) ||
           (event->stage == STAGE_ATTEMPT && past->attempt_found &&
            memcmp(&event->id, &past->attempt.event.id, sizeof event->id) == 0);
}

static bool fold_record(void *context, const void *payload, size_t size, int64_t next)
{
    struct past *past = context;
    struct login_record record;

    (void)next;
    if (!login_record_decode(&record, payload, size, NULL))
        return true; /* counted and reported by the drain, which sees it too */
    if (is_repeated(past, &record.event))
        return true;
    history_learn(past->history, past->about, &record.event);
    if (record.event.stage == STAGE_ATTEMPT && record.event.connection == past->about->connection &&
        strcmp(record.event.user, past->about->user) == 0) {
        past->attempt = record;
        past->attempt_found = true;
    }
    return true;
}

bool past_load(struct past *past, struct store *store, int store_fd, struct error *error)
{
    struct journal_positions positions;

    return store_history_load(store, past->about, past->history, &positions, error) &&
           journal_read_tail(store_fd, "login", &positions, TAIL_LIMIT_BYTES, fold_record, past,
                             error);
}
