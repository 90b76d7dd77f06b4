#include "dashboard/root_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void become(int descriptor, root_process_serve *serve, const void *context)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_IGN); /* a reload of the service is none of ours */
    if (dup2(descriptor, 3) != 3)
        _exit(1);
    closefrom(4);
    serve(3, context);
    _exit(0);
}

bool root_process_start(const char *what, root_process_serve *serve, const void *context,
                        int *descriptor, struct error *error)
{
    int ends[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set_errno(error, FAULT_NONE, errno, "cannot make a socket");
    child = fork();
    if (child == 0) {
        close(ends[0]);
        become(ends[1], serve, context);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return error_set_errno(error, FAULT_NONE, errno, "cannot start %s", what);
    }
    *descriptor = ends[0];
    return true;
}
