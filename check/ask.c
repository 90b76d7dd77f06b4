#include "check/request.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wait_ready.h"

static_assert(offsetof(struct check_job, auth_info) + CHECK_AUTH_INFO_BYTES ==
                  sizeof(struct check_job),
              "what varies in length comes last");
static_assert(sizeof(struct check_reply) <= PIPE_BUF, "a reply comes in one piece");

/* The socket itself, opened without following a link; it is connected to by this descriptor. */
static bool find_socket(int store_fd, uid_t owner, int *socket_fd)
{
    struct stat facts;

    *socket_fd = openat(store_fd, CHECK_SOCKET_FILE, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return *socket_fd != -1 && fstat(*socket_fd, &facts) == 0 && S_ISSOCK(facts.st_mode) &&
           facts.st_uid == owner;
}

/* At most until the deadline, also where many wait to be accepted. */
static bool bound_sending(int fd, int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_monotonic_us();
    struct timeval time = {.tv_sec = left_us / US_PER_S, .tv_usec = left_us % US_PER_S};

    return left_us > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

static bool connect_to(int fd, int socket_fd, uid_t owner)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t size = sizeof peer;

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", socket_fd);
    return shutdown(fd, SHUT_RD) == 0 && /* nobody can send anything back this way */
           connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == owner;
}

static bool send_job(int fd, const struct check_job *job, int reply_fd)
{
    uint64_t word = check_layout();
    struct iovec parts[] = {
        {.iov_base = &word, .iov_len = sizeof word},
        {.iov_base = (void *)job,
         .iov_len = offsetof(struct check_job, auth_info) + strlen(job->auth_info) + 1}};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *attached = CMSG_FIRSTHDR(&message);

    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof reply_fd);
    memcpy(CMSG_DATA(attached), &reply_fd, sizeof reply_fd);
    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)(parts[0].iov_len + parts[1].iov_len);
}

static bool hand_over(int store_fd, uid_t owner, const struct check_job *job, int reply_fd)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int socket_fd = -1;
    bool sent = fd != -1 && find_socket(store_fd, owner, &socket_fd) &&
                bound_sending(fd, job->deadline_us) && connect_to(fd, socket_fd, owner) &&
                send_job(fd, job, reply_fd);

    if (socket_fd != -1)
        (void)close(socket_fd);
    if (fd != -1)
        (void)close(fd);
    return sent;
}

/* The pipe's other end closes with the checker. */
static bool receive_reply(int fd, int64_t deadline_us, struct check_reply *reply)
{
    return wait_ready(fd, POLLIN, deadline_us) &&
           read(fd, reply, sizeof *reply) == (ssize_t)sizeof *reply && check_reply_is_sound(reply);
}

bool check_ask(int store_fd, uid_t owner, const struct check_job *job, struct check_reply *reply)
{
    int ends[2];
    bool sent;
    bool replied;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    sent = hand_over(store_fd, owner, job, ends[1]);
    (void)close(ends[1]);
    replied = sent && receive_reply(ends[0], job->deadline_us, reply);
    (void)close(ends[0]);
    return replied;
}
