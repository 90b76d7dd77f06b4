#include "dashboard/analyses.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/history_format.h"
#include "common/utf8.h"
#include "dashboard/session.h"

#define PATH_BYTES   1024
#define FORMAT_BYTES 16

/* The store's group finds there what it knows the name of, and reads what is lent to it. */
#define DIRECTORY_MODE 02710

struct analysis {
    char id[ANALYSIS_ID_BYTES]; /* "": a free place */
    char name[ANALYSIS_NAME_BYTES], format[FORMAT_BYTES], who[WHO_BYTES];
    char model[ANALYSIS_NAME_BYTES]; /* of a table; otherwise "" */
    bool receiving;
    int64_t began_us, received_bytes;
};

struct analyses {
    pthread_mutex_t lock;
    struct jobs *jobs;
    struct imports *imports;
    char directory[PATH_BYTES];
    struct analysis at[ANALYSIS_MOST];
};

struct upload {
    struct analyses *analyses;
    char id[ANALYSIS_ID_BYTES];
    char model[PATH_BYTES];
    int fd;
    bool finished;
};

/* ---- files ---------------------------------------------------------------------------------- */

enum file { FILE_UPLOAD, FILE_ROWS, FILE_WORST, FILE_COUNT };

static const char *const FILES[FILE_COUNT] = {HISTORY_UPLOAD, "rows", "worst"};

/* NULL for what cannot be: a path that is too long. */
static const char *file_path(const struct analyses *analyses, const char *id, enum file file,
                             char path[PATH_BYTES])
{
    int length = snprintf(path, PATH_BYTES, "%s/%s.%s", analyses->directory, id, FILES[file]);

    return length > 0 && length < PATH_BYTES ? path : NULL;
}

static void remove_files(const struct analyses *analyses, const char *id)
{
    char path[PATH_BYTES];

    for (enum file file = 0; file < FILE_COUNT; file++) {
        if (file_path(analyses, id, file, path) != NULL)
            (void)unlink(path);
    }
}

/* ---- the table ------------------------------------------------------------------------------ */

/* NULL: not a directory of this user's. Its parent's group may put other things there. */
static DIR *open_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && fchmod(fd, DIRECTORY_MODE) == 0)
        return fdopendir(fd);
    close(fd);
    errno = EPERM;
    return NULL;
}

/* What an earlier run left. */
static bool clear_directory(const char *path, struct error *error)
{
    DIR *directory = open_directory(path);
    const struct dirent *entry;

    if (directory == NULL)
        return error_set_errno(error, FAULT_STORE, errno, "cannot read %s", path);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    return true;
}

bool analyses_create(struct analyses **analyses, const char *directory, struct jobs *jobs,
                     struct imports *imports, struct error *error)
{
    struct analyses *created = calloc(1, sizeof *created);

    *analyses = NULL;
    if (created == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep analyses");
    created->jobs = jobs;
    created->imports = imports;
    int length =
        snprintf(created->directory, sizeof created->directory, "%s/" HISTORY_DIRECTORY, directory);
    bool done = (length > 0 && length < PATH_BYTES - 64) ||
                error_set(error, FAULT_STORE, "the path %s is too long", directory);
    if (done && mkdir(created->directory, DIRECTORY_MODE & 0777) != 0 && errno != EEXIST)
        done = error_set_errno(error, FAULT_STORE, errno, "cannot make %s", created->directory);
    done = done && clear_directory(created->directory, error);
    if (!done) {
        free(created);
        return false;
    }
    pthread_mutex_init(&created->lock, NULL);
    *analyses = created;
    return true;
}

void analyses_destroy(struct analyses *analyses)
{
    if (analyses == NULL)
        return;
    for (size_t i = 0; i < ANALYSIS_MOST; i++) {
        if (analyses->at[i].id[0] != '\0') {
            jobs_forget(analyses->jobs, analyses->at[i].id);
            remove_files(analyses, analyses->at[i].id);
        }
    }
    pthread_mutex_destroy(&analyses->lock);
    free(analyses);
}

/* Under the lock, as all below. NULL: there is none. */
static struct analysis *find(struct analyses *analyses, const char *id)
{
    for (size_t i = 0; i < ANALYSIS_MOST; i++) {
        if (id[0] != '\0' && strcmp(analyses->at[i].id, id) == 0)
            return &analyses->at[i];
    }
    return NULL;
}

static void forget(struct analyses *analyses, struct analysis *analysis)
{
    jobs_forget(analyses->jobs, analysis->id);
    imports_forget(analyses->imports, analysis->id);
    remove_files(analyses, analysis->id);
    memset(analysis, 0, sizeof *analysis);
}

static bool has_ended(const struct analyses *analyses, const struct analysis *analysis)
{
    enum job_state state = jobs_state(analyses->jobs, analysis->id);

    return !analysis->receiving && (state == JOB_DONE || state == JOB_FAILED) &&
           !imports_wait(analyses->imports, analysis->id);
}

/* A free place: those that are too old go, else the oldest that has ended. NULL: none has. */
static struct analysis *make_place(struct analyses *analyses, int64_t now_us)
{
    struct analysis *place = NULL;

