#include "common/wait_ready.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "common/clock.h"

bool wait_ready(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        struct pollfd poll_fd = {.fd = fd, .events = events};
        struct timespec timeout = {.tv_sec = left_us / US_PER_S,
                                   .tv_nsec = (left_us % US_PER_S) * 1000};
        int ready;
        if (left_us <= 0)
            return false;
        ready = ppoll(&poll_fd, 1, &timeout, NULL);
        if (ready > 0)
            return true;
        if (ready == -1 && errno != EINTR)
            return false;
    }
}
