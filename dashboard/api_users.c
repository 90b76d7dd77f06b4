/* Users: a list of them, and the habits of one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/exceptions.h"
#include "dashboard/handlers.h"
#include "dashboard/list.h"
#include "dashboard/usual.h"
#include "dashboard/worker.h"
#include "store/login_json.h"

#define MONTH_US      (30 * S_PER_DAY * US_PER_S)
#define LOGINS_LOOKED 1000 /* the newest of a user, whence the page's habits are */
#define TIMELINE_MOST 500
#define WEEK_HOURS    (7 * 24)

/* ---- the list ------------------------------------------------------------------------------- */

struct users {
    struct store *store;
    struct json_writer *json;
    int64_t since_us; /* of the month */
    struct error *error;
    bool failed;
};

/*
 * The last 30 days. On days with more names than are kept the user's may be missing: one whose
 * first login lies within the month has them all in the row of his own.
 */
static bool month_of(struct users *users, const struct rollup_row *row, struct rollup *month)
{
    bool whole;

    if (!store_subject_totals(users->store, &row->subject, users->since_us, month, &whole,
                              users->error))
        return false;
    if (!whole && row->counts.first_us >= users->since_us)
        *month = row->counts;
    return true;
}

static bool write_user(void *context, const struct rollup_row *row)
{
    struct users *users = context;
    struct json_writer *json = users->json;
    struct rollup own, month;
    struct profile profile;
    bool known, found;

    users->failed =
        !store_seen_find(users->store, &row->subject, &own, &found, users->error) ||
        !month_of(users, &(struct rollup_row){row->subject, found ? own : row->counts}, &month) ||
        !store_profile_load(users->store, row->subject.user, &profile, &known, users->error);
    if (users->failed)
        return false;
    json_object_begin(json, NULL);
    json_text(json, "user", row->subject.user);
    json_integer(json, "learned_logins", known ? profile.logins : 0);
    json_time(json, "first", found ? own.first_us : row->counts.first_us);
    json_time(json, "last", found ? own.last_us : row->counts.last_us);
    json_integer(json, "attempts_30d", month.attempts);
    json_integer(json, "failures_30d", month.failures);
    json_number(json, "worst_risk_30d", month.worst_risk);
    json_object_end(json);
    return true;
}

static bool list_users(struct users *users, const struct request *request, size_t limit,
                       struct rollup_cursor *cursor, bool *more)
{
    const char *order = request_query(request, "order");
    const char *search = request_query(request, "search");
    struct rollup_listing listing = {.kind = ROLLUP_USER,
                                     .by_name = order != NULL && strcmp(order, "name") == 0,
                                     .prefix = search};
    struct rollup_range range = {.kind = ROLLUP_USER,
                                 .since_us = users->since_us,
                                 .order = ROLLUP_BY_ATTEMPTS,
                                 .prefix = search};

    if (order != NULL && strcmp(order, "attempts") == 0)
        return store_busiest(users->store, &range, limit, cursor, more, write_user, users,
                             users->error);
    return store_seen(users->store, &listing, limit, cursor, more, write_user, users, users->error);
}

bool answer_users(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    struct users users = {
        .json = &reply->json, .since_us = request->now_us - MONTH_US, .error = error};
    struct rollup_cursor cursor;
    int64_t limit;
    bool more, done;

    if (!list_limit(request, &limit, reply) || !list_rollup_cursor(request, &cursor, reply))
        return true;
    users.store = worker_store(worker, error);
    if (users.store == NULL || !store_begin(users.store, error))
        return false;
    json_object_begin(&reply->json, NULL);
    json_array_begin(&reply->json, "items");
    done = list_users(&users, request, (size_t)limit, &cursor, &more) && !users.failed;
    store_rollback(users.store);
    if (!done)
        return false;
    json_array_end(&reply->json);
    list_next_rollup(&reply->json, &cursor, more);
    json_object_end(&reply->json);
    return true;
}

/* ---- one user ------------------------------------------------------------------------------- */

struct habits {
    struct store *store;
    uint32_t hours[WEEK_HOURS]; /* local, Monday's first hour first */
    struct usual places, addresses, devices, keys, methods, hosts;
    struct stored_login timeline[TIMELINE_MOST];
    size_t timeline_count;
};

static void add_habits(struct habits *habits, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    int64_t local_s = login_local_s(event);
    char place[USUAL_BYTES];

    habits->hours[local_weekday(local_s) * 24 + local_hour(local_s)]++;
    snprintf(place, sizeof(place), "%s %s %u", event->place.country, event->place.city,
             event->place.asn);
    usual_add(&habits->places, place, login);
    usual_add(&habits->devices, event->device, login);
    usual_add(&habits->keys, event->key, login);
    usual_add(&habits->methods, login_method_name(event->method), login);
    usual_add(&habits->hosts, event->host, login);
}

