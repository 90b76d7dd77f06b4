/* A login check that goes wrong in one way, chosen at build time; the rest of its module is ours.
 */
#include <signal.h>
#include <string.h>
#include <syslog.h>
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

void __real_check_run(const struct check_job *job, int store_fd, struct check_kept *kept,
                      struct check_reply *reply);
void __wrap_check_run(const struct check_job *job, int store_fd, struct check_kept *kept,
                      struct check_reply *reply);

/* The linker puts it between the module and the check: what goes wrong is judging, not recording.
 */
void __wrap_check_run(const struct check_job *job, int store_fd, struct check_kept *kept,
                      struct check_reply *reply)
{
    if (job->task == CHECK_APPEND) {
        __real_check_run(job, store_fd, kept, reply);
        return;
    }
#if defined WAY_ABORT
    die(SIGABRT);
#elif defined WAY_SEGV
    die(SIGSEGV);
#elif defined WAY_BUS
    die(SIGBUS);
#elif defined WAY_DENY
    memset(reply, 0, sizeof *reply);
    reply->answer = VERDICT_DENY;
    reply->priority = LOG_WARNING;
#elif defined WAY_NONSENSE
    memset(reply, 0xff, sizeof *reply);
#else
    for (;;)
        pause();
#endif
}
