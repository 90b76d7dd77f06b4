/* Sources: a list of addresses, and what one of them tried. */
#include <string.h>

#include "common/clock.h"
#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_cursor.h"
#include "dashboard/list_logins.h"
#include "dashboard/subject.h"
#include "dashboard/usual.h"
#include "store/login_json.h"

#define MONTH_US (30 * S_PER_DAY * US_PER_S)

#define MINUTE_S 60.0
#define HOUR_S   3600.0
#define DAY_S    86400.0

struct sources {
    struct list_rollups rollups;
    bool busiest;
    enum rollup_order order; /* of the busiest */
    int64_t since_us;
};

static bool begin_sources(struct worker *worker, const struct request *request, void *state,
                          struct reply *reply)
{
    const char *order = request_query(request, "order");
    struct sources *sources = state;

    (void)worker;
    sources->busiest = order != NULL && strcmp(order, "recent") != 0;
    sources->order = sources->busiest && strcmp(order, "attempts") == 0 ? ROLLUP_BY_ATTEMPTS
                                                                        : ROLLUP_BY_FAILURES;
    return list_rollup_cursor(request, &sources->rollups.cursor, reply) &&
           request_query_time(request, "since", request->now_us - MONTH_US, &sources->since_us,
                              reply);
}

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

/* Where its latest login came from. */
static bool place_of(struct store *store, int64_t key, struct place *place, struct error *error)
{
    struct stored_login login;
    bool found;

    if (!store_login_by_key(store, key, &login, &found, error))
        return false;
    *place = found ? login.record.event.place : PLACE_NONE;
    return true;
}

static bool give_source(void *context, const struct rollup_row *row)
{
    struct sources *sources = context;
    struct list_page *page = sources->rollups.page;
    const struct ip_address *ip = &row->subject.address;
    struct source_entry entry = {.ip = ip,
                                 .attempts = row->counts.attempts,
                                 .failures = row->counts.failures,
                                 .first_us = row->counts.first_us,
                                 .last_us = row->counts.last_us};
    struct source source;
    struct rollup own;
    bool known, seen;

    page->failed =
        !place_of(page->store, row->counts.last_key, &entry.place, page->error) ||
        !store_source_load(page->store, ip, address_bits(ip), &source, &known, page->error) ||
        !store_seen_find(page->store, &row->subject, &own, &seen, page->error);
    if (page->failed)
        return false;
    entry.names = known ? count_names(&source) : 0;
    if (seen)
        entry.first_us = own.first_us;
    return list_give(page, &(struct list_item){.source = &entry});
}

static bool read_sources(void *state, struct list_page *page)
{
    struct sources *sources = state;
    struct rollup_listing listing = {.kind = ROLLUP_ADDRESS, .since_us = sources->since_us};
    struct rollup_range range = {
        .kind = ROLLUP_ADDRESS, .since_us = sources->since_us, .order = sources->order};

    return list_read_rollups(&sources->rollups, page, sources->busiest ? &range : NULL, &listing,
                             give_source);
}

static bool write_source(struct list_page *page, const struct list_item *item)
{
    const struct source_entry *source = item->source;
    struct json_writer *json = page->json;
    char address[IP_TEXT_BYTES];

    json_object_begin(json, NULL);
    json_text(json, "ip", ip_format(source->ip, address));
    login_json_place(json, &source->place);
    json_integer(json, "attempts", source->attempts);
    json_integer(json, "failures", source->failures);
    json_integer(json, "names", source->names);
    json_time(json, "first", source->first_us);
    json_time(json, "last", source->last_us);
    json_object_end(json);
    return true;
}

bool answer_sources(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    static const struct list SOURCES = {.name = "sources",
                                        .columns = 1u << COLUMNS_SOURCE,
                                        .state_bytes = sizeof(struct sources),
                                        .rows_most = EXPORT_ROWS_MOST,
                                        .begin = begin_sources,
                                        .read = read_sources,
                                        .write = write_source,
                                        .write_next = list_write_next_rollup};

    return list_answer(worker, request, &SOURCES, reply, error);
}

/* ---- one source ----------------------------------------------------------------------------- */

struct past {
    struct source source;
    struct place place;
    struct usual names;
};

static bool look_at_login(void *context, const struct stored_login *login)
{
    usual_add(context, login->record.event.user, login);
    return true;
}

static bool read_source(struct subject *subject, void *room)
{
    struct past *past = room;
    const struct ip_address *ip = &subject->of.address;
    struct login_filter filter = {.source = ip, .newest_first = true, .limit = SUBJECT_LOGINS};

    if (!store_source_load(subject->store, ip, address_bits(ip), &past->source, &subject->known,
                           subject->error) ||
        !store_logins(subject->store, &filter, look_at_login, &past->names, subject->error))
        return false;
    subject->first_s = past->source.first_s;
    subject->last_s = past->source.last_s;
    return place_of(subject->store, subject->counts.last_key, &past->place, subject->error);
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

static void write_one(const struct subject *subject, void *room)
{
    struct json_writer *json = subject->json;
    char address[IP_TEXT_BYTES];
    struct past *past = room;

    json_text(json, "ip", ip_format(&subject->of.address, address));
    login_json_place(json, &past->place);
    write_attempts(json, &past->source, subject->now_us);
    write_names(json, &past->names);
    json_object_begin(json, "verdicts");
    list_write_verdicts(json, &subject->counts);
    json_object_end(json);
    json_integer(json, "failures", subject->counts.failures);
    json_integer(json, "successes", subject->counts.successes);
}

bool answer_source(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    static const struct subject_kind SOURCE = {"source", sizeof(struct past), read_source,
                                               write_one};
    struct rollup_subject subject = {.kind = ROLLUP_ADDRESS};

    if (!ip_parse(request->parameter, &subject.address))
        return reply_not_found(reply, "source", request->parameter);
    return subject_answer(worker, request, &SOURCE, &subject, reply, error);
}
