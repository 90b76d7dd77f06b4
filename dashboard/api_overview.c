/* What happened: totals against the day and the week before, over time, where, and who most. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/handlers.h"
#include "dashboard/list_logins.h"
#include "dashboard/worker.h"
#include "store/login_json.h"

#define HOUR_S       3600
#define RANGE_MOST_S (400 * S_PER_DAY)
#define BUCKETS_MOST 200
#define BUSIEST      10
#define PLACES_MOST  300

static bool add_up(void *context, int64_t time_us, const struct rollup *counts)
{
    (void)time_us;
    rollup_add(context, counts);
    return true;
}

static bool write_totals(struct store *store, struct json_writer *json, const char *name,
                         int64_t since_us, int64_t until_us, struct error *error)
{
    struct rollup sum = {.attempts = 0};

    if (until_us > 0 && !store_totals(store, since_us, until_us, add_up, &sum, error))
        return false;
    json_object_begin(json, name);
    json_integer(json, "attempts", sum.attempts);
    json_integer(json, "successes", sum.successes);
    json_integer(json, "failures", sum.failures);
    json_integer(json, "logged", sum.logged);
    json_integer(json, "step_ups", sum.step_ups);
    json_integer(json, "denials", sum.denials);
    json_integer(json, "would_step_up", sum.would_step_up);
    json_integer(json, "would_deny", sum.would_deny);
    json_integer(json, "faults", sum.faults);
    json_object_end(json);
    return true;
}

/* ---- over time ------------------------------------------------------------------------------ */

struct series {
    int64_t begin_s, bucket_s;
    size_t count;
    struct rollup bucket[BUCKETS_MOST + 2];
};

static int64_t bucket_of_range(int64_t range_s)
{
    static const int64_t BUCKETS_S[] = {ROLLUP_SLOT_S, 3 * ROLLUP_SLOT_S, HOUR_S,
                                        3 * HOUR_S,    6 * HOUR_S,        S_PER_DAY};

    for (size_t i = 0; i < sizeof(BUCKETS_S) / sizeof(BUCKETS_S[0]); i++) {
        if (range_s / BUCKETS_S[i] <= BUCKETS_MOST)
            return BUCKETS_S[i];
    }
    return 7 * S_PER_DAY;
}

static bool add_to_bucket(void *context, int64_t time_us, const struct rollup *counts)
{
    struct series *series = context;
    size_t at = (size_t)((time_us / US_PER_S - series->begin_s) / series->bucket_s);

    if (at < series->count)
        rollup_add(&series->bucket[at], counts);
    return true;
}

#define SERIES_ARRAY(json, series, name, value)                                                    \
    do {                                                                                           \
        json_array_begin(json, name);                                                              \
        for (size_t i = 0; i < (series)->count; i++)                                               \
            json_integer(json, NULL, value);                                                       \
        json_array_end(json);                                                                      \
    } while (0)

static bool write_series(struct store *store, struct json_writer *json, int64_t since_us,
                         int64_t until_us, struct error *error)
{
    static _Thread_local struct series series;
    int64_t until_s = (until_us + US_PER_S - 1) / US_PER_S;

    memset(&series, 0, sizeof(series));
    series.bucket_s = bucket_of_range((until_us - since_us) / US_PER_S);
    series.begin_s = since_us / US_PER_S / series.bucket_s * series.bucket_s;
    series.count = (size_t)((until_s - series.begin_s + series.bucket_s - 1) / series.bucket_s);
    if (!store_totals(store, series.begin_s * US_PER_S, until_us, add_to_bucket, &series, error))
        return false;
    json_object_begin(json, "series");
    json_integer(json, "bucket_s", series.bucket_s);
    SERIES_ARRAY(json, &series, "times", series.begin_s + (int64_t)i * series.bucket_s);
    SERIES_ARRAY(json, &series, "attempts", series.bucket[i].attempts);
    SERIES_ARRAY(json, &series, "successes", series.bucket[i].successes);
    SERIES_ARRAY(json, &series, "failures", series.bucket[i].failures);
    SERIES_ARRAY(json, &series, "logged", series.bucket[i].logged);
    SERIES_ARRAY(json, &series, "step_ups", series.bucket[i].step_ups);
    SERIES_ARRAY(json, &series, "denials", series.bucket[i].denials);
    SERIES_ARRAY(json, &series, "would_step_up", series.bucket[i].would_step_up);
    SERIES_ARRAY(json, &series, "would_deny", series.bucket[i].would_deny);
    json_object_end(json);
    return true;
}

/* ---- the busiest ---------------------------------------------------------------------------- */

/* Where the address was at its last login. */
static void write_address(struct list_writer *writer, const struct rollup_row *row)
{
    char address[IP_TEXT_BYTES];
    struct stored_login login;
    bool found;

    json_text(writer->json, "ip", ip_format(&row->subject.address, address));
    if (!store_login_by_key(writer->store, row->counts.last_key, &login, &found, writer->error))
        writer->failed = true;
    else if (found)
        login_json_place(writer->json, &login.record.event.place);
}

