#include "daemon/alert_sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wait_ready.h"
#include "daemon/alert_channel.h"
#include "daemon/child.h"

#define GRACE_US      US_PER_S /* an attempt knows its timeout; past this it is ended */
#define ATTEMPTS_MOST 4        /* at a time */
#define HEADER_OF_JOB offsetof(struct alert_job, content)
#define WAIT_MOST_US  (INT64_C(60) * US_PER_S)

struct task {
    struct alert_job *job; /* NULL: free */
    int64_t attempts;      /* begun */
    int64_t next_us;       /* monotonic */
    pid_t pid;             /* of the attempt that runs; 0: none */
    int fd;                /* what it says */
    int64_t deadline_us;   /* monotonic: it is ended then */
};

struct sending {
    int fd; /* of the conversation with anomalyd */
    bool closed;
    struct task tasks[SENDER_JOBS];
    unsigned running;
};

/* ---- jobs and outcomes ---------------------------------------------------------------------- */

static struct task *free_task(struct sending *sending)
{
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        if (!sending->tasks[i].job)
            return &sending->tasks[i];
    }
    return NULL;
}

/* What anomalyd sends is sound; memory that is missing leaves the job to its next start. */
static void take_jobs(struct sending *sending)
{
    static struct alert_job job;
    struct task *task;

    while (!sending->closed && (task = free_task(sending)) != NULL) {
        ssize_t size = recv(sending->fd, &job, sizeof(job), MSG_DONTWAIT);

        if (size < 0)
            return;
        sending->closed = size == 0;
        if (size < (ssize_t)HEADER_OF_JOB || (size_t)size != HEADER_OF_JOB + job.size)
            continue;
        *task = (struct task){.job = malloc(sizeof(job)), .fd = -1};
        if (task->job)
            memcpy(task->job, &job, (size_t)size);
    }
}

static void tell_outcome(const struct sending *sending, struct task *task,
                         const struct alert_attempt *attempt)
{
    struct alert_outcome outcome = {
        .delivery = task->job->delivery, .attempts = task->attempts, .done = attempt->done};

    memcpy(outcome.message, attempt->message, sizeof(outcome.message));
    (void)send(sending->fd, &outcome, sizeof(outcome), MSG_NOSIGNAL);
    free(task->job);
    task->job = NULL;
}

static bool is_ready(int fd)
{
    struct pollfd file = {.fd = fd, .events = POLLIN};

    return poll(&file, 1, 0) > 0;
}

/* ---- attempts ------------------------------------------------------------------------------- */

static _Noreturn void attempt(const struct sending *sending, const struct alert_job *job,
                              int result_fd, pid_t parent)
{
    struct alert_attempt result = {.done = false};

    child_begin(parent);
    (void)setpgid(0, 0);
    (void)close(sending->fd);
    alert_attempt_run(job, &result);
    _exit(write(result_fd, &result, sizeof(result)) == sizeof(result) ? 0 : 1);
}

static bool is_channel_busy(const struct sending *sending, const char *name)
{
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        const struct task *task = &sending->tasks[i];

        if (task->job && task->pid > 0 && strcmp(task->job->channel.name, name) == 0)
            return true;
    }
    return false;
}

static void start(struct sending *sending, struct task *task, int64_t now_us)
{
    pid_t parent = getpid();
    int ends[2] = {-1, -1};

    task->next_us = now_us + US_PER_S; /* should there be no process now */
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    task->pid = fork();
    if (task->pid == 0)
        attempt(sending, task->job, ends[1], parent);
    (void)close(ends[1]);
    if (task->pid < 0) {
        (void)close(ends[0]);
        task->pid = 0;
        return;
    }
    task->fd = ends[0];
    task->attempts++;
    task->deadline_us = now_us + task->job->channel.timeout_ms * 1000 + GRACE_US;
    sending->running++;
}

static void start_due(struct sending *sending, int64_t now_us)
{
    for (unsigned i = 0; i < SENDER_JOBS && !sending->closed; i++) {
        struct task *task = &sending->tasks[i];

        if (task->job && task->pid == 0 && task->next_us <= now_us &&
            sending->running < ATTEMPTS_MOST && !is_channel_busy(sending, task->job->channel.name))
            start(sending, task, now_us);
    }
}

/* It said its result, ended without one, or took too long. Its group: what it started, too. */
static void finish(struct sending *sending, struct task *task, int64_t now_us)
{
    const struct alert_channel *channel = &task->job->channel;
    struct alert_attempt result;
    bool late = !is_ready(task->fd);

    if (late)
        alert_attempt_say(&result, false, false, "no answer within %lld ms",
                          (long long)channel->timeout_ms);
    else if (read(task->fd, &result, sizeof(result)) != sizeof(result))
        alert_attempt_say(&result, false, false, "the attempt ended before it was done");
    (void)kill(-task->pid, SIGKILL);
    (void)kill(task->pid, SIGKILL);
    (void)waitpid(task->pid, NULL, 0);
    (void)close(task->fd);
    task->pid = 0;
    sending->running--;
    task->next_us = now_us + (channel->pause_ms * 1000 << (task->attempts - 1));
    if (result.done || result.hopeless || task->attempts >= channel->attempts)
        tell_outcome(sending, task, &result);
}

