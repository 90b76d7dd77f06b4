/* Sources: a list of addresses, and what one of them tried. */
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
#define LOGINS_LOOKED 1000 /* the newest of an address, whence its names are */

#define MINUTE_S 60.0
#define HOUR_S   3600.0
#define DAY_S    86400.0

struct sources {
    struct store *store;
    struct json_writer *json;
    struct error *error;
    bool failed;
};

static unsigned address_bits(const struct ip_address *address)
{
    return address->family == 4 ? 32 : 128;
}

/* Names that the address tried, as far as they are remembered: at most SOURCE_NAMES. */
static unsigned count_names(const struct source *source)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SOURCE_NAMES; i++)
        count += source->names[i].last_s != 0;
    return count;
}

static bool write_source(void *context, const struct rollup_row *row)
{
    struct sources *sources = context;
    struct json_writer *json = sources->json;
    const struct ip_address *ip = &row->subject.address;
    char address[IP_TEXT_BYTES];
    struct stored_login login;
    struct source source;
    struct rollup own;
    bool placed, known, seen;

    sources->failed =
        !store_login_by_key(sources->store, row->counts.last_key, &login, &placed,
                            sources->error) ||
        !store_source_load(sources->store, ip, address_bits(ip), &source, &known, sources->error) ||
        !store_seen_find(sources->store, &row->subject, &own, &seen, sources->error);
    if (sources->failed)
        return false;
    json_object_begin(json, NULL);
    json_text(json, "ip", ip_format(ip, address));
    if (placed)
        login_json_place(json, &login.record.event.place);
    json_integer(json, "attempts", row->counts.attempts);
    json_integer(json, "failures", row->counts.failures);
    json_integer(json, "names", known ? count_names(&source) : 0);
    json_time(json, "first", seen ? own.first_us : row->counts.first_us);
    json_time(json, "last", row->counts.last_us);
    json_object_end(json);
    return true;
}

static bool list_sources(struct sources *sources, const char *order, int64_t since_us, size_t limit,
                         struct rollup_cursor *cursor, bool *more)
{
    struct rollup_listing listing = {.kind = ROLLUP_ADDRESS, .since_us = since_us};
    struct rollup_range range = {.kind = ROLLUP_ADDRESS, .since_us = since_us};

    if (order == NULL || strcmp(order, "recent") == 0)
        return store_seen(sources->store, &listing, limit, cursor, more, write_source, sources,
                          sources->error);
    range.order = strcmp(order, "attempts") == 0 ? ROLLUP_BY_ATTEMPTS : ROLLUP_BY_FAILURES;
    return store_busiest(sources->store, &range, limit, cursor, more, write_source, sources,
                         sources->error);
}

bool answer_sources(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    struct sources sources = {.json = &reply->json, .error = error};
    struct rollup_cursor cursor;
    int64_t limit, since_us;
    bool more, done;

    if (!list_limit(request, &limit, reply) || !list_rollup_cursor(request, &cursor, reply) ||
        !request_query_time(request, "since", request->now_us - MONTH_US, &since_us, reply))
        return true;
    sources.store = worker_store(worker, error);
    if (sources.store == NULL || !store_begin(sources.store, error))
        return false;
    json_object_begin(&reply->json, NULL);
    json_array_begin(&reply->json, "items");
    done = list_sources(&sources, request_query(request, "order"), since_us, (size_t)limit, &cursor,
                        &more) &&
           !sources.failed;
    store_rollback(sources.store);
    if (!done)
        return false;
    json_array_end(&reply->json);
    list_next_rollup(&reply->json, &cursor, more);
    json_object_end(&reply->json);
    return true;
}

/* ---- one source ----------------------------------------------------------------------------- */

static bool look_at_login(void *context, const struct stored_login *login)
{
    usual_add(context, login->record.event.user, login);
    return true;
}

static void write_attempts(struct json_writer *json, const struct source *source, int64_t now_us)
{
    json_object_begin(json, "attempts");
    json_number(json, "minute", fading_count_at(&source->attempts_1m, now_us, MINUTE_S));
    json_number(json, "ten_minutes", fading_count_at(&source->attempts_10m, now_us, 10 * MINUTE_S));
    json_number(json, "hour", fading_count_at(&source->attempts_1h, now_us, HOUR_S));
    json_number(json, "day", fading_count_at(&source->attempts_1d, now_us, DAY_S));
    json_object_end(json);
}

static void write_names(struct json_writer *json, struct usual *names)
{
    usual_sort(names);
    json_array_begin(json, "names");
    for (size_t i = 0; i < names->count; i++) {
        const struct usual_value *value = &names->value[i];

        json_object_begin(json, NULL);
        json_text(json, "user", value->text);
        json_integer(json, "attempts", value->logins);
        json_integer(json, "failures", value->logins - value->successes);
        json_integer(json, "successes", value->successes);
        json_time(json, "last", value->last_us);
        json_object_end(json);
    }
    json_array_end(json);
}

static bool write_one_source(struct worker *worker, struct store *store,
                             const struct ip_address *ip, struct usual *names,
                             const struct request *request, struct reply *reply,
                             struct error *error)
{
    struct error damage = ERROR_NONE;
    struct rollup_subject subject = {.kind = ROLLUP_ADDRESS, .address = *ip};
    struct login_filter filter = {.source = ip, .newest_first = true, .limit = LOGINS_LOOKED};
    struct json_writer *json = &reply->json;
    char address[IP_TEXT_BYTES];
    struct stored_login login;
    struct rollup counts;
    struct source source;
    bool seen, known, placed;

    if (!store_seen_find(store, &subject, &counts, &seen, error) ||
        !store_source_load(store, ip, address_bits(ip), &source, &known, error) ||
        !store_logins(store, &filter, look_at_login, names, error) ||
        !store_login_by_key(store, counts.last_key, &login, &placed, error))
        return false;
    if (!seen && !known)
        return reply_not_found(reply, "source", request->parameter);
    json_object_begin(json, NULL);
    json_text(json, "ip", ip_format(ip, address));
    if (placed)
        login_json_place(json, &login.record.event.place);
    write_attempts(json, &source, request->now_us);
    write_names(json, names);
    json_object_begin(json, "verdicts");
    list_write_verdicts(json, &counts);
    json_object_end(json);
    if (!exceptions_write(store, worker->config, json, "exempt", NULL, ip, request->now_us, &damage,
                          error))
        return false;
    json_integer(json, "failures", counts.failures);
    json_integer(json, "successes", counts.successes);
    json_time(json, "first", seen ? counts.first_us : source.first_s * US_PER_S);
    json_time(json, "last", seen ? counts.last_us : source.last_s * US_PER_S);
    json_object_end(json);
    return true;
}

bool answer_source(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    struct ip_address ip;
    struct store *store;
    struct usual *names;
    bool done;

    if (!ip_parse(request->parameter, &ip))
        return reply_not_found(reply, "source", request->parameter);
    store = worker_store(worker, error);
    if (store == NULL)
        return false;
    names = calloc(1, sizeof(*names));
    if (names == NULL)
        return error_set(error, FAULT_STORE, "no memory for an address's names");
    if (!store_begin(store, error)) {
        free(names);
        return false;
    }
    done = write_one_source(worker, store, &ip, names, request, reply, error);
    store_rollback(store);
    free(names);
    return done;
}