static bool write_row(void *context, const struct rollup_row *row)
{
    struct list_writer *writer = context;
    struct json_writer *json = writer->json;

    json_object_begin(json, NULL);
    if (row->subject.kind == ROLLUP_USER)
        json_text(json, "user", row->subject.user);
    else if (row->subject.kind == ROLLUP_ADDRESS)
        write_address(writer, row);
    else
        login_json_place(json, &row->subject.place);
    json_integer(json, "attempts", row->counts.attempts);
    json_integer(json, "failures", row->counts.failures);
    json_time(json, "last", row->counts.last_us);
    if (row->subject.kind == ROLLUP_PLACE)
        list_write_verdicts(json, &row->counts);
    json_object_end(json);
    return !writer->failed;
}

static bool write_busiest(struct list_writer *writer, const char *name,
                          const struct rollup_range *range, size_t limit)
{
    struct rollup_cursor cursor = {.size = 0};
    bool more;

    json_array_begin(writer->json, name);
    if (!store_busiest(writer->store, range, limit, &cursor, &more, write_row, writer,
                       writer->error) ||
        writer->failed)
        return false;
    json_array_end(writer->json);
    return true;
}

static bool write_all_busiest(struct list_writer *writer, int64_t since_us, int64_t until_us)
{
    static const struct {
        const char *name;
        enum rollup_subject_kind kind;
        enum rollup_order order;
        size_t limit;
    } LISTS[] = {{"map", ROLLUP_PLACE, ROLLUP_BY_ATTEMPTS, PLACES_MOST},
                 {"names", ROLLUP_USER, ROLLUP_BY_FAILURES, BUSIEST},
                 {"addresses", ROLLUP_ADDRESS, ROLLUP_BY_ATTEMPTS, BUSIEST},
                 {"networks", ROLLUP_NETWORK, ROLLUP_BY_ATTEMPTS, BUSIEST}};

    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++) {
        struct rollup_range range = {.kind = LISTS[i].kind,
                                     .since_us = since_us,
                                     .until_us = until_us,
                                     .order = LISTS[i].order};

        if (!write_busiest(writer, LISTS[i].name, &range, LISTS[i].limit))
            return false;
    }
    return true;
}

static bool write_risky(void *context, const struct stored_login *login, bool later)
{
    struct list_writer *writer = context;

    (void)later;
    list_write_login(writer, NULL, login, false);
    return !writer->failed;
}

static bool write_riskiest(struct list_writer *writer, int64_t since_us, int64_t until_us)
{
    struct login_cursor cursor = {.set = false};
    struct login_page_filter filter;
    bool more;

    login_page_filter_init(&filter);
    filter.order = ORDER_RISK;
    filter.since_us = since_us;
    filter.until_us = until_us;
    json_array_begin(writer->json, "riskiest");
    if (!store_login_page(writer->store, &filter, BUSIEST, &cursor, &more, write_risky, writer,
                          writer->error) ||
        writer->failed)
        return false;
    json_array_end(writer->json);
    return true;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static bool write_overview(struct list_writer *writer, int64_t since_us, int64_t until_us)
{
    struct json_writer *json = writer->json;
    int64_t day_us = S_PER_DAY * US_PER_S;

    json_object_begin(json, NULL);
    json_object_begin(json, "range");
    json_time(json, "since", since_us);
    json_time(json, "until", until_us);
    json_object_end(json);
    if (!write_totals(writer->store, json, "now", since_us, until_us, writer->error) ||
        !write_totals(writer->store, json, "day_before", since_us - day_us, until_us - day_us,
                      writer->error) ||
        !write_totals(writer->store, json, "week_before", since_us - 7 * day_us,
                      until_us - 7 * day_us, writer->error) ||
        !write_series(writer->store, json, since_us, until_us, writer->error) ||
        !write_all_busiest(writer, since_us, until_us) ||
        !write_riskiest(writer, since_us, until_us))
        return false;
    json_object_end(json);
    return true;
}

bool answer_overview(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    struct list_writer writer = {.json = &reply->json, .error = error};
    int64_t since_us, until_us;
    bool done;

    if (!request_query_time(request, "until", request->now_us, &until_us, reply) ||
        !request_query_time(request, "since", until_us - S_PER_DAY * US_PER_S, &since_us, reply))
        return true;
    if (since_us >= until_us)
        return reply_refuse(reply, 400, "since is before until");
    if (until_us - since_us > RANGE_MOST_S * US_PER_S)
        return reply_refuse(reply, 400, "the overview is of 400 days at most");
    writer.store = worker_store(worker, error);
    if (writer.store == NULL || !store_begin(writer.store, error))
        return false;
    since_us -= since_us % (ROLLUP_SLOT_S * US_PER_S);
    done = write_overview(&writer, since_us, until_us);
    store_rollback(writer.store);
    return done;
}