    for (size_t i = 0; i < ANALYSIS_MOST; i++) {
        struct analysis *analysis = &analyses->at[i];
        if (analysis->id[0] != '\0' && has_ended(analyses, analysis) &&
            analysis->began_us < now_us - ANALYSIS_KEPT_S * US_PER_S)
            forget(analyses, analysis);
        if (analysis->id[0] == '\0')
            return analysis;
        if (has_ended(analyses, analysis) &&
            (place == NULL || analysis->began_us < place->began_us))
            place = analysis;
    }
    if (place != NULL)
        forget(analyses, place);
    return place;
}

/* ---- uploads -------------------------------------------------------------------------------- */

static bool make_id(char id[ANALYSIS_ID_BYTES], struct error *error)
{
    uint64_t bits;

    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return error_set_errno(error, FAULT_STORE, errno, "cannot get random bits");
    snprintf(id, ANALYSIS_ID_BYTES, "%016llx", (unsigned long long)bits);
    return true;
}

static bool is_table(const struct analysis *analysis)
{
    return strcmp(analysis->format, ANALYSIS_TABLE) == 0;
}

/* What people call a model of a table: its file without directory and ending. */
static void name_model(struct analysis *analysis, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *ending = strrchr(name, '.');
    int length = (int)(ending != NULL ? (size_t)(ending - name) : strlen(name));

    snprintf(analysis->model, sizeof analysis->model, "%.*s", length, name);
}

static bool take_place(struct analyses *analyses, const struct analysis *analysis, int64_t now_us,
                       struct error *error)
{
    pthread_mutex_lock(&analyses->lock);
    struct analysis *place = make_place(analyses, now_us);
    if (place != NULL)
        *place = *analysis;
    pthread_mutex_unlock(&analyses->lock);
    return place != NULL ||
           error_set(error, FAULT_STORE, "%d uploads are under way already; try again in a minute",
                     ANALYSIS_MOST);
}

bool analyses_begin(struct analyses *analyses, const char *format, const char *name,
                    const char *model, const char *who, int64_t now_us, struct upload **upload,
                    struct error *error)
{
    struct analysis analysis = {.receiving = true, .began_us = now_us};
    struct upload *begun = calloc(1, sizeof *begun);
    char path[PATH_BYTES];