static bool look_at_login(void *context, const struct stored_login *login)
{
    struct habits *habits = context;
    char address[IP_TEXT_BYTES];

    if (habits->timeline_count < TIMELINE_MOST)
        habits->timeline[habits->timeline_count++] = *login;
    usual_add(&habits->addresses, ip_format(&login->record.event.source, address), login);
    if (login_learned_us(login, STAGE_OPENED) > 0)
        add_habits(habits, login);
    return true;
}

static void write_values(struct json_writer *json, const char *name, const char *member,
                         struct usual *usual, bool placed)
{
    usual_sort(usual);
    json_array_begin(json, name);
    for (size_t i = 0; i < usual->count; i++) {
        const struct usual_value *value = &usual->value[i];

        json_object_begin(json, NULL);
        if (member != NULL)
            json_text(json, member, value->text);
        if (placed)
            login_json_place(json, &value->place);
        json_integer(json, "logins", value->logins);
        json_time(json, "last", value->last_us);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_timeline(struct json_writer *json, const struct habits *habits)
{
    json_array_begin(json, "timeline");
    for (size_t i = 0; i < habits->timeline_count; i++) {
        const struct stored_login *login = &habits->timeline[i];
        const struct login_record *record = &login->record;
        char id[LOGIN_ID_TEXT_BYTES];

        json_object_begin(json, NULL);
        json_text(json, "id", login_id_format(&record->event.id, id));
        json_time(json, "time", record->event.time_us);
        if (record->assessed) {
            json_number(json, "risk", record->assessment.risk);
            json_text(json, "verdict", verdict_name(record->assessment.verdict));
        }
        json_text(json, "reached", login_stage_name(login->reached));
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_habits(struct json_writer *json, struct habits *habits)
{
    json_array_begin(json, "hours");
    for (size_t i = 0; i < WEEK_HOURS; i++)
        json_integer(json, NULL, habits->hours[i]);
    json_array_end(json);
    write_values(json, "places", NULL, &habits->places, true);
    write_values(json, "addresses", "ip", &habits->addresses, true);
    write_values(json, "devices", "device", &habits->devices, false);
    write_values(json, "keys", "key", &habits->keys, false);
    write_values(json, "methods", "method", &habits->methods, false);
    write_values(json, "hosts", "host", &habits->hosts, false);
    write_timeline(json, habits);
}

static void write_totals(struct json_writer *json, const struct rollup *counts)
{
    json_object_begin(json, "totals");
#define ROLLUP_COUNTER(name) json_integer(json, #name, counts->name);
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    json_object_end(json);
}

static bool read_user(struct store *store, const char *user, struct habits *habits,
                      struct rollup *counts, bool *seen, struct profile *profile, bool *known,
                      struct error *error)
{
    struct rollup_subject subject = {.kind = ROLLUP_USER};
    struct login_filter filter = {.user = user, .newest_first = true, .limit = LOGINS_LOOKED};

    snprintf(subject.user, sizeof(subject.user), "%s", user);
    return store_seen_find(store, &subject, counts, seen, error) &&
           store_profile_load(store, user, profile, known, error) &&
           store_logins(store, &filter, look_at_login, habits, error);
}

static bool write_one_user(struct worker *worker, struct store *store,
                           const struct request *request, struct habits *habits,
                           struct reply *reply, struct error *error)
{
    struct json_writer *json = &reply->json;
    const char *user = request->parameter;
    int64_t now_us = request->now_us;
    struct error damage = ERROR_NONE;
    struct rollup counts = {.attempts = 0};
    struct profile profile;
    bool seen, known;

    if (!read_user(store, user, habits, &counts, &seen, &profile, &known, error))
        return false;
    if (!seen && !known)
        return reply_not_found(reply, "user", user);
    json_object_begin(json, NULL);
    json_text(json, "user", user);
    json_bool(json, "known", known && profile.logins > 0);
    json_integer(json, "learned_logins", known ? profile.logins : 0);
    json_time(json, "first", seen ? counts.first_us : profile.first_s * US_PER_S);
    json_time(json, "last", seen ? counts.last_us : profile.last_s * US_PER_S);
    write_totals(json, &counts);
    if (!exceptions_write(store, worker->config, json, "exempt", user, NULL, now_us, &damage,
                          error))
        return false;
    write_habits(json, habits);
    json_object_end(json);
    return true;
}

bool answer_user(struct worker *worker, const struct request *request, struct reply *reply,
                 struct error *error)
{
    struct store *store = worker_store(worker, error);
    struct habits *habits;
    bool done;

    if (store == NULL)
        return false;
    habits = calloc(1, sizeof(*habits));
    if (habits == NULL)
        return error_set(error, FAULT_STORE, "no memory for a user's habits");
    if (!store_begin(store, error)) {
        free(habits);
        return false;
    }
    done = write_one_user(worker, store, request, habits, reply, error);
    store_rollback(store);
    free(habits);
    return done;
}
