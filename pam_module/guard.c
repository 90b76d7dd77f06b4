#include "pam_module/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wait_ready.h"

#define REPLY_FD          3
#define KEPT_FD           4
#define FIRST_UNUSED_FD   5
#define EXIT_NOT_CONFINED 101
#define KILL_PATIENCE_US  50000

/*
 * The worker begins with every signal blocked, so that neither a key on the user's terminal nor a
 * limit that the user chose ends it in the application's place. Faults of its own end it all the
 * same; abort() unblocks its signal, and must not find a handler of the application.
 */
static void reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};

    (void)sigaction(SIGABRT, &standard, NULL);
}

static const struct {
    __rlimit_resource_t resource;
    rlim_t most;
} LIMITS[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_CPU, GUARD_CPU_S},
    {RLIMIT_NOFILE, GUARD_OPEN_FILES},
    {RLIMIT_NPROC, 0},
#ifndef PAM_ANOMALY_SANITIZED /* shadow memory counts as data */
    {RLIMIT_DATA, GUARD_HEAP_BYTES},
#endif
    /* Not limits, but what a user may have lowered before running su. */
    {RLIMIT_FSIZE, RLIM_INFINITY},
    {RLIMIT_AS, RLIM_INFINITY},
};

/* As root whatever was inherited is replaced; without root it can only be lowered. */
static bool set_limits(void)
{
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        struct rlimit bound = {.rlim_cur = LIMITS[i].most, .rlim_max = LIMITS[i].most};
        struct rlimit now;

        if (setrlimit(LIMITS[i].resource, &bound) == 0)
            continue;
        if (errno != EPERM || getrlimit(LIMITS[i].resource, &now) != 0)
            return false;
        bound.rlim_cur = bound.rlim_max = now.rlim_max;
        if (setrlimit(LIMITS[i].resource, &bound) != 0)
            return false;
    }
    return true;
}

/*
 * By the system calls themselves: libc's wrappers would signal the threads that the parent may have
 * and this process has not.
 */
static bool drop_root(const struct guard_identity *identity)
{
    if (geteuid() != 0)
        return identity->uid == geteuid();
    return syscall(SYS_setgroups, 0, NULL) == 0 &&
           syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) == 0 &&
           syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) == 0;
}

/* No connection, no log and no key of the application stays open in the worker. */
static bool keep_only(int reply_fd, int kept_fd)
{
    int reply = fcntl(reply_fd, F_DUPFD, FIRST_UNUSED_FD);
    int kept = fcntl(kept_fd, F_DUPFD, FIRST_UNUSED_FD);

    return reply != -1 && kept != -1 && dup2(reply, REPLY_FD) == REPLY_FD &&
           dup2(kept, KEPT_FD) == KEPT_FD && close_range(FIRST_UNUSED_FD, ~0U, 0) == 0;
}

/* Not dumpable: its memory is a copy of the application's, and its new owner must not look into it.
 */
