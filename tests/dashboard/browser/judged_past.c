/*
 * judged_past FROM TO
 * The logins of the store FROM, which were imported and thus never judged, lived through once more
 * as the services would have it: moved in time so that the last one was a minute ago, each is
 * judged by the built-in model from what came before, and folded into the store TO stage by stage.
 * An analyst labelled those at or above log that got in, as the history has it, but for the last
 * week's. Every third denial was enforced.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/config.h"
#include "store/login_label.h"
#include "store/model_file.h"
#include "store/store.h"

#define LAST_AGO_US   (60 * US_PER_S)
#define BATCH         2000
#define UNLABELLED_US (7 * S_PER_DAY * US_PER_S)

struct past {
    struct store *store;
    struct model_file model;
    struct config config;
    int64_t shift_us;
    int64_t count, denials;
    struct error error;
};

static struct policy policy_of(const struct config *config)
{
    return (struct policy){.deny_budget = config->deny_budget,
                           .step_up_budget = config->step_up_budget,
                           .log_budget = config->log_budget,
                           .min_history = (uint32_t)config->min_history,
                           .deny_root = config->deny_root};
}

static bool judge(struct past *past, struct login_record *record)
{
    const struct policy policy = policy_of(&past->config);
    struct journal_positions positions;
    struct history history;

    if (!store_history_load(past->store, &record->event, &history, &positions, &past->error))
        return false;
    const struct policy_facts facts = {.is_root = strcmp(record->event.user, "root") == 0,
                                       .learned_logins = history.profile.logins};
    if (!assess_login(&record->event, &history, &past->model.risk, &policy, &facts,
                      &record->assessment, &past->error))
        return false;
    record->assessed = true;
    record->model = past->model.risk.header->checksum;
    record->answer = record->assessment.verdict;
    if (record->answer == VERDICT_DENY && past->denials++ % 3 != 0)
        record->answer = VERDICT_LOG; /* as when only observing */
    return true;
}

/* A later stage of the login that was judged. */
static bool reach(struct past *past, const struct login_record *attempt, enum login_stage stage,
                  int64_t time_us)
{
    struct login_record record;

    login_record_init(&record);
    record.event = attempt->event;
    record.event.stage = stage;
    record.event.time_us = time_us + past->shift_us;
    record.event.learn = stage >= STAGE_OPENED && attempt->assessment.verdict == VERDICT_ALLOW;
    return store_fold(past->store, &record, &past->error);
}

static bool label(struct past *past, const struct login_record *attempt,
                  const struct stored_login *login)
{
    struct login_label label = {.id = attempt->event.id,
                                .value = (enum login_label_value)login->label,
                                .time_us = attempt->event.time_us + US_PER_S,
                                .by = "anna"};
    bool found;

    if (login->label == LABEL_NONE || attempt->assessment.verdict == VERDICT_ALLOW ||
        attempt->event.time_us > clock_utc_us() - UNLABELLED_US)
        return true;
    memcpy(label.family, login->family, sizeof label.family);
    return store_fold_label(past->store, &label, &found, &past->error);
}

static bool live_through(struct past *past, const struct stored_login *login)
{
    struct login_record attempt;

    login_record_init(&attempt);
    attempt.event = login->record.event;
    attempt.event.time_us += past->shift_us;
    attempt.event.id = login_id_make(attempt.event.time_us, (uint64_t)past->count + 1);
    attempt.event.stage = STAGE_ATTEMPT;
    attempt.event.learn = false;
    attempt.event.bytes_in = attempt.event.bytes_out = attempt.event.duration_s = -1;
    if (!judge(past, &attempt) || !store_fold(past->store, &attempt, &past->error))
        return false;
    if (login->reached < STAGE_ACCEPTED || attempt.answer == VERDICT_DENY)
        return true;
    if (!reach(past, &attempt, STAGE_ACCEPTED, login->accepted_us) ||
        (login->reached >= STAGE_OPENED && !reach(past, &attempt, STAGE_OPENED, login->opened_us)))
        return false;
    attempt.event.bytes_in = login->record.event.bytes_in;
    attempt.event.bytes_out = login->record.event.bytes_out;
    attempt.event.duration_s = login->record.event.duration_s;
    return (login->reached < STAGE_CLOSED ||
            reach(past, &attempt, STAGE_CLOSED, login->closed_us)) &&
           label(past, &attempt, login);
}

static bool visit(void *context, const struct stored_login *login)
{
    struct past *past = context;

    if (past->count % BATCH == 0 &&
        ((past->count > 0 && !store_commit(past->store, &past->error)) ||
         !store_begin(past->store, &past->error)))
        return false;
    bool done = live_through(past, login);
    past->count++;
    return done;
}

static bool open_all(struct past *past, const char *from, const char *to, struct store **source)
{
    struct store_counts counts;

    config_init(&past->config);
    if (!config_set(&past->config, "model", "builtin", &past->error) ||
        !model_file_open(&past->model, &past->config, &past->error) ||
        !store_open(source, from, STORE_READ, &past->error) ||
        !store_open(&past->store, to, STORE_WRITE, &past->error) ||
        !store_counts(*source, clock_utc_us(), &counts, &past->error))
        return false;
    past->shift_us = clock_utc_us() - LAST_AGO_US - counts.newest_us;
    return true;
}

int main(int argc, char **argv)
{
    static struct past past = {.error = ERROR_NONE};
    const struct login_filter all = {.user = NULL};
    struct store *source;
    int64_t wal_bytes;

    if (argc != 3) {
        fputs("usage: judged_past FROM TO\n", stderr);
        return 2;
    }
    if (!open_all(&past, argv[1], argv[2], &source) ||
        !store_logins(source, &all, visit, &past, &past.error) || past.error.text[0] != '\0' ||
        !store_commit(past.store, &past.error) ||
        !store_checkpoint(past.store, true, &wal_bytes, &past.error)) {
        fprintf(stderr, "judged_past: %s\n", past.error.text);
        return 1;
    }
    store_close(past.store);
    store_close(source);
    model_file_close(&past.model);
    printf("%lld logins\n", (long long)past.count);
    return 0;
}
