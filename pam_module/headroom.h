/*
 * What a process has more of while a hook runs; afterwards all is as it was.
 *
 * Open files: whoever runs su chooses its limits, and one too low would make the module fail.
 * Priority, its worker's too: where more logins come than the machine can serve, those that have
 * begun end first, within their deadline, and the others wait before theirs begins.
 */
#ifndef PAM_MODULE_HEADROOM_H
#define PAM_MODULE_HEADROOM_H

#include <stdbool.h>
#include <sys/resource.h>

#define HEADROOM_FILES 128
#define HEADROOM_NICE  (-10)

struct headroom {
    struct rlimit files;
    int nice;
    bool files_raised, nice_raised;
};

void headroom_take(struct headroom *headroom);
void headroom_give_back(const struct headroom *headroom);

#endif