static void finish_ended(struct sending *sending, int64_t now_us)
{
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        struct task *task = &sending->tasks[i];

        if (task->job && task->pid > 0 && (task->deadline_us <= now_us || is_ready(task->fd)))
            finish(sending, task, now_us);
    }
}

/* ---- the process ---------------------------------------------------------------------------- */

/* Until a job may be taken, an attempt ends, or something is due. */
static void wait_for_news(struct sending *sending)
{
    struct pollfd files[1 + SENDER_JOBS];
    int64_t now_us = clock_monotonic_us(), until_us = now_us + WAIT_MOST_US;
    nfds_t count = 1;

    files[0] = (struct pollfd){.fd = !sending->closed && free_task(sending) ? sending->fd : -1,
                               .events = POLLIN};
    for (unsigned i = 0; i < SENDER_JOBS; i++) {
        const struct task *task = &sending->tasks[i];
        int64_t then_us = task->pid > 0 ? task->deadline_us : task->next_us;

        if (!task->job)
            continue;
        if (task->pid > 0)
            files[count++] = (struct pollfd){.fd = task->fd, .events = POLLIN};
        /* One that is due waits for another to end. */
        if (then_us > now_us && then_us < until_us)
            until_us = then_us;
    }
    (void)poll(files, count, (int)((until_us - now_us) / 1000 + 1));
}

static _Noreturn void run(int fd)
{
    static struct sending sending;

    sending.fd = fd;
    while (!sending.closed || sending.running > 0) {
        take_jobs(&sending);
        finish_ended(&sending, clock_monotonic_us());
        start_due(&sending, clock_monotonic_us());
        if (!sending.closed || sending.running > 0)
            wait_for_news(&sending);
    }
    _exit(0);
}

/*
 * The service manager asks all of anomalyd's processes to end; an attempt that has begun goes on,
 * for nobody could tell whether its message arrived.
 */
static _Noreturn void become_sender(int fd, pid_t parent)
{
    child_begin(parent);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NAME, ALERT_SENDER_NAME, 0, 0, 0);
    if (fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)fd + 1, ~0U, 0);
    run(fd);
}

bool alert_sender_start(struct alert_sender *sender, struct error *error)
{
    pid_t parent = getpid();
    int pair[2];

    (void)signal(SIGPIPE, SIG_IGN);
    *sender = (struct alert_sender){.pid = -1, .fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "no sender of alerts");
    sender->pid = fork();
    if (sender->pid == 0)
        become_sender(pair[0], parent);
    sender->fd = pair[1];
    (void)close(pair[0]);
    return sender->pid != -1 || error_set_errno(error, FAULT_STORE, errno, "no sender of alerts");
}

bool alert_sender_give(const struct alert_sender *sender, const struct alert_job *job)
{
    size_t size = HEADER_OF_JOB + job->size;

    return sender->pid > 0 &&
           send(sender->fd, job, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

bool alert_sender_take(const struct alert_sender *sender, struct alert_outcome *outcome)
{
    bool taken = sender->fd >= 0 && recv(sender->fd, outcome, sizeof(*outcome), MSG_DONTWAIT) ==
                                        (ssize_t)sizeof(*outcome);

    if (taken)
        outcome->message[sizeof(outcome->message) - 1] = '\0';
    return taken;
}

void alert_sender_close(const struct alert_sender *sender)
{
    if (sender->fd >= 0)
        (void)shutdown(sender->fd, SHUT_WR);
}

bool alert_sender_wait(const struct alert_sender *sender, int64_t deadline_us,
                       struct alert_outcome *outcome)
{
    return sender->fd >= 0 && wait_ready(sender->fd, POLLIN, deadline_us) &&
           alert_sender_take(sender, outcome);
}

bool alert_sender_has_ended(struct alert_sender *sender)
{
    if (sender->pid <= 0 || waitpid(sender->pid, NULL, WNOHANG) != sender->pid)
        return false;
    sender->pid = -1;
    return true;
}

void alert_sender_stop(struct alert_sender *sender)
{
    if (sender->pid > 0) {
        (void)kill(sender->pid, SIGKILL); /* attempts end with it */
        (void)waitpid(sender->pid, NULL, 0);
    }
    if (sender->fd >= 0)
        (void)close(sender->fd);
    *sender = (struct alert_sender){.pid = -1, .fd = -1};
}
