#include "pam_module/headroom.h"

#include <errno.h>

/* A hard limit yields to root alone, and not to every container's; the hook then takes its chance.
 */
static void raise_files(struct headroom *headroom)
{
    struct rlimit enough = {.rlim_cur = HEADROOM_FILES, .rlim_max = HEADROOM_FILES};

    headroom->files_raised = false;
    if (getrlimit(RLIMIT_NOFILE, &headroom->files) != 0 ||
        headroom->files.rlim_cur >= HEADROOM_FILES)
        return;
    if (headroom->files.rlim_max > HEADROOM_FILES)
        enough.rlim_max = headroom->files.rlim_max;
    headroom->files_raised = setrlimit(RLIMIT_NOFILE, &enough) == 0;
}

static void raise_priority(struct headroom *headroom)
{
    errno = 0;
    headroom->nice = getpriority(PRIO_PROCESS, 0); /* of this thread alone */
    headroom->nice_raised = errno == 0 && headroom->nice > HEADROOM_NICE &&
                            setpriority(PRIO_PROCESS, 0, HEADROOM_NICE) == 0;
}

void headroom_take(struct headroom *headroom)
{
    raise_files(headroom);
    raise_priority(headroom);
}

void headroom_give_back(const struct headroom *headroom)
{
    if (headroom->nice_raised)
        (void)setpriority(PRIO_PROCESS, 0, headroom->nice);
    if (headroom->files_raised)
        (void)setrlimit(RLIMIT_NOFILE, &headroom->files);
}
