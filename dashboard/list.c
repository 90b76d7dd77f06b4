#include "dashboard/list.h"

#include <stdio.h>
#include <string.h>

#include "store/login_json.h"

bool list_limit(const struct request *request, int64_t *limit, struct reply *reply)
{
    return request_query_integer(request, "limit", 1, LIST_LIMIT_MOST, LIST_LIMIT, limit, reply);
}

/* ---- cursors -------------------------------------------------------------------------------- */

static void write_hex(char *text, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

/* Returns the number of bytes, 0 for what is no cursor. */
static size_t read_hex(const char *text, uint8_t *bytes, size_t capacity)
{
    size_t size = strlen(text) / 2;

    if (strlen(text) % 2 != 0 || size > capacity)
        return 0;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return size;
}

static void put_value(uint8_t bytes[8], int64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static int64_t get_value(const uint8_t bytes[8])
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static bool refuse_cursor(struct reply *reply)
{
    return !reply_refuse(reply, 400,
                         "cursor is not one that this list gave: take \"next\" of the page before");
}

bool list_login_cursor(const struct request *request, struct login_cursor *cursor,
                       struct reply *reply)
{
    const char *text = request_query(request, "cursor");
    uint8_t bytes[16];

    *cursor = (struct login_cursor){.set = text != NULL};
    if (text == NULL)
        return true;
    if (read_hex(text, bytes, sizeof(bytes)) != sizeof(bytes))
        return refuse_cursor(reply);
    cursor->value = get_value(bytes);
    cursor->key = get_value(bytes + 8);
    return (cursor->value >= 0 && cursor->key >= 0) || refuse_cursor(reply);
}

bool list_rollup_cursor(const struct request *request, struct rollup_cursor *cursor,
                        struct reply *reply)
{
    const char *text = request_query(request, "cursor");
    uint8_t bytes[8 + ROLLUP_SUBJECT_BYTES];
    size_t size;

    cursor->size = 0;
    if (text == NULL)
        return true;
    size = read_hex(text, bytes, sizeof(bytes));
    if (size <= 8)
        return refuse_cursor(reply);
    cursor->value = get_value(bytes);
    cursor->size = (uint16_t)(size - 8);
    memcpy(cursor->subject, bytes + 8, cursor->size);
    return cursor->value >= 0 || refuse_cursor(reply);
}

void list_next_login(struct json_writer *json, const struct login_cursor *cursor, bool more)
{
    char text[CURSOR_TEXT_BYTES];
    uint8_t bytes[16];

    put_value(bytes, cursor->value);
    put_value(bytes + 8, cursor->key);
    write_hex(text, bytes, sizeof(bytes));
    json_text(json, "next", more ? text : NULL);
}

void list_next_rollup(struct json_writer *json, const struct rollup_cursor *cursor, bool more)
{
    char text[CURSOR_TEXT_BYTES];
    uint8_t value[8];

    put_value(value, cursor->value);
    write_hex(text, value, sizeof(value));
    write_hex(text + 16, cursor->subject, cursor->size);
    json_text(json, "next", more ? text : NULL);
}

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

bool list_filter(const struct request *request, struct list_filter *filter, struct reply *reply)
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

void list_filter_copy(struct list_filter *copy, const struct list_filter *filter)
{
    *copy = *filter;
    copy->page.user = filter->page.user != NULL ? copy->user : NULL;
    copy->page.host = filter->page.host != NULL ? copy->host : NULL;
    copy->page.service = filter->page.service != NULL ? copy->service : NULL;
    copy->page.source = filter->page.source != NULL ? &copy->source : NULL;
    copy->page.network = filter->page.network != NULL ? &copy->network : NULL;
}

/* ---- logins --------------------------------------------------------------------------------- */

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
