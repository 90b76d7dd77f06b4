#include "daemon/service.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/notify.h"
#include "daemon/alerts.h"
#include "daemon/checkers.h"
#include "daemon/import_run.h"
#include "daemon/retrain.h"
#include "daemon/wakeup.h"
#include "store/drain.h"

#define RETRY_MS           1000 /* after a fault; also how long a missed wake-up can last */
#define PAUSED_RETRY_MS    200
#define IMPORT_LOOK_MS     100
#define BATCH_RECORDS      1000
#define BATCH_LEAST        50
#define BATCH_WAL_BYTES    32768 /* what one record may add to the log, generously */
#define CHECKPOINT_RECORDS 2000
#define CHECKPOINT_US      US_PER_S
#define RETAIN_US          (INT64_C(3600) * US_PER_S)
#define RETAIN_ROWS        200 /* and as many as were folded in: a flood is not faster */
#define SETTLED_US         (INT64_C(600) * US_PER_S) /* what is older is not accepted any more */
#define LEFTOVER_S         3600
#define REPORT_US          (INT64_C(60) * US_PER_S) /* a journal may be damaged all the time */

struct service {
    const struct command_line *line;
    struct config *config;
    struct store *store;
    struct checkers checkers;
    struct retrain retrain;
    struct import_run import;
    struct alerts *alerts; /* NULL: none are raised */
    struct wakeup wakeup;
    bool faulty;     /* the last round failed, and that was said */
    bool paused;     /* a reader keeps the log from shrinking, and that was said */
    int64_t folded;  /* records, in this round */
    int64_t unmoved; /* records folded in since the last checkpoint */
    int64_t checkpoint_us, retain_us, report_us; /* monotonic: when they were done */
    int64_t import_us;                           /* monotonic: none is begun before */
    struct drain_result unsaid;                  /* what was skipped since the last report */
    bool retaining;                              /* there may be more to forget */
};

/* ---- waiting -------------------------------------------------------------------------------- */

static void reload(struct service *service)
{
    struct error error = ERROR_NONE;
    struct config config;

    service->wakeup.reload = false;
    if (!command_config(service->line, &config, &error)) {
        command_note(service->line, "the configuration stays as it was: %s", error.text);
        return;
    }
    if (strcmp(config.store, service->config->store) != 0)
        command_note(service->line, "another store is used only after a restart");
    memcpy(config.store, service->config->store, sizeof(config.store));
    *service->config = config;
    retrain_plan(&service->retrain, service->config);
    alerts_load(service->alerts, service->config->alerts);
    command_note(service->line, "the configuration was read again");
}

static void heed_signals(struct service *service)
{
    wakeup_take_signals(&service->wakeup);
    if (service->wakeup.reload)
        reload(service);
}

