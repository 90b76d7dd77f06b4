#include "daemon/import_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_reader.h"
#include "common/program_beside.h"
#include "common/utf8.h"

#define TRAINER        "anomaly-trainer"
#define PATH_BYTES     4096
#define MOST_ARGUMENTS 12
#define TOLD_BYTES     16384

/* ---- the file ------------------------------------------------------------------------------- */

#define PASS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

static bool cannot_open(int reason, struct error *error)
{
    if (reason == ENOENT)
        return error_set(error, FAULT_STORE,
                         "the uploaded file is gone: the analysis was thrown away, or the "
                         "dashboard was started again; upload the file again");
    return error_set_errno(error, FAULT_STORE, reason, "the uploaded file cannot be opened");
}

static bool check_upload(int upload, const struct stat *words, struct error *error)
{
    struct stat status;

    if (fstat(upload, &status) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "the uploaded file cannot be examined");
    if (!S_ISREG(status.st_mode) || status.st_uid != words->st_uid)
        return error_set(error, FAULT_STORE,
                         "the uploaded file is no file of the dashboard's user");
    return status.st_size <= HISTORY_MOST_BYTES ||
           error_set(error, FAULT_STORE, "the uploaded file has more than %" PRId64 " MiB",
                     HISTORY_MOST_BYTES >> 20);
}

/*
 * Another user can put there whatever he likes: no link is followed, nothing is waited for, and
 * what was opened has to be a file of the owner of the dashboard's directory. *upload is the
 * caller's, also when it fails.
 */
static bool open_upload(int store_fd, uint64_t job, int *upload, struct error *error)
{
    char digits[HISTORY_JOB_BYTES], name[sizeof(digits) + sizeof(HISTORY_UPLOAD)];
    struct stat status = {0};
    int words = openat(store_fd, WORD_DIRECTORY, PASS), directory = -1;

    *upload = -1;
    snprintf(name, sizeof(name), "%s." HISTORY_UPLOAD, history_job_format(job, digits));
    if (words >= 0 && fstat(words, &status) == 0)
        directory = openat(words, HISTORY_DIRECTORY, PASS);
    if (directory >= 0)
        *upload = openat(directory, name, OPEN);
    int reason = errno;
    if (directory >= 0)
        close(directory);
    if (words >= 0)
        close(words);
    return *upload >= 0 ? check_upload(*upload, &status, error) : cannot_open(reason, error);
}

/* ---- before --------------------------------------------------------------------------------- */

static bool write_down(struct import_run *run, struct store *store, enum history_state state,
                       const char *what, struct error *error)
{
    struct word *word = &run->asked.word;

    word->history.state = state;
    snprintf(word->why, sizeof(word->why), "%s", what);
    utf8_show(word->why, strlen(word->why)); /* it may have been cut within a character */
    return store_import_tell(store, &run->asked, error);
}

static bool may_begin(struct import_run *run, struct store *store, const struct config *config,
                      struct error *refusal)
{
    const struct asked_history *history = &run->asked.word.history;

    if (!config->dashboard_import)
        return error_set(refusal, FAULT_CONFIG,
                         "refused: the option dashboard_import of anomalyd's configuration is no");
    if (history->begun >= IMPORT_MOST_BEGUN)
        return error_set(refusal, FAULT_STORE, "given up: anomalyd was ended amid it %d times",
                         IMPORT_MOST_BEGUN);
    return open_upload(store_directory_fd(store), history->job, &run->upload, refusal);
}

static void let_go(struct import_run *run)
{
    const int files[] = {run->upload, run->told, run->said};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (files[i] >= 0)
            close(files[i]);
    }
    run->upload = run->told = run->said = -1;
}

bool import_next(struct import_run *run, struct store *store, const struct config *config,
                 bool *ready, struct error *error)
{
    struct error refusal = ERROR_NONE;
    bool found, done;

    *run = (struct import_run){.upload = -1, .told = -1, .said = -1};
    *ready = false;
    if (!store_import_next(store, &run->asked, &found, error))
        return false;
    if (!found)
        return true;
    *ready = may_begin(run, store, config, &refusal);
    run->asked.word.history.begun += *ready;
    done = write_down(run, store, *ready ? HISTORY_RUNNING : HISTORY_FAILED, refusal.text, error);
    if (!done || !*ready)
        let_go(run);
    return done;
}

/* ---- the trainer ---------------------------------------------------------------------------- */

static _Noreturn void become_trainer(const struct import_run *run, const char *path,
                                     char *const *arguments, pid_t parent)
{
    if (dup2(run->upload, STDIN_FILENO) < 0 || dup2(run->told, STDOUT_FILENO) < 0 ||
        dup2(run->said, STDERR_FILENO) < 0)
        _exit(PROGRAM_NOT_STARTED);
    program_become(path, arguments, parent);
}

static void fail(struct import_run *run, const char *why)
{
    run->failure = run->failure ? run->failure : why;
    if (run->pid <= 0)
        return;
    (void)kill(run->pid, SIGKILL);
    (void)waitpid(run->pid, NULL, 0);
    run->pid = 0;
}

static bool free_bytes(const struct config *config, uint64_t *bytes)
{
    struct statvfs disk;

    *bytes = 0;
    if (statvfs(config->store, &disk) != 0)
        return false;
    *bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return true;
}

