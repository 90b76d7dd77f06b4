/* Durations and moments as people write them. */
#ifndef COMMON_MOMENT_H
#define COMMON_MOMENT_H

#include <stdint.h>

#include "common/error.h"

/* "90s", "15m", "1h", "7d", "2w" into seconds, above 0. */
bool duration_parse(const char *text, int64_t *duration_s, struct error *error) MUST_USE;

/* A duration (so long before now), or "2026-03-09", "2026-03-09 14:05", "2026-03-09T14:05:11Z" in
 * the machine's zone, in UTC with utc or a final Z. */
bool moment_parse(const char *text, int64_t now_us, bool utc, int64_t *time_us,
                  struct error *error) MUST_USE;

#endif
