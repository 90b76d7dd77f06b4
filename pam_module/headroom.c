#include "pam_module/headroom.h"

/* A hard limit yields to root alone, and not to every container's; the hook then takes its chance.
 */
void headroom_take(struct headroom *headroom)
{
    struct rlimit enough = {.rlim_cur = HEADROOM_FILES, .rlim_max = HEADROOM_FILES};

    headroom->raised = false;
    if (getrlimit(RLIMIT_NOFILE, &headroom->before) != 0 ||
        headroom->before.rlim_cur >= HEADROOM_FILES)
        return;
    if (headroom->before.rlim_max > HEADROOM_FILES)
        enough.rlim_max = headroom->before.rlim_max;
    headroom->raised = setrlimit(RLIMIT_NOFILE, &enough) == 0;
}

void headroom_give_back(const struct headroom *headroom)
{
    if (headroom->raised)
        (void)setrlimit(RLIMIT_NOFILE, &headroom->before);
}
