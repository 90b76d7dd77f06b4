/*
 * What is known of one address or of one site prefix: recent attempts and the names tried. The same
 * rules as for a profile: a plain record, changed by source_count() alone.
 */
#ifndef SCORER_SOURCE_H
#define SCORER_SOURCE_H

#include "scorer/login_event.h"
#include "scorer/profile.h"

#define SOURCE_VERSION 1
#define SOURCE_NAMES   32 /* names remembered, the latest ones; a count of them saturates here */

struct source_name {
    uint32_t key;    /* of the user name */
    uint32_t last_s; /* UTC seconds (until 2106) */
};

struct source {
    uint32_t version;
    uint32_t attempts, accepted; /* ever */
    uint32_t names_at;           /* next slot of names */
    int64_t first_s, last_s;
    struct fading_count attempts_1m, attempts_10m, attempts_1h, attempts_1d;
    struct fading_count failures_1h; /* attempts minus accepted ones, never below zero */
    struct source_name names[SOURCE_NAMES];
};

void source_init(struct source *source);

/* Counts an ATTEMPT or ACCEPTED event; other stages change nothing. */
void source_count(struct source *source, const struct login_event *event);

/* Distinct names tried within the last `window_s` seconds, name itself left out. At most
 * SOURCE_NAMES. */
unsigned source_other_names(const struct source *source, const char *name, int64_t time_us,
                            int64_t window_s);

bool source_load(struct source *source, const void *bytes, size_t size,
                 struct error *error) MUST_USE;

#endif
