/* A login check that goes wrong in one way, chosen at build time. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "pam_module/worker.h"

const char *login_worker_interface(void)
{
    static struct worker_interface interface;

    worker_interface_describe(&interface);
#ifdef WAY_FOREIGN
    interface.text[0] = '?';
#endif
    return interface.text;
}

static inline void die(int number)
{
    (void)signal(number, SIG_DFL);
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
