/* What happens to a login inside the worker, which gave up root. Coordinated by login_worker_run().
 */
#include "pam_module/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/trusted_file.h"
#include "pam_module/answer.h"
#include "pam_module/audit.h"
#include "pam_module/key_fingerprint.h"
#include "store/geo.h"
#include "store/store.h"

/* The tail of the journal that a login reads at most: bursts of the last moments. */
#define TAIL_LIMIT_BYTES (INT64_C(256) << 10)

/* A session opens within sshd's login grace time, which is 120 s unless raised. */
#define ATTEMPT_WINDOW_S 600

/* ---- the model ---- */

static bool map_model(const char *path, struct forest *forest, struct error *error)
{
    struct error unsound = ERROR_NONE;
    struct stat facts;
    void *bytes;
    int fd;

    if (!trusted_file_open(path, geteuid(), FAULT_MODEL, &fd, error))
        return false;
    if (fstat(fd, &facts) != 0 || facts.st_size <= 0 || facts.st_size > FOREST_MAX_BYTES) {
        (void)close(fd);
        return error_set(error, FAULT_MODEL, "%s is empty or larger than a model can be", path);
    }
    bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED)
        return error_set_errno(error, FAULT_MODEL, errno, "%s cannot be mapped", path);
    if (forest_open(forest, bytes, (size_t)facts.st_size, &unsound))
        return true;
    return error_set(error, FAULT_MODEL, "%s: %s", path, unsound.text);
}

static bool open_model(const struct config *config, int store_fd, struct forest *forest,
                       struct error *error)
{
    char path[CONFIG_TEXT_BYTES + sizeof STORE_MODEL_FILE + 1];

    if (strcmp(config->model, "builtin") == 0) {
        forest_open_default(forest);
        return true;
    }
    if (strcmp(config->model, "auto") != 0)
        return map_model(config->model, forest, error);
    if (faccessat(store_fd, STORE_MODEL_FILE, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        forest_open_default(forest);
        return true;
    }
    snprintf(path, sizeof path, "%s/%s", config->store, STORE_MODEL_FILE);
    return map_model(path, forest, error);
}

/* ---- what is known before the event ---- */

struct tail {
    const struct login_event *about;
    struct history *history;
    struct login_record attempt; /* the latest attempt on this connection by this user */
    bool attempt_found;
};

/* A check that was too late may have written what was then written again in its place. */
static bool is_repeated(const struct tail *tail, const struct login_event *event)
{
    return tail->attempt_found && event->stage == STAGE_ATTEMPT &&
           memcmp(&event->id, &tail->attempt.event.id, sizeof event->id) == 0;
}

static bool fold_tail_record(void *context, const void *payload, size_t size, int64_t next)
{
    struct tail *tail = context;
    struct login_record record;

    (void)next;
    if (!login_record_decode(&record, payload, size, NULL))
        return true; /* counted and reported by the drain, which sees it too */
    if (is_repeated(tail, &record.event))
        return true;
    history_learn(tail->history, tail->about, &record.event);
    if (record.event.stage == STAGE_ATTEMPT && record.event.connection == tail->about->connection &&
        strcmp(record.event.user, tail->about->user) == 0) {
        tail->attempt = record;
        tail->attempt_found = true;
    }
    return true;
}

static bool load_history(struct store *store, int store_fd, struct tail *tail, struct error *error)
{
    struct journal_positions positions;

    return store_history_load(store, tail->about, tail->history, &positions, error) &&
           journal_read_tail(store_fd, "login", &positions, TAIL_LIMIT_BYTES, fold_tail_record,
                             tail, error);
}

static bool locate(const struct config *config, struct login_event *event, struct error *error)
{
    struct geo *geo = NULL;

    if (event->source.family == 0 || ip_is_reserved(&event->source) ||
        strcmp(config->geo, "none") == 0)
        return true;
    return geo_open(&geo, config->geo, error) &&
           geo_locate(geo, &event->source, &event->place, error);
}

/* ---- an attempt ---- */

static enum login_method method_of_line(const char *line)
{
    char name[32];