    *upload = NULL;
    if (begun == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep an upload");
    begun->analyses = analyses;
    begun->fd = -1;
    snprintf(analysis.name, sizeof analysis.name, "%s", name);
    snprintf(analysis.format, sizeof analysis.format, "%s", format);
    snprintf(analysis.who, sizeof analysis.who, "%s", who);
    if (model != NULL)
        snprintf(begun->model, sizeof begun->model, "%s", model);
    if (is_table(&analysis))
        name_model(&analysis, begun->model);
    if (!make_id(analysis.id, error) || !take_place(analyses, &analysis, now_us, error)) {
        free(begun);
        return false;
    }
    memcpy(begun->id, analysis.id, sizeof begun->id);
    if (file_path(analyses, begun->id, FILE_UPLOAD, path) != NULL)
        begun->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (begun->fd < 0) {
        error_set_errno(error, FAULT_STORE, errno, "an upload cannot be kept");
        upload_end(begun);
        return false;
    }
    *upload = begun;
    return true;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool upload_add(struct upload *upload, const void *bytes, size_t size, struct error *error)
{
    struct analyses *analyses = upload->analyses;

    if (!write_all(upload->fd, bytes, size))
        return error_set_errno(error, FAULT_STORE, errno, "the upload cannot be kept");
    pthread_mutex_lock(&analyses->lock);
    struct analysis *analysis = find(analyses, upload->id);
    if (analysis != NULL)
        analysis->received_bytes += (int64_t)size;
    pthread_mutex_unlock(&analyses->lock);
    return true;
}

static bool start_job(const struct upload *upload, const struct analysis *analysis, int64_t now_us,
                      struct error *error)
{
    const struct analyses *analyses = upload->analyses;
    char file[PATH_BYTES], rows[PATH_BYTES], worst[PATH_BYTES];
    struct job_answer answer;
    const char *arguments[12] = {"score", "--json", "--format", analysis->format};
    size_t count = 4;

    if (file_path(analyses, upload->id, FILE_UPLOAD, file) == NULL ||
        file_path(analyses, upload->id, FILE_ROWS, rows) == NULL ||
        file_path(analyses, upload->id, FILE_WORST, worst) == NULL)
        return error_set(error, FAULT_STORE, "the path of the dashboard's directory is too long");
    arguments[count++] = "--out";
    arguments[count++] = rows;
    if (upload->model[0] != '\0') {
        arguments[count++] = "--model";
        arguments[count++] = upload->model;
    }
    if (is_table(analysis)) {
        arguments[count++] = "--worst";
        arguments[count++] = worst;
    }
    arguments[count] = file;
    if (!jobs_ask(analyses->jobs, upload->id, arguments, JOB_MOST, ANALYSIS_KEPT_S, now_us, &answer,
                  error))
        return false;
    free(answer.output);
    return true;
}

bool upload_finish(struct upload *upload, int64_t now_us, char id[ANALYSIS_ID_BYTES],
                   struct error *error)
{
    struct analyses *analyses = upload->analyses;

    pthread_mutex_lock(&analyses->lock);
    struct analysis *analysis = find(analyses, upload->id);
    upload->finished = analysis != NULL && start_job(upload, analysis, now_us, error);
    if (upload->finished)
        analysis->receiving = false;
    pthread_mutex_unlock(&analyses->lock);
    memcpy(id, upload->id, ANALYSIS_ID_BYTES);
    return upload->finished;
}

void upload_end(struct upload *upload)
{
    struct analyses *analyses = upload->analyses;

    if (upload->fd >= 0)
        close(upload->fd);
    if (!upload->finished) {
        pthread_mutex_lock(&analyses->lock);
        struct analysis *analysis = find(analyses, upload->id);
        if (analysis != NULL)
            forget(analyses, analysis);
        pthread_mutex_unlock(&analyses->lock);
    }
    free(upload);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Why it failed, the upload by the name that people know it by. */
static void write_message(const struct analyses *analyses, const struct analysis *analysis,
                          const char *message, struct json_writer *json)
{
    char path[PATH_BYTES], told[JOB_MESSAGE_BYTES + ANALYSIS_NAME_BYTES];
    const char *at =
        file_path(analyses, analysis->id, FILE_UPLOAD, path) != NULL ? strstr(message, path) : NULL;

    if (at != NULL)
        snprintf(told, sizeof told, "%.*s%s%s", (int)(at - message), message, analysis->name,
                 at + strlen(path));
    else
        snprintf(told, sizeof told, "%s", message);
    json_text(json, "message", told[0] != '\0' ? told : NULL);
}

static void write_members(const struct analyses *analyses, const struct analysis *analysis,
                          const struct job_answer *answer, struct json_writer *json)
{
    json_text(json, "job", analysis->id);
    json_text(json, "name", analysis->name);
    json_text(json, "format", analysis->format);
    json_text(json, "model", is_table(analysis) ? analysis->model : NULL);
    json_text(json, "by", analysis->who);
    json_time(json, "began", analysis->began_us);
    json_text(json, "state", analysis->receiving ? "receiving" : job_state_name(answer->state));
    json_integer(json, "received_bytes", analysis->received_bytes);
    write_message(analyses, analysis, answer->message, json);
}

bool analyses_write(struct analyses *analyses, const char *id, struct json_writer *json,
                    bool *found, struct error *error)
{
    struct job_answer answer = {.state = JOB_WAITING};
    struct analysis analysis;
    bool has_job = false;

    pthread_mutex_lock(&analyses->lock);
    const struct analysis *there = find(analyses, id);
    *found = there != NULL;
    if (*found)
        analysis = *there;
    pthread_mutex_unlock(&analyses->lock);
    if (!*found)
        return true;
    if (!analysis.receiving && !jobs_look(analyses->jobs, id, &answer, &has_job, error))
        return false;
    if (!analysis.receiving && !has_job) {
        answer.state = JOB_FAILED;
        snprintf(answer.message, sizeof answer.message,
                 "its result gave way to newer work: upload the file again");
    }
    write_members(analyses, &analysis, &answer, json);
    if (answer.output != NULL && answer.size > 0)
        json_raw(json, "result", answer.output, strcspn(answer.output, "\n"));
    else
        json_null(json, "result");
    free(answer.output);
    return true;
}

void analyses_write_all(struct analyses *analyses, struct json_writer *json, const char *name)
{
    bool written[ANALYSIS_MOST] = {false};

    json_array_begin(json, name);
    pthread_mutex_lock(&analyses->lock);
    for (;;) {
        size_t next = ANALYSIS_MOST;
        for (size_t i = 0; i < ANALYSIS_MOST; i++) {
            if (analyses->at[i].id[0] != '\0' && !written[i] &&
                (next == ANALYSIS_MOST || analyses->at[i].began_us > analyses->at[next].began_us))
                next = i;
        }
        if (next == ANALYSIS_MOST)
            break;
        struct job_answer answer = {.state = JOB_WAITING};
        if (!analyses->at[next].receiving)
            answer.state = jobs_state(analyses->jobs, analyses->at[next].id);
        written[next] = true;
        json_object_begin(json, NULL);
        write_members(analyses, &analyses->at[next], &answer, json);
        json_object_end(json);
    }
    pthread_mutex_unlock(&analyses->lock);
    json_array_end(json);
}

int analyses_open_rows(struct analyses *analyses, const char *id, bool worst)
{
    char path[PATH_BYTES];
    int fd = -1;

    pthread_mutex_lock(&analyses->lock);
    const struct analysis *analysis = find(analyses, id);
    if (analysis != NULL && !analysis->receiving && jobs_state(analyses->jobs, id) == JOB_DONE &&
        file_path(analyses, id, worst ? FILE_WORST : FILE_ROWS, path) != NULL)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    pthread_mutex_unlock(&analyses->lock);
    return fd;
}

bool analyses_history(struct analyses *analyses, const char *id, struct asked_history *history,
                      bool *found, struct error *why)
{
    bool judged = false;

    *history = (struct asked_history){.state = HISTORY_ASKED};
    pthread_mutex_lock(&analyses->lock);
    const struct analysis *analysis = find(analyses, id);
    *found = analysis != NULL && import_job_parse(id, &history->job);
    if (*found) {
        judged = !analysis->receiving && jobs_state(analyses->jobs, id) == JOB_DONE;
        snprintf(history->format, sizeof history->format, "%s", analysis->format);
        snprintf(history->file, sizeof history->file, "%s", analysis->name);
        utf8_show(history->file, strlen(history->file));
    }
    pthread_mutex_unlock(&analyses->lock);
    if (*found && !history_format_is_known(history->format))
        return error_set(why, FAULT_STORE,
                         "it is a table: only histories of logins can enter the "
                         "store");
    return judged || error_set(why, FAULT_STORE, "only what has been judged can enter the store");
}

bool analyses_lend(struct analyses *analyses, const char *id, struct error *error)
{
    char path[PATH_BYTES];

    return (file_path(analyses, id, FILE_UPLOAD, path) != NULL && chmod(path, 0640) == 0) ||
           error_set_errno(error, FAULT_STORE, errno, "the upload cannot be lent to anomalyd");
}

bool analyses_is_table(struct analyses *analyses, const char *id)
{
    pthread_mutex_lock(&analyses->lock);
    const struct analysis *analysis = find(analyses, id);
    bool found = analysis != NULL && is_table(analysis);
    pthread_mutex_unlock(&analyses->lock);
    return found;
}

bool analyses_forget(struct analyses *analyses, const char *id)
{
    pthread_mutex_lock(&analyses->lock);
    struct analysis *analysis = find(analyses, id);
    bool found = analysis != NULL && !analysis->receiving;
    if (found)
        forget(analyses, analysis);
    pthread_mutex_unlock(&analyses->lock);
    return found;
}
