/* A login check that goes wrong in one way, chosen at build time; the rest of its module is ours.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"

static inline void die(int number)
{
    sigset_t none;

    sigemptyset(&none);
    (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)raise(number);
}

void check_run(const struct check_job *job, int store_fd, struct check_reply *reply)
{
    (void)job, (void)store_fd, (void)reply;
#if defined WAY_ABORT
    die(SIGABRT);
#elif defined WAY_SEGV
    die(SIGSEGV);
#elif defined WAY_BUS
    die(SIGBUS);
#elif defined WAY_NONSENSE
    memset(reply, 0xff, sizeof *reply);
#else
    for (;;)
        pause();
#endif
}
