#include "dashboard/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/program_beside.h"

#define MOST_ARGUMENTS 24
#define LOOK_MS        200 /* how soon an order to end is seen */
#define COMPLAINT      1024

struct job {
    char key[JOB_KEY_BYTES]; /* "": a free place */
    char *arguments[MOST_ARGUMENTS + 2];
    enum job_state state;
    bool unwanted; /* it is to end and be forgotten */
    int64_t asked_us, ended_us;
    char *output;
    size_t size;
    char message[JOB_MESSAGE_BYTES];
};

struct jobs {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool stop;
    char *program;
    struct job at[JOB_MOST];
};

const char *job_state_name(enum job_state state)
{
    static const char *const NAMES[] = {"waiting", "running", "done", "failed"};

    return NAMES[state];
}

static void job_clear(struct job *job)
{
    for (size_t i = 0; job->arguments[i] != NULL; i++)
        free(job->arguments[i]);
    free(job->output);
    memset(job, 0, sizeof *job);
}

/* ---- a run, without the lock ---------------------------------------------------------------- */

struct run {
    struct jobs *jobs;
    struct job *job; /* its arguments stay as they are while it runs */
    pid_t child;
    int out, complaints; /* the ends that are read */
    char *output;
    size_t size, capacity;
    char said[COMPLAINT]; /* the beginning of what it complained of */
    size_t said_size;
    const char *failure; /* why it is ended before its end */
};

static bool is_unwanted(const struct run *run)
{
    pthread_mutex_lock(&run->jobs->lock);
    bool unwanted = run->jobs->stop || run->job->unwanted;
    pthread_mutex_unlock(&run->jobs->lock);
    return unwanted;
}

/* A tighter bound that is there already stays. */
static bool bound_files(void)
{
    const struct rlimit bound = {JOB_FILE_BYTES, JOB_FILE_BYTES};
    struct rlimit now;

    return getrlimit(RLIMIT_FSIZE, &now) == 0 &&
           (now.rlim_max <= JOB_FILE_BYTES || setrlimit(RLIMIT_FSIZE, &bound) == 0);
}

static _Noreturn void be_child(const struct run *run, int out, int complaints, pid_t parent)
{
    if (!bound_files() || dup2(out, STDOUT_FILENO) < 0 || dup2(complaints, STDERR_FILENO) < 0 ||
        close_range(3, ~0u, 0) != 0)
        _exit(PROGRAM_NOT_STARTED);
    program_become(run->jobs->program, run->job->arguments, parent);
}

static bool start(struct run *run)
{
    int out[2], complaints[2];
    pid_t parent = getpid();

    if (pipe2(out, O_CLOEXEC) != 0)
        return false;
    if (pipe2(complaints, O_CLOEXEC) != 0) {
        close(out[0]);
        close(out[1]);
        return false;
    }
    run->child = fork();
    if (run->child == 0)
        be_child(run, out[1], complaints[1], parent);
    close(out[1]);
    close(complaints[1]);
    run->out = out[0];
    run->complaints = complaints[0];
    if (run->child > 0)
        return true;
    close(out[0]);
    close(complaints[0]);
    return false;
}

static bool make_room(struct run *run, size_t more)
{
    size_t needed = run->size + more + 1, capacity = run->capacity;

    if (needed <= capacity)
        return true;
    capacity = 2 * capacity > needed ? 2 * capacity : needed;
    char *grown = realloc(run->output, capacity);
    if (grown == NULL)
        return false;
    run->output = grown;
    run->capacity = capacity;
    return true;
}

/* False at the end, or when it has printed too much. */
static bool read_output(struct run *run)
{
    char piece[16384];
    ssize_t size = read(run->out, piece, sizeof piece);

    if (size <= 0)
        return size < 0 && errno == EINTR;
    if (run->size + (size_t)size > JOB_OUTPUT_BYTES) {
        run->failure = "its answer is too long";
        return false;
    }
    if (!make_room(run, (size_t)size)) {
        run->failure = "there is no memory for its answer";
        return false;
    }
    memcpy(run->output + run->size, piece, (size_t)size);
    run->size += (size_t)size;
    run->output[run->size] = '\0';
    return true;
}

static bool read_complaint(struct run *run)
{
    char rest[1024];
    size_t room = sizeof run->said - 1 - run->said_size;
    ssize_t size = room > 0 ? read(run->complaints, run->said + run->said_size, room)
                            : read(run->complaints, rest, sizeof rest);

    if (size > 0 && room > 0)
        run->said_size += (size_t)size;
    return size > 0 || (size < 0 && errno == EINTR);
}

