/*
 * Whoever runs su chooses its limits, and a limit too low would make the module fail. While a hook
 * runs, the process may open as many files as a login needs; afterwards its limit is what it was.
 */
#ifndef PAM_MODULE_HEADROOM_H
#define PAM_MODULE_HEADROOM_H

#include <stdbool.h>
#include <sys/resource.h>

#define HEADROOM_FILES 128

struct headroom {
    struct rlimit before;
    bool raised;
};

void headroom_take(struct headroom *headroom);
void headroom_give_back(const struct headroom *headroom);

#endif
