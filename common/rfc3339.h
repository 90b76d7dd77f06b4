/* Times as RFC 3339 writes them: "2026-03-09T14:05:11.123456+01:00". */
#ifndef COMMON_RFC3339_H
#define COMMON_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct rfc3339_time {
    int64_t time_us;  /* UTC; where no zone is named, what the clock showed, as if it were UTC */
    bool has_zone;    /* Z or an offset */
    bool has_offset;  /* an offset, which is the writer's own zone */
    int32_t offset_s; /* east of UTC */
};

/*
 * Reads a time at the beginning of text; *end: what follows. A space may stand for the T, a comma
 * for the point, and the zone and the colon inside it may be missing. False when there is no time,
 * or one that no clock shows.
 */
bool rfc3339_parse(const char *text, struct rfc3339_time *time, const char **end) MUST_USE;

#endif