static bool confine(const struct guard_identity *identity)
{
    return set_limits() && drop_root(identity) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static _Noreturn void be_worker(const struct guard_identity *identity, int reply_fd, int kept_fd,
                                guard_work *work, void *context)
{
    reset_signals();
    if (!keep_only(reply_fd, kept_fd) || !confine(identity))
        _exit(EXIT_NOT_CONFINED);
    work(context, REPLY_FD, KEPT_FD);
    _exit(0);
}

void guard_reply(int reply_fd, const void *reply, size_t size)
{
    ssize_t sent;

    do
        sent = write(reply_fd, reply, size);
    while (sent == -1 && errno == EINTR);
    /* Nothing more can be done: a parent that is gone or gave up has its answer already. */
}

static bool take_reply(int fd, void *reply, size_t size)
{
    ssize_t taken;

    do
        taken = read(fd, reply, size);
    while (taken == -1 && errno == EINTR);
    return taken == (ssize_t)size;
}

/* Ends the worker if it has not ended by itself; its status, or -1 when the kernel still holds it.
 */
static int reap(pid_t pid, int pidfd, bool ended)
{
    int status = -1;
    pid_t found;

    if (!ended) {
        (void)kill(pid, SIGKILL);
        /*
         * Killed processes end as soon as they get a processor, unless they sleep in the kernel;
         * nobody waits for that. One that is not waited for stays a zombie as long as its parent.
         */
        ended = wait_ready(pidfd, POLLIN, clock_monotonic_us() + KILL_PATIENCE_US);
    }
    do
        found = waitpid(pid, &status, __WALL | (ended ? 0 : WNOHANG));
    while (found == -1 && errno == EINTR);
    return found == pid ? status : -1;
}

/*
 * While it waits for its worker the parent keeps to the processor that it is on, and the worker
 * starts there: neither has to wake another processor from its sleep, and the caches are warm.
 * *allowed is what to go back to; false: nothing to undo.
 */
static bool stay_here(cpu_set_t *allowed)
{
    int cpu = sched_getcpu();
    cpu_set_t here;

    if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof *allowed, allowed) != 0)
        return false;
    CPU_ZERO(&here);
    CPU_SET((size_t)cpu, &here);
    return sched_setaffinity(0, sizeof here, &here) == 0;
}

/*
 * Every processor there may ever be, when that is what the process had: the kernel then keeps no
 * choice of the process's own, and the session can use processors that come later.
 */
static void go_anywhere(const cpu_set_t *allowed)
{
    cpu_set_t all;
    cpu_set_t now;

    memset(&all, 0xff, sizeof all);
    if (sched_setaffinity(0, sizeof all, &all) == 0 &&
        sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, allowed))
        return;
    (void)sched_setaffinity(0, sizeof *allowed, allowed);
}

/* The clone itself, with every signal blocked in the child. */
static long clone_worker(int *pidfd)
{
    sigset_t all;
    sigset_t before;
    long pid;

    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, &before) != 0)
        return -1;
    pid = syscall(SYS_clone, (unsigned long)CLONE_PIDFD, NULL, pidfd, NULL, NULL);
    if (pid != 0)
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static bool describe_crash(int status, struct error *error)
{
    if (status != -1 && WIFSIGNALED(status))
        return error_set(error, FAULT_CRASH, "the login check was ended by signal %d (%s)",
                         WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
    if (status != -1 && WEXITSTATUS(status) == EXIT_NOT_CONFINED)
        return error_set(error, FAULT_CRASH, "the login check could not give up its privileges");
    return error_set(error, FAULT_CRASH, "the login check ended without an answer");
}

bool guard_run(const struct guard_identity *identity, int64_t deadline_us, int kept_fd,
               guard_work *work, void *context, void *reply, size_t size, struct error *error)
{
    cpu_set_t allowed;
    int pidfd = -1;
    bool staying;
    bool replied;
    bool ended;
    int pair[2]; /* a pipe: only bytes come through one */
    int status;
    long pid;

    if (clock_monotonic_us() >= deadline_us)
        return error_set(error, FAULT_DEADLINE, "the login check did not answer in time");
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set_errno(error, FAULT_CRASH, errno, "no pipe for the login check");
    staying = stay_here(&allowed);
    pid = clone_worker(&pidfd);
    if (pid == 0) {
        if (staying)
            go_anywhere(&allowed);
        be_worker(identity, pair[1], kept_fd, work, context);
    }
    (void)close(pair[1]);
    if (pid == -1) {
        if (staying)
            go_anywhere(&allowed);
        (void)close(pair[0]);
        return error_set_errno(error, FAULT_CRASH, errno, "no process for the login check");
    }
    ended = wait_ready(pidfd, POLLIN, deadline_us);
    replied = take_reply(pair[0], reply, size);
    status = reap((pid_t)pid, pidfd, ended);
    if (staying)
        go_anywhere(&allowed);
    (void)close(pidfd);
    (void)close(pair[0]);
    if (replied)
        return true;
    if (!ended)
        return error_set(error, FAULT_DEADLINE, "the login check did not answer in time");
    return describe_crash(status, error);
}
