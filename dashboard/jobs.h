/*
 * Work that takes longer than a request may: commands of anomaly-trainer, each a process of its own
 * behind everything else, one after the other. Whoever asks for a command's answer starts it when
 * there is none that is fresh, and comes again for it. All functions may be called by any thread.
 */
#ifndef DASHBOARD_JOBS_H
#define DASHBOARD_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define JOB_KEY_BYTES     64
#define JOB_MESSAGE_BYTES 256
#define JOB_MOST          32                  /* waiting, running and kept */
#define JOB_OUTPUT_BYTES  (16 * 1024 * 1024)  /* a command that prints more has failed */
#define JOB_MOST_S        900                 /* and so has one that takes longer */
#define JOB_FILE_BYTES    (UINT64_C(4) << 30) /* or writes a larger file: gzip can hide one */

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED };

const char *job_state_name(enum job_state state); /* "waiting", "running", "done", "failed" */

struct jobs;

struct job_answer {
    enum job_state state;
    int64_t asked_us, ended_us;      /* UTC; 0: not yet */
    char *output;                    /* JOB_DONE: what it printed, ended by a NUL; the caller's */
    size_t size;                     /* of output */
    char message[JOB_MESSAGE_BYTES]; /* JOB_FAILED: one sentence */
};

/* program: the path of anomaly-trainer. */
bool jobs_create(struct jobs **jobs, const char *program, struct error *error) MUST_USE;

/* Ends what runs. Nobody may ask any more. */
void jobs_destroy(struct jobs *jobs);

/*
 * The answer of the job of that key. One that ended longer than fresh_s ago, or of which there is
 * none, is started anew with these arguments (ended by NULL, copied). False when `most` others wait
 * or run already, which leaves the rest of JOB_MOST to those who ask with more.
 */
bool jobs_ask(struct jobs *jobs, const char *key, const char *const *arguments, size_t most,
              int64_t fresh_s, int64_t now_us, struct job_answer *answer,
              struct error *error) MUST_USE;

/* The same without starting one; *found is false when there is none. */
bool jobs_look(struct jobs *jobs, const char *key, struct job_answer *answer, bool *found,
               struct error *error) MUST_USE;

/* Its state alone; JOB_FAILED when there is none. */
enum job_state jobs_state(struct jobs *jobs, const char *key);

/* Forgets the job, and ends it when it runs. */
void jobs_forget(struct jobs *jobs, const char *key);

#endif
