#include "daemon/checkers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/kept.h"
#include "check/request.h"
#include "common/clock.h"
#include "common/trusted_file.h"
#include "daemon/child.h"
#include "store/store.h"

#define FEWEST   2
#define MOST     8
#define YOUNG_US 50000 /* who ends so soon may do so again and again */
#define PAUSE_MS 10

static _Noreturn void check_for_ever(int listen_fd, int store_fd)
{
    struct check_kept kept = {.store = NULL};

    child_confine();
    (void)store_configure_for_check();
    for (;;)
        check_serve(listen_fd, store_fd, &kept);
}

static pid_t start_checker(int listen_fd, int store_fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        child_begin(parent);
        check_for_ever(listen_fd, store_fd);
    }
    return pid;
}

static unsigned checker_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < FEWEST ? FEWEST : processors > MOST ? MOST : (unsigned)processors;
}

/* One more is started, at once, for each that ends. */
static _Noreturn void look_after(int listen_fd, int store_fd)
{
    unsigned missing = checker_count();

    for (;;) {
        int64_t started_us = clock_monotonic_us();

        while (missing > 0 && start_checker(listen_fd, store_fd) != -1)
            missing--;
        if (missing == 0 && wait(NULL) > 0)
            missing++;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            missing++;
        if (clock_monotonic_us() - started_us < YOUNG_US)
            (void)poll(NULL, 0, PAUSE_MS);
    }
}

/* What is sent to anomalyd: an error, or none. */
static _Noreturn void run(const char *store, int go_fd)
{
    struct error error = ERROR_NONE;
    int listen_fd;
    int store_fd;
    char go;
    bool listens;

    if (read(go_fd, &go, 1) != 1)
        _exit(0);
    listens =
        trusted_directory_open(store, geteuid(), FAULT_STORE, &store_fd, NULL, NULL, &error) &&
        check_listen(store_fd, &listen_fd, &error);
    if (write(go_fd, &error, sizeof error) != sizeof error || !listens)
        _exit(1);
    (void)close(go_fd);
    look_after(listen_fd, store_fd);
}

bool checkers_start(struct checkers *checkers, const char *store, struct error *error)
{
    pid_t parent = getpid();
    int pair[2];

    (void)signal(SIGPIPE, SIG_IGN);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "no checkers");
    checkers->pid = fork();
    if (checkers->pid == 0) {
        (void)close(pair[1]);
        child_begin(parent);
        run(store, pair[0]);
    }
    checkers->go_fd = pair[1];
    (void)close(pair[0]);
    return checkers->pid != -1 || error_set_errno(error, FAULT_STORE, errno, "no checkers");
}

bool checkers_go(struct checkers *checkers, struct error *error)
{
    struct error theirs = ERROR_NONE;

    if (checkers->pid <= 0)
        return true; /* that was said when they could not be started */
    if (write(checkers->go_fd, "", 1) != 1 ||
        read(checkers->go_fd, &theirs, sizeof theirs) != sizeof theirs)
        return error_set(error, FAULT_CRASH, "no checkers: they ended before they began");
    if (theirs.fault == FAULT_NONE)
        return true;
    theirs.text[sizeof theirs.text - 1] = '\0';
    return error_set(error, theirs.fault, "no checkers: %s", theirs.text);
}

bool checkers_have_ended(struct checkers *checkers)
{
    if (checkers->pid <= 0 || waitpid(checkers->pid, NULL, WNOHANG) != checkers->pid)
        return false;
    checkers->pid = -1;
    return true;
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