static void wait_for(struct service *service, int64_t wait_ms, bool changes)
{
    wakeup_wait(&service->wakeup, wait_ms, changes);
    heed_signals(service);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* It stays NULL, which is no error, when another program writes to it until the end is asked for.
 */
static bool open_store(struct service *service, struct error *error)
{
    bool said = false;

    do {
        struct error opening = ERROR_NONE;

        if (store_open(&service->store, service->config->store, STORE_WRITE, &opening))
            return true;
        if (errno != EWOULDBLOCK)
            return error_set(error, opening.fault, "%s", opening.text);
        if (!said)
            command_note(service->line, "%s: waiting until it is done", opening.text);
        said = true;
        wait_for(service, RETRY_MS, false);
    } while (!service->wakeup.stop);
    return true;
}

/* A creator needs no hour; a younger file may still be written. */
static void remove_leftovers(struct service *service)
{
    int64_t before_s = clock_utc_us() / US_PER_S - LEFTOVER_S, removed;
    struct error error = ERROR_NONE;

    if (!journal_remove_leftovers(store_directory_fd(service->store), before_s, &removed, &error))
        command_note(service->line, "what killed logins left behind stays: %s", error.text);
    else if (removed > 0)
        command_note(service->line, "%lld unfinished journals of killed logins were removed",
                     (long long)removed);
}

/* Without it journals are looked at each second. */
static void watch_journals(struct service *service)
{
    struct error error = ERROR_NONE;

    if (!wakeup_watch(&service->wakeup, &error))
        command_note(service->line, "%s: the journals are read once a second", error.text);
}

/* ---- rounds --------------------------------------------------------------------------------- */

/*
 * A reader that stays keeps SQLite from reusing its log, which would grow without bound. So
 * draining pauses: the journals hold the records meanwhile, and hold them smaller.
 */
static void pause_or_go_on(struct service *service, int64_t wal_bytes)
{
    int64_t limit = service->config->wal_limit_bytes;

    if (!service->paused && wal_bytes > 2 * limit) {
        service->paused = true;
        command_note(service->line,
                     "the store's log has %lld bytes and a long reader keeps it: records stay in "
                     "the journal until it ends",
                     (long long)wal_bytes);
    } else if (service->paused && wal_bytes <= limit) {
        service->paused = false;
        command_note(service->line, "the store's log could be truncated: going on");
    }
}

static bool checkpoint(struct service *service, struct error *error)
{
    int64_t limit = service->config->wal_limit_bytes, wal_bytes;

    if (!store_checkpoint(service->store, false, &wal_bytes, error) ||
        (wal_bytes > limit && !store_checkpoint(service->store, true, &wal_bytes, error)))
        return false;
    service->unmoved = 0;
    service->checkpoint_us = clock_monotonic_us();
    pause_or_go_on(service, wal_bytes);
    return true;
}

static int64_t batch_records(const struct config *config)
{
    int64_t records = config->wal_limit_bytes / BATCH_WAL_BYTES;

    return records < BATCH_LEAST ? BATCH_LEAST : records > BATCH_RECORDS ? BATCH_RECORDS : records;
}

static void say_skipped(struct service *service)
{
    const struct drain_result *unsaid = &service->unsaid;

    if (unsaid->damage.spots > 0)
        command_note(service->line, "%llu damaged places in the journals were skipped, %llu bytes",
                     (unsigned long long)unsaid->damage.spots,
                     (unsigned long long)unsaid->damage.bytes);
    if (unsaid->refused > 0)
        command_note(service->line,
                     "%lld journal records were skipped: they are not this version's, or "
                     "label a login that is gone, or ask for more than they may",
                     (long long)unsaid->refused);
    if (unsaid->distrust.fault != FAULT_NONE)
        command_note(service->line, "what the dashboard says is not heard: %s",
                     unsaid->distrust.text);
}

/* At once, and what goes on being skipped once in a while: nobody is to fill the log with it. */
static void report(struct service *service, const struct drain_result *result)
{
    struct drain_result *unsaid = &service->unsaid;
    int64_t now_us = clock_monotonic_us();

    unsaid->damage.spots += result->damage.spots;
    unsaid->damage.bytes += result->damage.bytes;
    unsaid->refused += result->refused;
    if (unsaid->distrust.fault == FAULT_NONE)
        unsaid->distrust = result->distrust;
    if (service->report_us != 0 && now_us - service->report_us < REPORT_US)
        return;
    if (unsaid->damage.spots == 0 && unsaid->refused == 0 && unsaid->distrust.fault == FAULT_NONE)
        return;
    say_skipped(service);
    memset(unsaid, 0, sizeof(*unsaid));
    service->report_us = now_us;
}

/* One batch. *more: another is waiting. words: so may one of the dashboard's. */
static bool drain(struct service *service, bool words, bool *more, struct error *error)
{
    struct drain_limits limits = {.rotate_bytes = service->config->journal_rotate_bytes,
                                  .batch_records = batch_records(service->config),
                                  .now_us = clock_utc_us()};
    struct drain_result result;
    struct alert_watch watch;
    int64_t now_us;

    if (alerts_watch(service->alerts, &watch))
        limits.alerts = &watch;
    if (!drain_journals(service->store, &limits, &result, error))
        return false;
    *more = result.more || (words && result.more_words);
    report(service, &result);
    service->folded = result.records;
    service->unmoved += result.records;
    now_us = clock_monotonic_us();
    if (service->unmoved >= (CHECKPOINT_RECORDS < 2 * limits.batch_records
                                 ? CHECKPOINT_RECORDS
                                 : 2 * limits.batch_records) ||
        (service->unmoved > 0 && now_us - service->checkpoint_us >= CHECKPOINT_US))
        return checkpoint(service, error);
    return true;
}

/* Once an hour, and whenever a fold has made too many of what strangers leave behind. */
static bool is_time_to_retain(struct service *service, bool *due, struct error *error)
{
    int64_t now_us = clock_monotonic_us();

    *due = service->retaining;
    if (service->retain_us == 0 || now_us - service->retain_us >= RETAIN_US) {
        service->retain_us = now_us;
        *due = true;
    }
    return *due || service->folded == 0 ||
           store_has_excess(service->store, service->config->failures_limit, due, error);
}

/* One step: the next fold waits for no more. */
static bool retain(struct service *service, struct error *error)
{
    const struct config *config = service->config;
    const int64_t now_us = clock_utc_us(), day_us = S_PER_DAY * US_PER_S;
    const struct store_keeping keeping = {
        .logins_before_us = now_us - config->keep_logins_days * day_us,
        .failures_before_us = now_us - config->keep_failures_days * day_us,
        .sources_before_us = now_us - config->keep_sources_days * day_us,
        .failures_most = config->failures_limit,
        .settled_us = now_us - SETTLED_US};
    int64_t removed;

    if (!is_time_to_retain(service, &service->retaining, error))
        return false;
    if (!service->retaining)
        return true;
    if (!store_begin(service->store, error))
        return false;
    if (!store_retain(service->store, &keeping, RETAIN_ROWS + service->folded, &removed,
                      &service->retaining, error)) {
        store_rollback(service->store);
        return false;
    }
    service->unmoved += removed;
    return store_commit(service->store, error);
}

static bool work(struct service *service, bool *more, struct error *error)
{
    *more = false;
    if (service->paused && !checkpoint(service, error))
        return false;
    return service->paused ||
           (drain(service, true, more, error) && retain(service, error) &&
            alerts_look(service->alerts, service->store, service->config->keep_alerts_days, error));
}

/* As long as the store was another's since then. */
static void rest_from_import(struct service *service, int64_t since_us)
{
    int64_t now_us = clock_monotonic_us(), rest_us = now_us - since_us;

    if (rest_us < IMPORT_REST_LEAST_S * US_PER_S)
        rest_us = IMPORT_REST_LEAST_S * US_PER_S;
    service->import_us = now_us + rest_us;
}

/*
 * One history that was asked for, if there is one: the trainer writes to the store meanwhile, and
 * what logins leave stays in the journal. A store that cannot be opened again is the end.
 */
static bool import_one(struct service *service, struct error *error)
{
    int64_t begun_us = clock_monotonic_us();
    bool ready;

    if (begun_us < service->import_us)
        return true;
    if (!import_next(&service->import, service->store, service->config, &ready, error))
        return false;
    if (!ready)
        return true;
    store_close(service->store);
    service->store = NULL;
    import_start(&service->import, service->line, service->config);
    while (!service->wakeup.stop && import_runs(&service->import, service->config))
        wait_for(service, IMPORT_LOOK_MS, false);
    import_give_up(&service->import);
    if (!open_store(service, error))
        return false;
    rest_from_import(service, begun_us);
    return !service->store || import_tell(&service->import, service->store, service->line, error);
}

/* A full disk passes, a damaged database does not. */
static bool survive(struct service *service, const struct error *failure, struct error *error)
{
    if (!service->store || store_is_damaged(service->store))
        return error_set(error, failure->fault, "%s", failure->text);
    if (!service->faulty)
        command_note(service->line, "%s: records stay in the journal; trying again each second",
                     failure->text);
    service->faulty = true;
    wait_for(service, RETRY_MS, false);
    return true;
}

static bool run_rounds(struct service *service, struct error *error)
{
    bool more = true;

    while (!service->wakeup.stop) {
        struct error failure = ERROR_NONE;

        if (checkers_have_ended(&service->checkers))
            command_note(service->line, "the checkers have ended: logins check themselves until "
                                        "anomalyd is started again");
        retrain_look(&service->retrain, service->line, service->config);
        service->wakeup.woken = false;
        wakeup_take_changes(&service->wakeup);
        service->wakeup.woken = false; /* what was appended until now is read in this round */
        if (!work(service, &more, &failure) ||
            (!more && !service->paused && !import_one(service, &failure))) {
            if (!survive(service, &failure, error))
                return false;
            continue;
        }
        if (service->faulty)
            command_note(service->line, "the store can be written again");
        service->faulty = false;
        heed_signals(service);
        if (more || (service->retaining && !service->paused))
            continue;
        wait_for(service, service->paused ? PAUSED_RETRY_MS : RETRY_MS, !service->paused);
        if (service->wakeup.woken && !service->wakeup.stop)
            wait_for(service, service->config->drain_interval_ms, false);
    }
    return true;
}

/* What was answered before the end was asked for is in the store when it comes. */
static bool finish(struct service *service, struct error *error)
{
    int64_t wal_bytes;
    bool more = true;

    notify_manager("STOPPING=1");
    if (!service->store)
        return true;
    while (more && !service->paused) {
        if (!drain(service, false, &more, error))
            return false;
    }
    say_skipped(service);
    return alerts_finish(service->alerts, service->store, error) &&
           store_checkpoint(service->store, true, &wal_bytes, error);
}

/* Without checkers logins check themselves, and everything else goes on. */
static void start_checkers(struct service *service)
{
    struct error error = ERROR_NONE;

    if (!checkers_start(&service->checkers, service->config->store, &error))
        command_note(service->line, "%s: logins check themselves", error.text);
}

static void let_checkers_go(struct service *service)
{
    struct error error = ERROR_NONE;

    if (checkers_go(&service->checkers, &error))
        return;
    command_note(service->line, "%s: logins check themselves", error.text);
    checkers_stop(&service->checkers);
}

bool service_run(const struct command_line *line, struct config *config, struct error *error)
{
    struct service service = {.line = line,
                              .config = config,
                              .checkers = {.pid = -1, .go_fd = -1},
                              .wakeup = WAKEUP_NONE};
    bool done = wakeup_hold_signals(error);

    if (done) {
        start_checkers(&service);
        service.alerts = alerts_create(line);
        alerts_load(service.alerts, config->alerts);
    }
    done =
        done && wakeup_open(&service.wakeup, config->store, error) && open_store(&service, error);

    if (done && service.store) {
        remove_leftovers(&service);
        watch_journals(&service);
        let_checkers_go(&service);
        retrain_plan(&service.retrain, config);
        notify_manager("READY=1");
        done = run_rounds(&service, error) && finish(&service, error);
    }
    retrain_stop(&service.retrain);
    checkers_stop(&service.checkers);
    alerts_destroy(service.alerts);
    store_close(service.store);
    wakeup_close(&service.wakeup);
    return done;
}
