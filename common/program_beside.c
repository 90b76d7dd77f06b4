#include "common/program_beside.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOWEST_NICE 19

bool program_beside(const char *name, char *path, size_t capacity)
{
    ssize_t length = readlink("/proc/self/exe", path, capacity - 1);
    size_t size = strlen(name) + 1;
    char *slash;

    if (length <= 0)
        return false;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + size > capacity)
        return false;
    memcpy(slash + 1, name, size);
    return true;
}

/* It is the first to go when memory runs out: what it reads may be made for that. */
static void be_dispensable(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "1000", 4);
    (void)close(fd);
}

static void be_humble(void)
{
    const struct sched_param none = {.sched_priority = 0};

    (void)setpriority(PRIO_PROCESS, 0, LOWEST_NICE);
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
    be_dispensable();
}

_Noreturn void program_become(const char *path, char *const *arguments, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    be_humble();
    (void)execv(path, arguments);
    _exit(PROGRAM_NOT_STARTED);
}
