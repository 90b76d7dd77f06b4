#include "trainer/replay_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

const char *replayed_kind_name(enum replayed_kind kind)
{
    static const char *const NAMES[REPLAYED_KIND_COUNT] = {
#define REPLAYED(symbol, name, words) [REPLAYED_##symbol] = name,
        REPLAYED_KINDS
#undef REPLAYED
    };

    return NAMES[kind];
}

void replay_report_init(struct replay_report *report, const struct tried_policy *policies,
                        unsigned policy_count, size_t most_stopped, struct replay_slide *slide)
{
    *report = (struct replay_report){.policies = policies,
                                     .policy_count = policy_count,
                                     .stopped = {.most = most_stopped},
                                     .attacks = {.most = most_stopped},
                                     .slide = slide};
    key_table_init(&report->user_index, sizeof(size_t));
}

void replay_report_finish(struct replay_report *report)
{
    for (size_t i = 0; i < report->user_count; i++)
        free(report->users[i].name);
    free(report->users);
    free(report->stopped.logins);
    free(report->attacks.logins);
    key_table_finish(&report->user_index);
}

/* ---- gathering ---- */

static bool no_memory(struct error *error)
{
    return error_set_errno(error, FAULT_STORE, ENOMEM, "the report does not fit into memory");
}

static bool make_room(void **items, size_t count, size_t *capacity, size_t bytes,
                      struct error *error)
{
    if (count < *capacity)
        return true;
    size_t wider = *capacity == 0 ? 64 : 2 * *capacity;
    void *grown = reallocarray(*items, wider, bytes);
    if (grown == NULL)
        return no_memory(error);
    *items = grown;
    *capacity = wider;
    return true;
}

static struct replayed_user *find_user(struct replay_report *report, const char *name,
                                       struct error *error)
{
    bool added = false;
    size_t *index = key_table_add(&report->user_index, hash_text(name), &added, error);
    void *users = report->users;

    if (index == NULL)
        return NULL;
    if (!added)
        return &report->users[*index];
    if (!make_room(&users, report->user_count, &report->user_capacity, sizeof *report->users,
                   error))
        return NULL;
    report->users = users;
    *index = report->user_count;
    report->users[*index] = (struct replayed_user){.name = strdup(name), .risk = -1};
    if (report->users[*index].name == NULL) {
        no_memory(error);
        return NULL;
    }
    report->user_count++;
    return &report->users[*index];
}

static bool count_user(struct replay_report *report, const struct judged_login *login,
                       struct error *error)
{
    struct replayed_user *user = find_user(report, login->event.user, error);

    if (user == NULL)
        return false;
    user->logins++;
    user->verdicts[login->verdicts[0]]++;
    if (!login->facts.exempt && login->assessment.risk > user->risk)
        user->risk = login->assessment.risk;
    for (unsigned i = 0; i < report->policy_count; i++) {
        if (login->verdicts[i] >= VERDICT_STEP_UP)
            user->stopped_by |= 1U << i;
    }
    return true;
}

static bool keep_login(struct stopped_logins *stopped, const struct judged_login *login,
                       struct error *error)
{
    size_t at = stopped->most > 0 ? stopped->count % stopped->most : stopped->count;
    void *logins = stopped->logins;

    if (!make_room(&logins, at, &stopped->capacity, sizeof *stopped->logins, error))
        return false;
    stopped->logins = logins;
    stopped->logins[at] = *login;
    stopped->count++;
    return true;
}

static void count_verdicts(struct replay_report *report, const struct judged_login *login,
                           enum replayed_kind kind)
{
    for (unsigned i = 0; i < report->policy_count; i++)
        report->counts[i][kind][login->verdicts[i]]++;
}

bool replay_report_add(void *context, const struct judged_login *login, struct error *error)
{
    struct replay_report *report = context;
    bool succeeded = login->reached >= STAGE_ACCEPTED;
    enum replayed_kind kind = login->label == 1 ? REPLAYED_ATTACK
                              : succeeded       ? REPLAYED_LOGIN
                                                : REPLAYED_FAILURE;

    count_verdicts(report, login, kind);
    if (kind == REPLAYED_LOGIN && login->label == 0)
        count_verdicts(report, login, REPLAYED_LEGITIMATE);
    if (kind == REPLAYED_LOGIN && !count_user(report, login, error))
        return false;
    if (report->slide != NULL)
        replay_slide_add(report->slide, login, kind);
    return kind == REPLAYED_FAILURE || login->verdicts[0] < VERDICT_STEP_UP ||
           keep_login(kind == REPLAYED_ATTACK ? &report->attacks : &report->stopped, login, error);
}

static int compare_users(const void *a, const void *b)
{
    const struct replayed_user *one = a, *other = b;

    for (enum verdict verdict = VERDICT_DENY; verdict >= VERDICT_STEP_UP; verdict--) {
        if (one->verdicts[verdict] != other->verdicts[verdict])
            return one->verdicts[verdict] > other->verdicts[verdict] ? -1 : 1;
    }
    return strcmp(one->name, other->name);
}

size_t stopped_logins_kept(const struct stopped_logins *stopped)
{
    return stopped->most > 0 && stopped->count > stopped->most ? stopped->most : stopped->count;
}

int64_t replay_report_total(const struct replay_report *report, unsigned policy,
                            enum replayed_kind kind)
{
    int64_t sum = 0;

    for (enum verdict verdict = VERDICT_ALLOW; verdict < VERDICT_COUNT; verdict++)
        sum += report->counts[policy][kind][verdict];
    return sum;
}

int64_t replay_report_users_stopped(const struct replay_report *report, unsigned policy)
{
    int64_t count = 0;

    for (size_t i = 0; i < report->user_count; i++)
        count += report->users[i].stopped_by >> policy & 1;
    return count;
}

const struct judged_login *stopped_login(const struct stopped_logins *stopped, size_t back)
{
    size_t at = stopped->count - 1 - back;

    return &stopped->logins[stopped->most > 0 ? at % stopped->most : at];
}

static bool find_reasons(struct stopped_logins *stopped, const struct risk_model *model,
                         struct error *error)
{
    for (size_t i = 0; i < stopped_logins_kept(stopped); i++) {
        if (!assess_reasons(model, &stopped->logins[i].assessment, error))
            return false;
    }
    return true;
}

bool replay_report_complete(struct replay_report *report, const struct risk_model *model,
                            struct error *error)
{
    if (report->user_count > 0)
        qsort(report->users, report->user_count, sizeof *report->users, compare_users);
    for (size_t i = 0; report->slide != NULL && i < report->user_count; i++) {
        if (report->users[i].risk >= 0)
            replay_slide_add_user(report->slide, report->users[i].risk);
    }
    return (report->slide == NULL || replay_slide_complete(report->slide, error)) &&
           find_reasons(&report->stopped, model, error) &&
           find_reasons(&report->attacks, model, error);
}