static void attend(struct run *run)
{
    int64_t until_us = clock_monotonic_us() + JOB_MOST_S * US_PER_S;
    struct pollfd ends[] = {{.fd = run->out, .events = POLLIN},
                            {.fd = run->complaints, .events = POLLIN}};

    while (run->failure == NULL && (ends[0].fd >= 0 || ends[1].fd >= 0)) {
        (void)poll(ends, 2, LOOK_MS);
        if (ends[0].revents != 0 && !read_output(run))
            ends[0].fd = -1;
        if (ends[1].revents != 0 && !read_complaint(run))
            ends[1].fd = -1;
        if (is_unwanted(run))
            run->failure = "it was given up";
        else if (clock_monotonic_us() > until_us)
            run->failure = "it took too long";
    }
}

/* Its last word: what it said of its failure, without the program's name and the line's end. */
static void tell_failure(const struct run *run, int status, char message[JOB_MESSAGE_BYTES])
{
    const char *said = strstr(run->said, ": ");
    size_t length = strcspn(run->said, "\n");

    if (run->failure != NULL)
        snprintf(message, JOB_MESSAGE_BYTES, "%s", run->failure);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        snprintf(message, JOB_MESSAGE_BYTES, "what it writes is larger than a file may be here");
    else if (WIFSIGNALED(status))
        snprintf(message, JOB_MESSAGE_BYTES, "it was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == PROGRAM_NOT_STARTED)
        snprintf(message, JOB_MESSAGE_BYTES, "anomaly-trainer is not there to do it");
    else if (said != NULL && said < run->said + length)
        snprintf(message, JOB_MESSAGE_BYTES, "%.*s", (int)(run->said + length - said - 2),
                 said + 2);
    else
        snprintf(message, JOB_MESSAGE_BYTES, "it ended with status %d", WEXITSTATUS(status));
}

/* Returns whether it did its work. */
static bool run_one(struct run *run, char message[JOB_MESSAGE_BYTES])
{
    int status = 0;

    if (!start(run)) {
        snprintf(message, JOB_MESSAGE_BYTES, "it could not be started: %s", strerror(errno));
        return false;
    }
    attend(run);
    if (run->failure != NULL)
        (void)kill(run->child, SIGKILL);
    while (waitpid(run->child, &status, 0) < 0 && errno == EINTR)
        continue;
    close(run->out);
    close(run->complaints);
    if (run->failure == NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    tell_failure(run, status, message);
    return false;
}

/* ---- the thread ----------------------------------------------------------------------------- */

static struct job *next_waiting(struct jobs *jobs)
{
    struct job *next = NULL;

    for (size_t i = 0; i < JOB_MOST; i++) {
        struct job *job = &jobs->at[i];
        if (job->key[0] != '\0' && job->state == JOB_WAITING &&
            (next == NULL || job->asked_us < next->asked_us))
            next = job;
    }
    return next;
}

static void *work(void *context)
{
    struct jobs *jobs = context;
    struct job *job;

    pthread_mutex_lock(&jobs->lock);
    while (!jobs->stop) {
        job = next_waiting(jobs);
        if (job == NULL) {
            pthread_cond_wait(&jobs->work, &jobs->lock);
            continue;
        }
        struct run run = {.jobs = jobs, .job = job};
        char message[JOB_MESSAGE_BYTES] = "";

        job->state = JOB_RUNNING;
        pthread_mutex_unlock(&jobs->lock);
        bool done = run_one(&run, message);
        pthread_mutex_lock(&jobs->lock);
        job->state = done ? JOB_DONE : JOB_FAILED;
        job->ended_us = clock_utc_us();
        memcpy(job->message, message, sizeof message);
        job->output = run.output;
        job->size = run.size;
        if (job->unwanted)
            job_clear(job);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

bool jobs_create(struct jobs **jobs, const char *program, struct error *error)
{
    struct jobs *created = calloc(1, sizeof *created);

    *jobs = NULL;
    if (created != NULL)
        created->program = strdup(program);
    if (created == NULL || created->program == NULL) {
        free(created);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep jobs");
    }
    pthread_mutex_init(&created->lock, NULL);
    pthread_cond_init(&created->work, NULL);
    int code = pthread_create(&created->thread, NULL, work, created);
    if (code != 0) {
        free(created->program);
        free(created);
        return error_set_errno(error, FAULT_STORE, code, "cannot start the thread of the jobs");
    }
    *jobs = created;
    return true;
}

void jobs_destroy(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    pthread_mutex_lock(&jobs->lock);
    jobs->stop = true;
    pthread_cond_signal(&jobs->work);
    pthread_mutex_unlock(&jobs->lock);
    pthread_join(jobs->thread, NULL);
    for (size_t i = 0; i < JOB_MOST; i++)
        job_clear(&jobs->at[i]);
    pthread_cond_destroy(&jobs->work);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs->program);
    free(jobs);
}

/* ---- asking --------------------------------------------------------------------------------- */

static struct job *find(struct jobs *jobs, const char *key)
{
    for (size_t i = 0; i < JOB_MOST; i++) {
        if (!jobs->at[i].unwanted && strcmp(jobs->at[i].key, key) == 0)
            return &jobs->at[i];
    }
    return NULL;
}

static bool has_ended(const struct job *job)
{
    return job->state == JOB_DONE || job->state == JOB_FAILED;
}

static size_t count_unended(const struct jobs *jobs)
{
    size_t count = 0;

    for (size_t i = 0; i < JOB_MOST; i++)
        count += jobs->at[i].key[0] != '\0' && !has_ended(&jobs->at[i]);
    return count;
}

/* A free place, made by forgetting the one that ended first when there is none. */
static struct job *make_place(struct jobs *jobs)
{
    struct job *place = NULL;

    for (size_t i = 0; i < JOB_MOST; i++) {
        struct job *job = &jobs->at[i];
        if (job->key[0] == '\0')
            return job;
        if (has_ended(job) && (place == NULL || job->ended_us < place->ended_us))
            place = job;
    }
    if (place != NULL)
        job_clear(place);
    return place;
}

static bool enqueue(struct jobs *jobs, struct job *job, const char *key,
                    const char *const *arguments, int64_t now_us, struct error *error)
{
    job_clear(job);
    job->arguments[0] = strdup("anomaly-trainer");
    bool copied = job->arguments[0] != NULL;
    for (size_t i = 0; copied && arguments[i] != NULL; i++) {
        copied = i < MOST_ARGUMENTS;
        if (copied)
            job->arguments[i + 1] = strdup(arguments[i]);
        copied = copied && job->arguments[i + 1] != NULL;
    }
    if (!copied) {
        job_clear(job);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep a job");
    }
    snprintf(job->key, sizeof job->key, "%s", key);
    job->state = JOB_WAITING;
    job->asked_us = now_us;
    pthread_cond_signal(&jobs->work);
    return true;
}

static bool give_answer(const struct job *job, struct job_answer *answer, struct error *error)
{
    *answer = (struct job_answer){
        .state = job->state, .asked_us = job->asked_us, .ended_us = job->ended_us};
    memcpy(answer->message, job->message, sizeof answer->message);
    if (job->state != JOB_DONE)
        return true;
    answer->output = malloc(job->size + 1);
    if (answer->output == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot hand out a job's answer");
    if (job->size > 0)
        memcpy(answer->output, job->output, job->size);
    answer->output[job->size] = '\0';
    answer->size = job->size;
    return true;
}

bool jobs_ask(struct jobs *jobs, const char *key, const char *const *arguments, size_t most,
              int64_t fresh_s, int64_t now_us, struct job_answer *answer, struct error *error)
{
    bool done = true;

    *answer = (struct job_answer){.state = JOB_WAITING};
    if (key[0] == '\0' || strlen(key) >= JOB_KEY_BYTES)
        return error_set(error, FAULT_STORE, "\"%s\" cannot be a job's key", key);
    pthread_mutex_lock(&jobs->lock);
    struct job *job = find(jobs, key);
    bool stale = job != NULL && has_ended(job) && job->ended_us < now_us - fresh_s * US_PER_S;
    if (job == NULL || stale) {
        size_t others = count_unended(jobs);
        if (others >= most)
            job = NULL;
        else if (job == NULL)
            job = make_place(jobs);
        done = job != NULL
                   ? enqueue(jobs, job, key, arguments, now_us, error)
                   : error_set(error, FAULT_STORE,
                               "%zu jobs are waiting already; try again in a minute", others);
    }
    if (done)
        done = give_answer(job, answer, error);
    pthread_mutex_unlock(&jobs->lock);
    return done;
}

bool jobs_look(struct jobs *jobs, const char *key, struct job_answer *answer, bool *found,
               struct error *error)
{
    *answer = (struct job_answer){.state = JOB_WAITING};
    pthread_mutex_lock(&jobs->lock);
    const struct job *job = key[0] != '\0' ? find(jobs, key) : NULL;
    *found = job != NULL;
    bool done = job == NULL || give_answer(job, answer, error);
    pthread_mutex_unlock(&jobs->lock);
    return done;
}

enum job_state jobs_state(struct jobs *jobs, const char *key)
{
    pthread_mutex_lock(&jobs->lock);
    const struct job *job = key[0] != '\0' ? find(jobs, key) : NULL;
    enum job_state state = job != NULL ? job->state : JOB_FAILED;
    pthread_mutex_unlock(&jobs->lock);
    return state;
}

void jobs_forget(struct jobs *jobs, const char *key)
{
    pthread_mutex_lock(&jobs->lock);
    struct job *job = key[0] != '\0' ? find(jobs, key) : NULL;
    if (job != NULL && job->state == JOB_RUNNING)
        job->unwanted = true;
    else if (job != NULL)
        job_clear(job);
    pthread_mutex_unlock(&jobs->lock);
}
