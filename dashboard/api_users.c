/* Users: a list of them, and the habits of one. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_cursor.h"
#include "dashboard/subject.h"
#include "dashboard/usual.h"
#include "store/login_json.h"

#define MONTH_US      (30 * S_PER_DAY * US_PER_S)
#define TIMELINE_MOST 500
#define WEEK_HOURS    (7 * 24)

/* ---- the list ------------------------------------------------------------------------------- */

struct users {
    struct list_rollups rollups;
    int64_t since_us; /* of the month */
    bool by_name, by_attempts;
    char search[REQUEST_PARAMETER_MAX];
};

static bool begin_users(struct worker *worker, const struct request *request, void *state,
                        struct reply *reply)
{
    const char *order = request_query(request, "order");
    const char *search = request_query(request, "search");
    struct users *users = state;

    (void)worker;
    users->since_us = request->now_us - MONTH_US;
    users->by_name = order != NULL && strcmp(order, "name") == 0;
    users->by_attempts = order != NULL && strcmp(order, "attempts") == 0;
    snprintf(users->search, sizeof(users->search), "%s", search != NULL ? search : "");
    return list_rollup_cursor(request, &users->rollups.cursor, reply);
}

/*
 * The last 30 days. On days with more names than are kept the user's may be missing: one whose
 * first login lies within the month has them all in the row of his own.
 */
static bool month_of(struct store *store, const struct rollup_row *row, int64_t since_us,
                     struct rollup *month, struct error *error)
{
    bool whole;

    if (!store_subject_totals(store, &row->subject, since_us, month, &whole, error))
        return false;
    if (!whole && row->counts.first_us >= since_us)
        *month = row->counts;
    return true;
}

static bool give_user(void *context, const struct rollup_row *row)
{
    struct users *users = context;
    struct list_page *page = users->rollups.page;
    struct user_entry user = {.name = row->subject.user};
    struct rollup_row own = *row;
    struct profile profile;
    struct rollup counts;
    bool known, found;

    page->failed =
        !store_seen_find(page->store, &row->subject, &counts, &found, page->error) ||
        !store_profile_load(page->store, row->subject.user, &profile, &known, page->error);
    if (!page->failed && found)
        own.counts = counts;
    page->failed =
        page->failed || !month_of(page->store, &own, users->since_us, &user.month, page->error);
    if (page->failed)
        return false;
    user.learned_logins = known ? profile.logins : 0;
    user.first_us = own.counts.first_us;
    user.last_us = own.counts.last_us;
    return list_give(page, &(struct list_item){.user = &user});
}

static bool read_users(void *state, struct list_page *page)
{
    struct users *users = state;
    struct rollup_listing listing = {
        .kind = ROLLUP_USER, .by_name = users->by_name, .prefix = users->search};
    struct rollup_range range = {.kind = ROLLUP_USER,
                                 .since_us = users->since_us,
                                 .order = ROLLUP_BY_ATTEMPTS,
                                 .prefix = users->search};

    return list_read_rollups(&users->rollups, page, users->by_attempts ? &range : NULL, &listing,
                             give_user);
}

static bool write_user(struct list_page *page, const struct list_item *item)
{
    const struct user_entry *user = item->user;
    struct json_writer *json = page->json;

    json_object_begin(json, NULL);
    json_text(json, "user", user->name);
    json_integer(json, "learned_logins", user->learned_logins);
    json_time(json, "first", user->first_us);
    json_time(json, "last", user->last_us);
    json_integer(json, "attempts_30d", user->month.attempts);
    json_integer(json, "failures_30d", user->month.failures);
    json_number(json, "worst_risk_30d", user->month.worst_risk);
    json_object_end(json);
    return true;
}

bool answer_users(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    static const struct list USERS = {.name = "users",
                                      .columns = 1u << COLUMNS_USER,
                                      .state_bytes = sizeof(struct users),
                                      .rows_most = EXPORT_ROWS_MOST,
                                      .begin = begin_users,
                                      .read = read_users,
                                      .write = write_user,
                                      .write_next = list_write_next_rollup};

    return list_answer(worker, request, &USERS, reply, error);
}

/* ---- one user ------------------------------------------------------------------------------- */

struct habits {
    struct profile profile;
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

static bool read_user(struct subject *subject, void *room)
{
    struct habits *habits = room;
    struct profile *profile = &habits->profile;
    struct login_filter filter = {
        .user = subject->of.user, .newest_first = true, .limit = SUBJECT_LOGINS};

    if (!store_profile_load(subject->store, subject->of.user, profile, &subject->known,
                            subject->error) ||
        !store_logins(subject->store, &filter, look_at_login, habits, subject->error))
        return false;
    subject->first_s = subject->known ? profile->first_s : 0;
    subject->last_s = subject->known ? profile->last_s : 0;
    return true;
}

static void write_one(const struct subject *subject, void *room)
{
    struct json_writer *json = subject->json;
    struct habits *habits = room;
    int64_t learned = subject->known ? habits->profile.logins : 0;

    json_text(json, "user", subject->of.user);
    json_bool(json, "known", learned > 0);
    json_integer(json, "learned_logins", learned);
    write_totals(json, &subject->counts);
    write_habits(json, habits);
}

bool answer_user(struct worker *worker, const struct request *request, struct reply *reply,
                 struct error *error)
{
    static const struct subject_kind USER = {"user", sizeof(struct habits), read_user, write_one};
    struct rollup_subject subject = {.kind = ROLLUP_USER};

    snprintf(subject.user, sizeof(subject.user), "%s", request->parameter);
    return subject_answer(worker, request, &USER, &subject, reply, error);
}
