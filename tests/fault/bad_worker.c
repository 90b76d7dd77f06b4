/* A login check that goes wrong in one way, chosen at build time; the rest of its module is ours.
 */
#include <signal.h>
#include <unistd.h>

#include "pam_module/worker.h"

static inline void die(int number)
{
    sigset_t none;

    sigemptyset(&none);
    (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)raise(number);
}

void login_worker_run(const struct worker_job *job, int reply_fd)
{
    (void)job, (void)reply_fd;
#if defined WAY_ABORT
    die(SIGABRT);
#elif defined WAY_SEGV
    die(SIGSEGV);
#elif defined WAY_BUS
    die(SIGBUS);
#else
    for (;;)
        pause();
#endif
}
