#include "check/request.h"

#include <assert.h>
#include <errno.h>
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
#include "common/hash.h"

#define BACKLOG    256
#define RECEIVE_US 100000

static_assert(offsetof(struct check_job, auth_info) + CHECK_AUTH_INFO_BYTES ==
                  sizeof(struct check_job),
              "what varies in length comes last");

/* Every row of the option table and of the features, as text: a changed row changes the hash. */
static const char TABLES[] =
#define OPTION(kind, field, initial, minimum, maximum, unit, section, help) #kind #field ";"
#include "common/config_options.def"
#undef OPTION
#define FEATURE(symbol, group, name, unit, meaning, reason) name ";"
#include "scorer/features.def"
#undef FEATURE
    ;

/* Of everything that is handed over by memory. */
static uint64_t layout(void)
{
    char text[128];

    snprintf(text, sizeof text, "%s job=%zu config=%zu record=%zu reply=%zu %016llx",
             PAM_ANOMALY_VERSION, sizeof(struct check_job), sizeof(struct config),
             sizeof(struct login_record), sizeof(struct check_reply),
             (unsigned long long)hash_text(TABLES));
    return hash_text(text);
}

bool check_reply_is_sound(struct check_reply *reply)
{
    reply->text[sizeof reply->text - 1] = '\0';
    reply->line[sizeof reply->line - 1] = '\0';
    return reply->fault < FAULT_COUNT && reply->unjudged < FAULT_COUNT &&
           reply->answer < VERDICT_COUNT;
}

/* ---- asking ---- */

/* The directory behind the descriptor, not whatever its path may name by now. */
static void socket_address(int store_fd, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" CHECK_SOCKET_FILE,
             store_fd);
}

static bool wait_at_most(int fd, int option, int64_t until_us)
{
    int64_t left_us = until_us - clock_monotonic_us();
    struct timeval time = {.tv_sec = left_us / US_PER_S, .tv_usec = left_us % US_PER_S};

    return left_us > 0 && setsockopt(fd, SOL_SOCKET, option, &time, sizeof time) == 0;
}

static bool peer_is(int fd, uid_t uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == uid;
}

static bool send_job(int fd, const struct check_job *job)
{
    uint64_t word = layout();
    size_t length = strlen(job->auth_info) + 1;
    struct iovec parts[] = {
        {.iov_base = &word, .iov_len = sizeof word},
        {.iov_base = (void *)job, .iov_len = offsetof(struct check_job, auth_info) + length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)(parts[0].iov_len + parts[1].iov_len);
}

static bool receive_reply(int fd, int64_t deadline_us, struct check_reply *reply)
{
    ssize_t size = -1;

    do {
        if (!wait_at_most(fd, SO_RCVTIMEO, deadline_us))
            return false;
        size = recv(fd, reply, sizeof *reply, 0);
    } while (size == -1 && errno == EINTR);
    return size == (ssize_t)sizeof *reply && check_reply_is_sound(reply);
}

bool check_ask(int store_fd, uid_t owner, const struct check_job *job, int64_t deadline_us,
               struct check_reply *reply)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool replied;

    if (fd == -1)
        return false;
    socket_address(store_fd, &address);
    replied = wait_at_most(fd, SO_SNDTIMEO, deadline_us) &&
              connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
              peer_is(fd, owner) && send_job(fd, job) && receive_reply(fd, deadline_us, reply);
    (void)close(fd);
    return replied;
}

/* ---- answering ---- */

bool check_listen(int store_fd, int *fd, struct error *error)
{
    struct sockaddr_un address;

    socket_address(store_fd, &address);
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

/* What a checker waits for: the word and the job, as much of it as was sent. */
struct request {
    uint64_t word;
    struct check_job job;
};

static_assert(offsetof(struct request, job) == sizeof(uint64_t), "the job follows its word");

static bool receive_job(int fd, struct request *request)
{
    struct timeval patience = {.tv_usec = RECEIVE_US};
    size_t least = offsetof(struct request, job) + offsetof(struct check_job, auth_info) + 1;
    ssize_t size;

    if ((!peer_is(fd, 0) && !peer_is(fd, geteuid())) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
        return false;
    size = recv(fd, request, sizeof *request, 0);
    if (size < (ssize_t)least || request->word != layout() || request->job.task >= CHECK_TASK_COUNT)
        return false;
    request->job.auth_info[(size_t)size - least] = '\0';
    return clock_monotonic_us() < request->job.deadline_us;
}

void check_serve(int listen_fd, int store_fd, struct check_kept *kept)
{
    static struct request request; /* too large for a stack */
    struct check_reply reply;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd == -1)
        return; /* a signal, or a client that was gone already */
    if (receive_job(fd, &request)) {
        (void)alarm(CHECK_MAX_S);
        check_run(&request.job, store_fd, kept, &reply);
        (void)alarm(0);
        /* Whoever does not take it has its answer from elsewhere by now. */
        (void)!send(fd, &reply, sizeof reply, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    (void)close(fd);
}
