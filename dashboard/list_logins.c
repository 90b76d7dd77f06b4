#include "dashboard/list_logins.h"

#include <stdio.h>
#include <string.h>

#include "dashboard/list_cursor.h"
#include "store/login_json.h"

/* ---- the filter ----------------------------------------------------------------------------- */

static const char *copy_query(const struct request *request, const char *name,
                              char text[REQUEST_PARAMETER_MAX])
{
    const char *value = request_query(request, name);

    snprintf(text, REQUEST_PARAMETER_MAX, "%s", value != NULL ? value : "");
    return value != NULL ? text : NULL;
}

static bool filter_address(const struct request *request, struct list_filter *filter,
                           struct reply *reply)
{
    const char *ip = request_query(request, "ip"), *network = request_query(request, "network");
    struct error error = ERROR_NONE;

    if (ip != NULL && !ip_parse(ip, &filter->source))
        return !reply_refuse(reply, 400, "ip is a numeric address, such as 192.0.2.7");
    if (network != NULL && !ip_network_parse(network, &filter->network, &error))
        return !reply_refuse(reply, 400, "%s", error.text);
    filter->page.source = ip != NULL ? &filter->source : NULL;
    filter->page.network = network != NULL ? &filter->network : NULL;
    return true;
}

static bool filter_names(const struct request *request, struct login_page_filter *page,
                         struct reply *reply)
{
    const char *method = request_query(request, "method");
    const char *verdict = request_query(request, "verdict");
    const char *reached = request_query(request, "reached");
    const char *label = request_query(request, "label");
    enum login_label_value value = LABEL_NONE;

    if (method != NULL) {
        page->method = (int)login_method_from_name(method);
        if (page->method == METHOD_UNKNOWN && strcmp(method, "unknown") != 0)
            return !reply_refuse(reply, 400, "there is no method %s", method);
    }
    if (verdict != NULL && !verdict_from_name(verdict, &page->at_least))
        return !reply_refuse(reply, 400, "verdict is one of allow, log, step-up and deny");
    for (unsigned stage = 0; reached != NULL && stage < STAGE_COUNT; stage++) {
        if (strcmp(reached, login_stage_name((enum login_stage)stage)) == 0)
            page->reached = (int)stage;
    }
    if (reached != NULL && page->reached == FILTER_ANY)
        return !reply_refuse(reply, 400, "reached is one of attempt, accepted, opened and closed");
    if (label != NULL && !login_label_from_name(label, &value))
        return !reply_refuse(reply, 400, "label is one of attack, legitimate and none");
    if (label != NULL)
        page->label = value;
    return true;
}

static void filter_order(const struct request *request, struct login_page_filter *page)
{
    static const struct {
        const char *name;
        enum login_order order;
    } ORDERS[] = {{"newest", ORDER_NEWEST}, {"oldest", ORDER_OLDEST},     {"risk", ORDER_RISK},
                  {"recent", ORDER_OPENED}, {"duration", ORDER_DURATION}, {"bytes", ORDER_BYTES}};
    const char *order = request_query(request, "order");

    for (size_t i = 0; order != NULL && i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++) {
        if (strcmp(order, ORDERS[i].name) == 0)
            page->order = ORDERS[i].order;
    }
}

static bool read_filter(const struct request *request, struct list_filter *filter,
                        struct reply *reply)
{
    struct login_page_filter *page = &filter->page;

    login_page_filter_init(page);
    page->user = copy_query(request, "user", filter->user);
    page->host = copy_query(request, "host", filter->host);
    page->service = copy_query(request, "service", filter->service);
    filter_order(request, page);
    return filter_address(request, filter, reply) && filter_names(request, page, reply) &&
           request_query_time(request, "since", 0, &page->since_us, reply) &&
           request_query_time(request, "until", 0, &page->until_us, reply);
}

/* ---- logins --------------------------------------------------------------------------------- */

bool list_begin_logins(struct worker *worker, const struct request *request, void *state,
                       struct reply *reply)
{
    struct list_logins *logins = state;

    (void)worker;
    return read_filter(request, &logins->filter, reply) &&
           list_login_cursor(request, &logins->cursor, reply);
}

static bool give_login(void *context, const struct stored_login *login, bool later)
{
    (void)later;
    return list_give(context, &(struct list_item){.login = login});
}

bool list_read_logins(void *state, struct list_page *page)
{
    struct list_logins *logins = state;

    return store_login_page(page->store, &logins->filter.page, page->limit, &logins->cursor,
                            &page->more, give_login, page, page->error);
}

void list_write_next_login(const void *state, struct list_page *page)
{
    const struct list_logins *logins = state;

    list_next_login(page->json, &logins->cursor, page->more);
}

void list_write_login(struct list_writer *writer, const char *name,
                      const struct stored_login *login, bool features)
{
    struct login_label label;
    bool found = false;

    if (login->label != LABEL_NONE &&
        !store_label_load(writer->store, &login->record.event.id, &label, &found, writer->error))
        writer->failed = true;
    login_json(writer->json, name, login, features, found ? &label : NULL);
}

void list_write_verdicts(struct json_writer *json, const struct rollup *counts)
{
    int64_t step_up = counts->step_ups + counts->would_step_up;
    int64_t deny = counts->denials + counts->would_deny;

    json_integer(json, "allow", counts->attempts - counts->logged - step_up - deny);
    json_integer(json, "log", counts->logged);
    json_integer(json, "step_up", step_up);
    json_integer(json, "deny", deny);
}
