#include "daemon/checkers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/kept.h"
#include "check/request.h"
#include "common/trusted_file.h"
#include "store/store.h"

#define FEWEST   2
#define MOST     8
#define PAUSE_MS 100 /* before one that ended is replaced: a fault may be there to stay */

/* Signals as a program finds them, and an end with the process that started this one. */
static void become_child(pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

/* What a login's own worker gives up, too. */
static void confine(void)
{
    static const struct rlimit NOTHING = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &NOTHING);
    (void)setrlimit(RLIMIT_NPROC, &NOTHING);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static _Noreturn void check_for_ever(int listen_fd, int store_fd)
{
    struct check_kept kept = {.store = NULL};

    confine();
    (void)store_configure_for_check();
    for (;;)
        check_serve(listen_fd, store_fd, &kept);
}

static pid_t start_checker(int listen_fd, int store_fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        become_child(parent);
        check_for_ever(listen_fd, store_fd);
    }
    return pid;
}

static unsigned checker_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < FEWEST ? FEWEST : processors > MOST ? MOST : (unsigned)processors;
}

/* One more is started for each that ends, and for each that could not be started. */
static _Noreturn void look_after(int listen_fd, int store_fd)
{
    unsigned missing = checker_count();

    for (;;) {
        while (missing > 0 && start_checker(listen_fd, store_fd) != -1)
            missing--;
        if (missing == 0 && wait(NULL) > 0)
            missing++;
        (void)poll(NULL, 0, PAUSE_MS);
    }
}

static _Noreturn void run(const char *store, int go_fd)
{
    int listen_fd;
    int store_fd;
    char go;

    if (read(go_fd, &go, 1) != 1 ||
        !trusted_directory_open(store, geteuid(), FAULT_STORE, &store_fd, NULL, NULL, NULL) ||
        !check_listen(store_fd, &listen_fd, NULL))
        _exit(1);
    (void)close(go_fd);
    look_after(listen_fd, store_fd);
}

bool checkers_start(struct checkers *checkers, const char *store, struct error *error)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot start checkers");
    checkers->pid = fork();
    if (checkers->pid == 0) {
        (void)close(ends[1]);
        become_child(parent);
        run(store, ends[0]);
    }
    checkers->go_fd = ends[1];
    (void)close(ends[0]);
    return checkers->pid != -1 ||
           error_set_errno(error, FAULT_STORE, errno, "cannot start checkers");
}

bool checkers_go(const struct checkers *checkers, struct error *error)
{
    return write(checkers->go_fd, "", 1) == 1 ||
           error_set_errno(error, FAULT_STORE, errno, "the checkers ended before they began");
}

bool checkers_are_there(struct checkers *checkers)
{
    if (checkers->pid > 0 && waitpid(checkers->pid, NULL, WNOHANG) == checkers->pid)
        checkers->pid = -1;
    return checkers->pid > 0;
}

void checkers_stop(struct checkers *checkers)
{
    if (checkers->pid > 0) {
        (void)kill(checkers->pid, SIGKILL); /* the others end with it */
        (void)waitpid(checkers->pid, NULL, 0);
    }
    if (checkers->go_fd >= 0)
        (void)close(checkers->go_fd);
    checkers->pid = checkers->go_fd = -1;
}