    /* What follows a slash is the server's device: "keyboard-interactive/pam". */
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " /\n"), line);
    return login_method_from_name(name);
}

/*
 * SSH_AUTH_INFO_0 has a line for each method that was completed, in order: "publickey ssh-ed25519
 * AAAA…". Sets the first public key, and the method when the session is open; before that more may
 * follow. The attempt was judged in the last PAM conversation: it knew the key of a line before
 * that (two factors) and none of a line after it.
 */
static void learn_methods(struct login_event *event, const char *auth_info, bool is_open)
{
    bool by_key = false;
    bool conversed = false;

    for (const char *line = auth_info; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        enum login_method method = method_of_line(line);
        bool converses = method == METHOD_PASSWORD || method == METHOD_KEYBOARD_INTERACTIVE;

        if (is_open && converses)
            event->method = by_key ? METHOD_TWO_FACTOR : method;
        else if (is_open && !conversed && method != METHOD_UNKNOWN)
            event->method = method;
        if (method == METHOD_PUBLICKEY && !by_key)
            by_key = key_fingerprint(line + strcspn(line, " \n"), event->key);
        conversed = conversed || converses;
        line = end != NULL ? end + 1 : NULL;
    }
}

static bool assess(const struct worker_job *job, struct error *error)
{
    const struct config *config = job->config;
    struct login_record *record = job->record;
    const struct policy policy = {.deny_budget = config->deny_budget,
                                  .step_up_budget = config->step_up_budget,
                                  .log_budget = config->log_budget,
                                  .min_history = (uint32_t)config->min_history,
                                  .deny_root = config->deny_root};
    struct policy_facts facts = {.exempt = job->exempt, .is_root = job->is_root};
    struct history history;
    struct tail tail = {.about = &record->event, .history = &history};
    struct forest forest;
    struct store *store = NULL;

    learn_methods(&record->event, job->auth_info, false);
    if (!locate(config, &record->event, error) ||
        !open_model(config, job->store_fd, &forest, error) ||
        !store_open(&store, config->store, STORE_READ, error))
        return false;
    /* Not closed: the process ends in a moment, and the kernel is quicker at it. */
    if (!load_history(store, job->store_fd, &tail, error))
        return false;
    facts.learned_logins = history.profile.logins;
    assess_login(&record->event, &history, &forest, &policy, &facts, &record->assessment);
    record->assessed = true;
    record->model = forest.header->checksum;
    record->answer = answer_for_verdict(record->assessment.verdict, config->mode == MODE_ENFORCE);
    return true;
}

static enum verdict answer_of_fault(const struct worker_job *job, enum fault fault)
{
    const struct config *config = job->config;

    return answer_for_fault(config_on_fault(config, fault), config->mode == MODE_ENFORCE,
                            job->exempt, job->is_root && !config->deny_root);
}

/* A credential that was right before the check is recorded with it. */
static bool record_login(const struct worker_job *job, struct error *error)
{
    struct login_event *event = &job->record->event;
    bool appended = worker_append(job, error);

    if (appended && job->accepted) {
        event->stage = STAGE_ACCEPTED;
        appended = worker_append(job, error);
        event->stage = STAGE_ATTEMPT;
    }
    return appended;
}

/*
 * First the record, then the answer, last the log: a stuck log costs no verdict. What cannot be
 * recorded is answered as strictly as the verdict or the fault ask, so that a full disk opens no
 * door.
 */
