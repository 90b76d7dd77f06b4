/*
 * replay_rate DIR: the logins of a store, read; replayed; made features of; scored by the built-in
 * model. Prints the logins a second of each on one core, what comes before it included, and a
 * digest of what came out, which no change of speed may change.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/hash.h"
#include "scorer/risk.h"
#include "store/store.h"
#include "trainer/replay.h"

#define DIGEST_STEP UINT64_C(0x9e3779b97f4a7c15)

enum depth { READ, REPLAY, FEATURES, SCORE, DEPTHS };

struct run {
    enum depth depth;
    struct replay *replay;
    struct risk_model model;
    int64_t logins;
    uint64_t digest; /* of all features, or of all risks */
    struct error error;
};

static bool on_attempt(void *context, struct replay *replay, const struct stored_login *login,
                       const struct login_event *seen, const struct history *history,
                       struct error *error)
{
    struct run *run = context;
    float features[FEATURE_COUNT];
    struct risk risk;

    (void)replay, (void)login;
    if (run->depth < FEATURES)
        return true;
    features_extract(seen, history, features);
    if (run->depth < SCORE) {
        run->digest = (run->digest + hash_bytes(features, sizeof features)) * DIGEST_STEP;
        return true;
    }
    if (!risk_assess(&run->model, features, &risk, error))
        return false;
    run->digest = (run->digest + hash_bytes(&risk, sizeof risk)) * DIGEST_STEP;
    return true;
}

static bool on_moment(void *context, struct replay *replay, const struct login_event *about,
                      int64_t time_us, struct error *error)
{
    (void)context, (void)replay, (void)about, (void)time_us, (void)error;
    return true;
}

static bool on_login(void *context, const struct stored_login *login)
{
    struct run *run = context;

    run->logins++;
    return run->depth == READ || replay_add(run->replay, login, &run->error);
}

static bool run_once(struct run *run, const char *directory)
{
    struct replay_hooks hooks = {on_attempt, on_moment, run};
    struct login_filter filter = {.user = NULL};
    struct store *store = NULL;
    bool done = store_open(&store, directory, STORE_READ, &run->error) &&
                replay_create(&run->replay, &hooks, &run->error) &&
                store_logins(store, &filter, on_login, run, &run->error) &&
                replay_finish(run->replay, &run->error);

    replay_destroy(run->replay);
    store_close(store);
    return done;
}

int main(int count, char **arguments)
{
    static const char *const NAMES[DEPTHS] = {"read", "replayed", "features", "scored"};

    if (count != 2) {
        fputs("usage: replay_rate DIR\n", stderr);
        return 2;
    }
    for (int depth = READ; depth < DEPTHS; depth++) {
        struct run run = {.depth = (enum depth)depth, .error = ERROR_NONE};
        int64_t begun_us = clock_monotonic_us();
        risk_model_open_default(&run.model);
        if (!run_once(&run, arguments[1])) {
            fprintf(stderr, "replay_rate: %s\n", run.error.text);
            return 1;
        }
        double seconds = (double)(clock_monotonic_us() - begun_us) / (double)US_PER_S;
        printf("%-9s %9.0f a second, %.3f us each, digest %016" PRIx64 "\n", NAMES[depth],
               (double)run.logins / seconds, seconds * 1e6 / (double)run.logins, run.digest);
    }
    return 0;
}
