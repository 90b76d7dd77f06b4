#include "check/request.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

#define BACKLOG    256
#define RECEIVE_US 100000
#define PAUSE_MS   10 /* when there are no descriptors or no memory for a connection */

bool check_listen(int store_fd, int *fd, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" CHECK_SOCKET_FILE,
             store_fd);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd == -1)
        return error_set_errno(error, FAULT_STORE, errno, "no socket for checks");
    if ((unlinkat(store_fd, CHECK_SOCKET_FILE, 0) == 0 || errno == ENOENT) &&
        bind(*fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        fchmodat(store_fd, CHECK_SOCKET_FILE, S_IRUSR | S_IWUSR, 0) == 0 &&
        listen(*fd, BACKLOG) == 0)
        return true;
    error_set_errno(error, FAULT_STORE, errno, "cannot listen on %s in the store",
                    CHECK_SOCKET_FILE);
    (void)close(*fd);
    return false;
}

/* What is waited for: the word, the job, as much of it as was sent, and the pipe for the reply. */
struct request {
    uint64_t word;
    struct check_job job;
};

static_assert(offsetof(struct request, job) == sizeof(uint64_t), "the job follows its word");

static bool is_served(int fd)
{
    struct timeval patience = {.tv_usec = RECEIVE_US};
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid()) &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0;
}

static int attached_descriptor(struct msghdr *message)
{
    const struct cmsghdr *attached = CMSG_FIRSTHDR(message);
    int fd = -1;

    if (attached != NULL && attached->cmsg_level == SOL_SOCKET &&
        attached->cmsg_type == SCM_RIGHTS && attached->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(attached), sizeof fd);
    return fd;
}

/* *reply_fd is the caller's to close, whatever is said of the job; -1: there is none. */
static bool receive_job(int fd, struct request *request, int *reply_fd)
{
    size_t least = offsetof(struct request, job) + offsetof(struct check_job, auth_info) + 1;
    struct iovec part = {.iov_base = request, .iov_len = sizeof *request};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

    *reply_fd = size >= 0 ? attached_descriptor(&message) : -1;
    if (size < (ssize_t)least || *reply_fd == -1 || request->word != check_layout() ||
        request->job.task >= CHECK_TASK_COUNT)
        return false;
    request->job.auth_info[(size_t)size - least] = '\0';
    return clock_monotonic_us() < request->job.deadline_us;
}

/* A checker that is stuck must not keep others waiting; one that is asked to be patient may be. */
static void watch(const struct check_job *job)
{
    int64_t left_s = (job->deadline_us - clock_monotonic_us()) / US_PER_S + 1;

    (void)alarm(left_s > CHECK_LEAST_S ? (unsigned)left_s : CHECK_LEAST_S);
}

static void serve(int fd, int store_fd, struct check_kept *kept)
{
    static struct request request; /* too large for a stack */
    struct check_reply reply;
    int reply_fd = -1;

    if (receive_job(fd, &request, &reply_fd)) {
        watch(&request.job);
        check_run(&request.job, store_fd, kept, &reply);
        (void)alarm(0);
        /* Whoever does not take it has its answer from elsewhere by now. */
        (void)!write(reply_fd, &reply, sizeof reply);
    }
    if (reply_fd != -1)
        (void)close(reply_fd);
}

void check_serve(int listen_fd, int store_fd, struct check_kept *kept)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd == -1) {
        if (errno != EINTR && errno != ECONNABORTED)
            (void)poll(NULL, 0, PAUSE_MS);
        return;
    }
    if (is_served(fd))
        serve(fd, store_fd, kept);
    (void)close(fd);
}
