/* Waiting for a descriptor, never past a deadline. */
#ifndef COMMON_WAIT_READY_H
#define COMMON_WAIT_READY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True when fd has one of poll(2)'s events, or its end, before deadline_us (clock_monotonic_us).
 * Signals are waited through.
 */
bool wait_ready(int fd, short events, int64_t deadline_us);

#endif
