/* Time. Everything that needs "now" takes it as a parameter; fronts read it here. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define US_PER_S  INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

int64_t clock_utc_us(void);       /* since 1970-01-01 UTC */
int64_t clock_monotonic_us(void); /* for durations and deadlines */

/* Seconds east of UTC of the machine's zone at that moment. */
int32_t clock_utc_offset_s(int64_t time_us);

/*
 * The moment at which the machine's zone showed what a clock of UTC shows at shown_us. Of two (a
 * clock set back) the earlier; of none (a clock set forward) what the time before the change gives.
 */
int64_t clock_local_to_utc_us(int64_t shown_us);

#define CLOCK_TEXT_BYTES 40

/*
 * "2026-03-09 14:05:11 +0100" in the machine's zone, or "2026-03-09T13:05:11Z" with utc. Returns
 * text.
 */
const char *clock_format(int64_t time_us, bool utc, char text[CLOCK_TEXT_BYTES]);

/* "2026-03-09T13:05:11.250Z", cut to the millisecond. Returns text. */
const char *clock_format_ms(int64_t time_us, char text[CLOCK_TEXT_BYTES]);

#endif