static void run_assess(const struct worker_job *job, int reply_fd)
{
    struct login_record *record = job->record;
    struct error error = ERROR_NONE;
    struct worker_reply reply = {.fault = FAULT_NONE};

    if (!assess(job, &error)) {
        record->assessed = false;
        record->fault = error.fault;
        record->answer = answer_of_fault(job, error.fault);
    }
    if (!record_login(job, &error)) {
        enum verdict answer = answer_of_fault(job, error.fault);

        record->fault = error.fault;
        record->answer = answer > record->answer ? answer : record->answer;
    }
    reply.unjudged = record->fault;
    reply.answer = record->answer;
    worker_send(reply_fd, &reply);
    (void)audit_login(&job->log, record, job->config->mode == MODE_ENFORCE,
                      clock_monotonic_us() - job->started_us,
                      error.fault != FAULT_NONE ? error.text : NULL, job->deadline_us);
}

/* ---- an opened session ---- */

static bool is_conversation(enum login_method method)
{
    return method == METHOD_PAM || method == METHOD_PASSWORD ||
           method == METHOD_KEYBOARD_INTERACTIVE || method == METHOD_TWO_FACTOR;
}

/*
 * A password that failed was judged as a conversation; a key that followed it on the same
 * connection was not judged for what it is.
 */
static bool was_judged_as(enum login_method judged, enum login_method method)
{
    return method == METHOD_UNKNOWN || is_conversation(judged) == is_conversation(method);
}

/* Usual ones, and those of whom an administrator said that they are to get in. */
static bool may_be_learned(const struct login_record *attempt)
{
    return attempt->assessed && (attempt->assessment.verdict == VERDICT_ALLOW ||
                                 attempt->assessment.rule == RULE_EXEMPT);
}

/* What the attempt saw is what is learned; only method and key are news. */
static void adopt_attempt(struct login_event *event, const struct login_record *attempt,
                          const char *auth_info)
{
    struct login_event opened = attempt->event;
    enum login_method judged = opened.method;

    opened.stage = STAGE_OPENED;
    opened.time_us = event->time_us;
    learn_methods(&opened, auth_info, true);
    opened.learn = may_be_learned(attempt) &&
                   was_judged_as(judged, auth_info != NULL ? opened.method : METHOD_UNKNOWN);
    *event = opened;
}

static bool opened(const struct worker_job *job, struct error *error)
{
    struct login_event *event = &job->record->event;
    struct history history;
    struct tail tail = {.about = event, .history = &history};
    struct stored_login stored;
    struct store *store = NULL;
    bool found = false;

    if (!store_open(&store, job->config->store, STORE_READ, error))
        return false;
    if (!load_history(store, job->store_fd, &tail, error) ||
        (!tail.attempt_found &&
         !store_attempt_find(store, event, ATTEMPT_WINDOW_S, &stored, &found, error)))
        return false;
    if (tail.attempt_found)
        adopt_attempt(event, &tail.attempt, job->auth_info);
    else if (found)
        adopt_attempt(event, &stored.record, job->auth_info);
    else if (login_id_is_none(&event->id))
        return error_set(error, FAULT_STORE,
                         "a session opened whose login was not judged; is the account line of the "
                         "PAM stack missing?");
    else
        learn_methods(event, job->auth_info, true);
    history_mark_new(&history.profile, event);
    return true;
}

static void run_opened(const struct worker_job *job, int reply_fd)
{
    struct error error = ERROR_NONE;
    struct worker_reply reply = {.fault = FAULT_NONE};

    if (!opened(job, &error) || !worker_append(job, &error)) {
        reply.fault = error.fault;
        memcpy(reply.text, error.text, sizeof reply.text);
    }
    reply.learn = job->record->event.learn;
    reply.id = job->record->event.id;
    worker_send(reply_fd, &reply);
}

/* ---- entry ---- */

void login_worker_run(const struct worker_job *job, int reply_fd)
{
    struct login_event *event = &job->record->event;

    store_configure_for_login();
    event->utc_offset_s = clock_utc_offset_s(event->time_us);
    if (job->task == WORKER_ASSESS)
        run_assess(job, reply_fd);
    else
        run_opened(job, reply_fd);
}
