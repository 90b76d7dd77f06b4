#include "scorer/source.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"

/* The bytes are stored as they are: none of them may be left to chance. */
static_assert(sizeof(struct source) == 4 * 4 + 2 * 8 + 5 * sizeof(struct fading_count) +
                                           SOURCE_NAMES * sizeof(struct source_name),
              "struct source has no padding");

void source_init(struct source *source)
{
    memset(source, 0, sizeof *source);
    source->version = SOURCE_VERSION;
}

/* Never 0, which marks a free slot. */
static uint32_t name_key(const char *name)
{
    uint32_t key = (uint32_t)hash_text(name);
    return key != 0 ? key : 1;
}

static uint32_t clamp_time(int64_t seconds)
{
    return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static void remember_name(struct source *source, const char *name, int64_t time_s)
{
    uint32_t key = name_key(name), now = clamp_time(time_s);
    for (unsigned i = 0; i < SOURCE_NAMES; i++) {
        if (source->names[i].key == key) {
            if (now > source->names[i].last_s)
                source->names[i].last_s = now;
            return;
        }
    }
    source->names[source->names_at] = (struct source_name){.key = key, .last_s = now};
    source->names_at = (source->names_at + 1) % SOURCE_NAMES;
}

static void count_attempt(struct source *source, const struct login_event *event)
{
    int64_t time_s = event->time_us / US_PER_S;
    if (source->attempts == 0)
        source->first_s = time_s;
    if (source->attempts == 0 || time_s > source->last_s)
        source->last_s = time_s;
    if (source->attempts < UINT32_MAX)
        source->attempts++;
    fading_count_add(&source->attempts_1m, event->time_us, 60);
    fading_count_add(&source->attempts_10m, event->time_us, 600);
    fading_count_add(&source->attempts_1h, event->time_us, 3600);
    fading_count_add(&source->attempts_1d, event->time_us, 86400);
    fading_count_add(&source->failures_1h, event->time_us, 3600);
    remember_name(source, event->user, time_s);
}

void source_count(struct source *source, const struct login_event *event)
{
    if (event->stage == STAGE_ATTEMPT) {
        count_attempt(source, event);
    } else if (event->stage == STAGE_ACCEPTED) {
        if (source->accepted < UINT32_MAX)
            source->accepted++;
        fading_count_take(&source->failures_1h, event->time_us, 3600);
    }
}

unsigned source_other_names(const struct source *source, const char *name, int64_t time_us,
                            int64_t window_s)
{
    uint32_t key = name_key(name);
    double now_s = (double)time_us / (double)US_PER_S;
    unsigned others = 0;
    for (unsigned i = 0; i < SOURCE_NAMES; i++) {
        const struct source_name *slot = &source->names[i];
        others +=
            slot->key != 0 && slot->key != key && now_s - (double)slot->last_s <= (double)window_s;
    }
    return others;
}

bool source_load(struct source *source, const void *bytes, size_t size, struct error *error)
{
    if (size != sizeof *source)
        return error_set(error, FAULT_STORE, "a stored source has %zu bytes instead of %zu", size,
                         sizeof *source);
    memcpy(source, bytes, size);
    if (source->version != SOURCE_VERSION)
        return error_set(error, FAULT_STORE,
                         "a stored source is of version %u, this program reads version %u",
                         source->version, SOURCE_VERSION);
    if (source->names_at >= SOURCE_NAMES || !fading_count_valid(&source->attempts_1m) ||
        !fading_count_valid(&source->attempts_10m) || !fading_count_valid(&source->attempts_1h) ||
        !fading_count_valid(&source->attempts_1d) || !fading_count_valid(&source->failures_1h))
        return error_set(error, FAULT_STORE, "a stored source holds numbers no counting leaves");
    return true;
}