void import_start(struct import_run *run, const struct command_line *line,
                  const struct config *config)
{
    char path[PATH_BYTES];
    const char *arguments[MOST_ARGUMENTS] = {
        TRAINER,   "import",     "--json", "--format", run->asked.word.history.format,
        "--store", config->store};
    size_t count = 7;
    pid_t parent = getpid();
    uint64_t free;

    if (line->config) {
        arguments[count++] = "--config";
        arguments[count++] = line->config;
    }
    arguments[count] = "-";
    run->told = memfd_create("told", MFD_CLOEXEC);
    run->said = memfd_create("said", MFD_CLOEXEC);
    run->until_us = clock_monotonic_us() + IMPORT_MOST_S * US_PER_S;
    run->disk_least = free_bytes(config, &free) ? free / 2 : 0;
    run->pid = -1;
    if (run->told >= 0 && run->said >= 0 && program_beside(TRAINER, path, sizeof(path)))
        run->pid = fork();
    if (run->pid == 0)
        become_trainer(run, path, (char *const *)(uintptr_t)arguments, parent);
    if (run->pid < 0)
        fail(run, "anomaly-trainer could not be started");
    else
        command_note(line, "the history \"%s\" that %s uploaded enters the store",
                     run->asked.word.history.file, run->asked.word.by);
}

bool import_runs(struct import_run *run, const struct config *config)
{
    uint64_t free;

    if (run->pid <= 0)
        return false;
    if (waitpid(run->pid, &run->status, WNOHANG) == run->pid) {
        run->pid = 0;
        return false;
    }
    if (clock_monotonic_us() > run->until_us)
        fail(run, "it took too long: stop anomalyd and use anomaly-trainer import");
    else if (free_bytes(config, &free) && free < run->disk_least)
        fail(run, "it took half of what was free on the store's disk");
    return run->pid > 0;
}

void import_give_up(struct import_run *run)
{
    if (run->pid <= 0)
        return;
    run->given_up = true;
    fail(run, "anomalyd was ended amid it");
}

/* ---- after ---------------------------------------------------------------------------------- */

/* The beginning of a file in memory. */
static size_t read_back(int file, char *text, size_t capacity)
{
    ssize_t size = file >= 0 ? pread(file, text, capacity - 1, 0) : 0;

    size = size > 0 ? size : 0;
    text[size] = '\0';
    return (size_t)size;
}

/* What the trainer said itself, without its name. */
static bool tell_failure(const struct import_run *run, struct error *message)
{
    char said[1024];
    size_t size = read_back(run->said, said, sizeof(said));
    const char *sentence;

    said[size > 0 ? strcspn(said, "\n") : 0] = '\0';
    sentence = strstr(said, ": ");

    if (run->failure)
        return error_set(message, FAULT_STORE, "%s", run->failure);
    if (WIFSIGNALED(run->status))
        return error_set(message, FAULT_STORE, "anomaly-trainer was ended by signal %d",
                         WTERMSIG(run->status));
    if (WEXITSTATUS(run->status) == PROGRAM_NOT_STARTED)
        return error_set(message, FAULT_STORE, "there is no anomaly-trainer beside anomalyd");
    if (sentence && sentence[2] != '\0')
        return error_set(message, FAULT_STORE, "%s", sentence + 2);
    return error_set(message, FAULT_STORE, "anomaly-trainer ended with status %d",
                     WEXITSTATUS(run->status));
}

static int64_t number(struct json_value object, const char *name)
{
    double value = json_to_number(json_member(object, name));

    return value >= 0 && value < 9e15 ? (int64_t)value : 0; /* a NAN is neither */
}

/* Nothing is said of what there is none of. */
static void add_count(char *text, size_t capacity, int64_t count, const char *what)
{
    size_t used = strlen(text);

    if (count > 0)
        snprintf(text + used, capacity - used, ", %" PRId64 " %s", count, what);
}

static void tell_counts(const struct import_run *run, struct error *message)
{
    char told[TOLD_BYTES], text[LOGIN_LABEL_WHY_BYTES];
    size_t size = read_back(run->told, told, sizeof(told));
    struct json_value counts = json_parse(told, size);

    snprintf(text, sizeof(text),
             "%" PRId64 " logins, %" PRId64 " failed attempts, %" PRId64 " duplicates",
             number(counts, "logins"), number(counts, "failures"), number(counts, "duplicates"));
    add_count(text, sizeof(text), number(counts, "recorded"), "left out as the module's own");
    add_count(text, sizeof(text), number(counts, "crowded"), "left out for want of a free id");
    add_count(text, sizeof(text), number(counts, "skipped"), "lines skipped");
    (void)error_set(message, FAULT_NONE, "%s", text);
}

bool import_tell(struct import_run *run, struct store *store, const struct command_line *line,
                 struct error *error)
{
    bool failed = run->failure || !WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0, done;
    struct error message = ERROR_NONE;

    if (run->given_up) {
        run->asked.word.history.begun--;
        done = write_down(run, store, HISTORY_ASKED, "", error);
    } else {
        if (failed)
            (void)tell_failure(run, &message);
        else
            tell_counts(run, &message);
        command_note(line, "the history \"%s\" %s: %s", run->asked.word.history.file,
                     failed ? "did not enter the store" : "is in the store", message.text);
        done = write_down(run, store, failed ? HISTORY_FAILED : HISTORY_DONE, message.text, error);
    }
    let_go(run);
    return done;
}
