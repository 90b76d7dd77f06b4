/* Lists of logins, one login, and what waits for judgement. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_logins.h"
#include "store/decision.h"
#include "store/login_json.h"

#define LEAST_S         60 /* between two logins, for their speed */
#define DECISIONS_SHOWN 100

static bool write_login(struct list_page *page, const struct list_item *item)
{
    struct list_writer writer = {.store = page->store, .json = page->json, .error = page->error};

    list_write_login(&writer, NULL, item->login, false);
    return !writer.failed;
}

bool answer_logins(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    static const struct list LOGINS = {.name = "logins",
                                       .columns = 1u << COLUMNS_LOGIN,
                                       .state_bytes = sizeof(struct list_logins),
                                       .rows_most = EXPORT_ROWS_MOST,
                                       .begin = list_begin_logins,
                                       .read = list_read_logins,
                                       .write = write_login,
                                       .write_next = list_write_next_login};

    return list_answer(worker, request, &LOGINS, reply, error);
}

/* ---- one login, beside the one before -------------------------------------------------------- */

static bool read_before(struct store *store, const struct stored_login *login,
                        struct login_before *before, struct error *error)
{
    const struct login_event *event = &login->record.event, *past = &before->login.record.event;
    double seconds;

    if (!store_previous_login(store, login, &before->login, &before->found, error))
        return false;
    before->km = before->found ? place_distance_km(&past->place, &event->place) : NAN;
    before->located = !isnan(before->km);
    if (!before->located)
        return true;
    seconds = (double)(event->time_us - past->time_us) / (double)US_PER_S;
    before->hours = round(seconds / 36) / 100;
    before->kmh = round(before->km / (fmax(seconds, LEAST_S) / 3600));
    before->km = round(before->km);
    return true;
}

/* The members "login", "previous" and "travel". */
static void write_pair(struct list_writer *writer, const struct stored_login *login,
                       const struct login_before *before, bool features)
{
    list_write_login(writer, "login", login, features);
    if (before->found)
        list_write_login(writer, "previous", &before->login, false);
    else
        json_null(writer->json, "previous");
    if (!before->located) {
        json_null(writer->json, "travel");
        return;
    }
    json_object_begin(writer->json, "travel");
    json_number(writer->json, "distance_km", before->km);
    json_number(writer->json, "hours", before->hours);
    json_number(writer->json, "speed_kmh", before->kmh);
    json_object_end(writer->json);
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
    struct login_before before;
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
    if (!read_before(writer.store, &finding.login, &before, error))
        return false;
    json_object_begin(&reply->json, NULL);
    write_pair(&writer, &finding.login, &before, true);
    if (writer.failed || !write_history(&writer, &id))
        return false;
    json_object_end(&reply->json);
    return true;
}

/* ---- what waits ----------------------------------------------------------------------------- */

static bool begin_queue(struct worker *worker, const struct request *request, void *state,
                        struct reply *reply)
{
    struct login_page_filter *page = &((struct list_logins *)state)->filter.page;
    int64_t later;

    if (!list_begin_logins(worker, request, state, reply) ||
        !request_query_integer(request, "later", 0, 1, 0, &later, reply))
        return false;
    page->order = ORDER_RISK;
    page->triage = later == 1 ? TRIAGE_LATER : TRIAGE_WAITING;
    return true;
}

static bool give_waiting(void *context, const struct stored_login *login, bool later)
{
    struct list_page *page = context;
    struct login_before before;

    page->failed = !read_before(page->store, login, &before, page->error);
    return !page->failed &&
           list_give(page, &(struct list_item){.login = login, .before = &before, .later = later});
}

static bool read_queue(void *state, struct list_page *page)
{
    struct list_logins *logins = state;

    return store_login_page(page->store, &logins->filter.page, page->limit, &logins->cursor,
                            &page->more, give_waiting, page, page->error);
}

static bool write_waiting(struct list_page *page, const struct list_item *item)
{
    struct list_writer writer = {.store = page->store, .json = page->json, .error = page->error};

    json_object_begin(page->json, NULL);
    write_pair(&writer, item->login, item->before, false);
    json_bool(page->json, "later", item->later);
    json_object_end(page->json);
    return !writer.failed;
}

static bool add_queued(void *context, int64_t time_us, const struct rollup *counts)
{
    int64_t *total = context;

    (void)time_us;
    *total += counts->queued;
    return true;
}

static bool write_total(void *state, struct list_page *page)
{
    const struct list_logins *logins = state;
    int64_t total = 0;

    if (!store_totals(page->store, logins->filter.page.since_us, 0, add_queued, &total,
                      page->error))
        return false;
    json_integer(page->json, "total", total);
    return true;
}

bool answer_queue(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    static const struct list QUEUE = {.name = "queue",
                                      .columns = 1u << COLUMNS_LOGIN | 1u << COLUMNS_WAITING,
                                      .state_bytes = sizeof(struct list_logins),
                                      .rows_most = EXPORT_ROWS_MOST,
                                      .begin = begin_queue,
                                      .read = read_queue,
                                      .write = write_waiting,
                                      .write_next = list_write_next_login,
                                      .write_rest = write_total};

    return list_answer(worker, request, &QUEUE, reply, error);
}
