/*
 * A name service that knows nobody, and does not say so while the file $NSS_SLOW_WHILE is there: a
 * directory that does not answer. Loaded by libc as libnss_slow.so.2.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum nss_status _nss_slow_getpwnam_r(const char *name, struct passwd *entry, char *room,
                                     size_t size, int *error);

enum nss_status _nss_slow_getpwnam_r(const char *name, struct passwd *entry, char *room,
                                     size_t size, int *error)
{
    const char *flag = getenv("NSS_SLOW_WHILE");
    (void)name, (void)entry, (void)room, (void)size;

    while (flag != NULL && access(flag, F_OK) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    *error = ENOENT;
    return NSS_STATUS_NOTFOUND;
}
