#include "dashboard/imports.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/analyses.h"

#define SLACK_US (60 * US_PER_S) /* a clock that was put back meanwhile */

/* Longer than an import keeps anomalyd from hearing of another (daemon/import_run.h). */
#define HEARD_US (2400 * US_PER_S)

struct import {
    char id[ANALYSIS_ID_BYTES]; /* "": a free place */
    int64_t asked_us;
    int64_t before;        /* of an earlier try: the number of its decision, or 0 */
    struct decision asked; /* number 0: anomalyd has not read of it */
};

struct imports {
    pthread_mutex_t lock;
    struct import at[ANALYSIS_MOST];
};

bool imports_create(struct imports **imports, struct error *error)
{
    *imports = calloc(1, sizeof **imports);
    if (*imports == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep imports");
    pthread_mutex_init(&(*imports)->lock, NULL);
    return true;
}

void imports_destroy(struct imports *imports)
{
    if (imports == NULL)
        return;
    pthread_mutex_destroy(&imports->lock);
    free(imports);
}

/* Under the lock, as all below. id "": a free place. NULL: there is none. */
static struct import *find(struct imports *imports, const char *id)
{
    for (size_t i = 0; i < ANALYSIS_MOST; i++) {
        if (strcmp(imports->at[i].id, id) == 0)
            return &imports->at[i];
    }
    return NULL;
}

static bool waits(const struct import *import)
{
    enum history_state state = import->asked.word.history.state;

    return import->id[0] != '\0' && (state == HISTORY_ASKED || state == HISTORY_RUNNING);
}

static size_t count_waiting(const struct imports *imports)
{
    size_t count = 0;

    for (size_t i = 0; i < ANALYSIS_MOST; i++)
        count += waits(&imports->at[i]);
    return count;
}

static bool enter(struct imports *imports, const char *id, int64_t now_us, struct error *why)
{
    struct import *import = find(imports, id);

    if (import != NULL && import->asked.word.history.state != HISTORY_FAILED)
        return error_set(why, FAULT_STORE,
                         waits(import) ? "its import was asked for already"
                                       : "it is in the store already");
    if (count_waiting(imports) >= IMPORTS_WAITING_MOST)
        return error_set(why, FAULT_STORE,
                         "%d other imports wait for anomalyd: try again when they are done",
                         IMPORTS_WAITING_MOST);
    if (import == NULL)
        import = find(imports, "");
    if (import == NULL)
        return error_set(why, FAULT_STORE, "too many imports are remembered");
    *import = (struct import){.asked_us = now_us,
                              .before = import->asked.number,
                              .asked.word.history.state = HISTORY_ASKED};
    strcpy(import->id, id);
    return true;
}

bool imports_ask(struct imports *imports, const char *id, int64_t now_us, struct error *why)
{
    pthread_mutex_lock(&imports->lock);
    bool done = enter(imports, id, now_us, why);
    pthread_mutex_unlock(&imports->lock);
    return done;
}

bool imports_wait(struct imports *imports, const char *id)
{
    pthread_mutex_lock(&imports->lock);
    const struct import *import = find(imports, id);
    bool waiting = import != NULL && waits(import);
    pthread_mutex_unlock(&imports->lock);
    return waiting;
}

bool imports_any_wait(struct imports *imports)
{
    pthread_mutex_lock(&imports->lock);
    bool waiting = count_waiting(imports) > 0;
    pthread_mutex_unlock(&imports->lock);
    return waiting;
}

void imports_forget(struct imports *imports, const char *id)
{
    pthread_mutex_lock(&imports->lock);
    struct import *import = find(imports, id);
    if (import != NULL)
        memset(import, 0, sizeof *import);
    pthread_mutex_unlock(&imports->lock);
}

/* The journal was thrown away, or old decisions gave way to others; else anomalyd is not there. */
static void give_up(struct import *import)
{
    struct word *word = &import->asked.word;

    word->history.state = HISTORY_FAILED;
    snprintf(word->why, sizeof word->why, "anomalyd did not take it: ask again");
}

bool imports_look(struct imports *imports, struct store *store, int64_t now_us, struct error *error)
{
    bool done = true;

    pthread_mutex_lock(&imports->lock);
    for (size_t i = 0; done && i < ANALYSIS_MOST; i++) {
        struct import *import = &imports->at[i];
        struct decision latest;
        uint64_t job;
        bool found = false;

        if (!waits(import) || !import_job_parse(import->id, &job))
            continue;
        done = store_import_find(store, job, import->asked_us - SLACK_US, &latest, &found, error);
        if (found && latest.number > import->before)
            import->asked = latest;
        else if (done && now_us - import->asked_us > HEARD_US)
            give_up(import);
    }
    pthread_mutex_unlock(&imports->lock);
    return done;
}

void import_write(const struct word *word, struct json_writer *json)
{
    json_object_begin(json, "import");
    json_text(json, "state", history_state_name(word->history.state));
    json_text(json, "message", word->why[0] != '\0' ? word->why : NULL);
    json_object_end(json);
}

void imports_write(struct imports *imports, const char *id, struct json_writer *json)
{
    pthread_mutex_lock(&imports->lock);
    const struct import *import = find(imports, id);
    if (import != NULL && id[0] != '\0')
        import_write(&import->asked.word, json);
    else
        json_null(json, "import");
    pthread_mutex_unlock(&imports->lock);
}

bool import_job_parse(const char *id, uint64_t *job)
{
    char again[HISTORY_JOB_BYTES];
    char *end;

    *job = strtoull(id, &end, 16);
    return strlen(id) == HISTORY_JOB_BYTES - 1 && *end == '\0' &&
           strcmp(history_job_format(*job, again), id) == 0;
}
