/* Lists of logins, one login, and what waits for judgement. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list.h"
#include "dashboard/worker.h"
#include "store/decision.h"
#include "store/login_json.h"

#define LEAST_S         60 /* between two logins, for their speed */
#define DECISIONS_SHOWN 100

static bool write_item(void *context, const struct stored_login *login, bool later)
{
    struct list_writer *writer = context;

    (void)later;
    list_write_login(writer, NULL, login, false);
    return !writer->failed;
}

bool answer_logins(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    struct list_writer writer = {.json = &reply->json, .error = error};
    struct login_cursor cursor;
    struct list_filter filter;
    int64_t limit;
    bool more;

    if (!list_filter(request, &filter, reply) || !list_limit(request, &limit, reply) ||
        !list_login_cursor(request, &cursor, reply))
        return true;
    if (export_asked(request))
        return export_logins(worker, request, &filter, reply, error);
    writer.store = worker_store(worker, error);
    if (writer.store == NULL)
        return false;
    json_object_begin(&reply->json, NULL);
    json_array_begin(&reply->json, "items");
    if (!store_login_page(writer.store, &filter.page, (size_t)limit, &cursor, &more, write_item,
                          &writer, error) ||
        writer.failed)
        return false;
    json_array_end(&reply->json);
    list_next_login(&reply->json, &cursor, more);
    json_object_end(&reply->json);
    return true;
}

/* ---- one login, beside the one before -------------------------------------------------------- */

static void write_travel(struct json_writer *json, const struct stored_login *from,
                         const struct stored_login *to)
{
    const struct login_event *before = &from->record.event, *event = &to->record.event;
    double km = place_distance_km(&before->place, &event->place);
    double seconds = (double)(event->time_us - before->time_us) / (double)US_PER_S;

    if (isnan(km)) {
        json_null(json, "travel");
        return;
    }
    json_object_begin(json, "travel");
    json_number(json, "distance_km", round(km));
    json_number(json, "hours", round(seconds / 36) / 100);
    json_number(json, "speed_kmh", round(km / (fmax(seconds, LEAST_S) / 3600)));
    json_object_end(json);
}

/* The members "login", "previous" and "travel". */
static void write_pair(struct list_writer *writer, const struct stored_login *login, bool features)
{
    struct stored_login previous;
    bool found;

    list_write_login(writer, "login", login, features);
    if (!store_previous_login(writer->store, login, &previous, &found, writer->error)) {
        writer->failed = true;
        return;
    }
    if (!found) {
        json_null(writer->json, "previous");
        json_null(writer->json, "travel");
        return;
    }
    list_write_login(writer, "previous", &previous, false);
    write_travel(writer->json, &previous, login);
}

struct finding {
    struct stored_login login;
    bool found;
};

static bool take(void *context, const struct stored_login *login)
{
    struct finding *finding = context;

    finding->login = *login;
    finding->found = true;
    return false;
}

static bool write_decision(void *context, const struct decision *decision)
{
    json_object_begin(context, NULL);
    decision_json_members(context, decision);
    json_object_end(context);
    return true;
}

static bool write_history(struct list_writer *writer, const struct login_id *id)
{
    json_array_begin(writer->json, "history");
    if (!store_decisions(writer->store, id, INT64_MAX, DECISIONS_SHOWN, write_decision,
                         writer->json, writer->error))
        return false;
    json_array_end(writer->json);
    return true;
}

bool answer_login(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    struct list_writer writer = {.json = &reply->json, .error = error};
    struct finding finding = {.found = false};
    struct login_filter filter = {.limit = 1};
    struct login_id id;

    if (!login_id_parse(request->parameter, &id))
        return reply_not_found(reply, "login", request->parameter);
    writer.store = worker_store(worker, error);
    if (writer.store == NULL)
        return false;
    filter.id = &id;
    if (!store_logins(writer.store, &filter, take, &finding, error))
        return false;
    if (!finding.found)
        return reply_not_found(reply, "login", request->parameter);
    json_object_begin(&reply->json, NULL);
    write_pair(&writer, &finding.login, true);
    if (writer.failed || !write_history(&writer, &id))
        return false;
    json_object_end(&reply->json);
    return true;
}

/* ---- what waits ----------------------------------------------------------------------------- */

static bool write_waiting(void *context, const struct stored_login *login, bool later)
{
    struct list_writer *writer = context;

    json_object_begin(writer->json, NULL);
    write_pair(writer, login, false);
    json_bool(writer->json, "later", later);
    json_object_end(writer->json);
    return !writer->failed;
}

static bool add_queued(void *context, int64_t time_us, const struct rollup *counts)
{
    int64_t *total = context;

    (void)time_us;
    *total += counts->queued;
    return true;
}

bool answer_queue(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    struct list_writer writer = {.json = &reply->json, .error = error};
    int64_t limit, later, total = 0;
    struct login_cursor cursor;
    struct list_filter filter;
    bool more;

    if (!list_filter(request, &filter, reply) || !list_limit(request, &limit, reply) ||
        !list_login_cursor(request, &cursor, reply) ||
        !request_query_integer(request, "later", 0, 1, 0, &later, reply))
        return true;
    filter.page.order = ORDER_RISK;
    filter.page.triage = later == 1 ? TRIAGE_LATER : TRIAGE_WAITING;
    writer.store = worker_store(worker, error);
    if (writer.store == NULL)
        return false;
    json_object_begin(&reply->json, NULL);
    json_array_begin(&reply->json, "items");
    if (!store_login_page(writer.store, &filter.page, (size_t)limit, &cursor, &more, write_waiting,
                          &writer, error) ||
        writer.failed ||
        !store_totals(writer.store, filter.page.since_us, 0, add_queued, &total, error))
        return false;
    json_array_end(&reply->json);
    list_next_login(&reply->json, &cursor, more);
    json_integer(&reply->json, "total", total);
    json_object_end(&reply->json);
    return true;
}
