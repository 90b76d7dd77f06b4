#include "dashboard/head.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"

/* The table knows GET, POST and DELETE; HEAD is GET without a body. */
static bool parse_method(const char *text, enum http_method *method)
{
    static const struct {
        const char *text;
        enum http_method method;
    } METHODS[] = {
        {"GET", HTTP_GET}, {"HEAD", HTTP_GET}, {"POST", HTTP_POST}, {"DELETE", HTTP_DELETE}};

    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (strcmp(text, METHODS[i].text) == 0) {
            *method = METHODS[i].method;
            return true;
        }
    }
    return false;
}

/* Each check_ function: as head_check(). */

static unsigned check_target(struct head *head, struct request *request, struct error *error)
{
    if (head->target == NULL) {
        error_set(error, FAULT_NONE, "the address is longer than %d bytes", TARGET_MAX_BYTES - 1);
        return 414;
    }
    if (!target_parse(head->target, &head->query, error))
        return 400;
    request->path = head->target;
    request->query = &head->query;
    return 0;
}

static unsigned check_host(const struct head *head, const struct dashboard *dashboard,
                           struct error *error)
{
    const char *host = head->framing.host != NULL ? head->framing.host : "";

    if (dashboard->host == NULL && !dashboard->loopback)
        return 0;
    if ((dashboard->host != NULL && host_is(host, dashboard->host)) ||
        (dashboard->loopback && host_is_loopback(host)))
        return 0;
    /* Another site's name may have been made to lead here (DNS rebinding). */
    error_set(error, FAULT_NONE, "the header Host names another machine: use %s",
              dashboard->host != NULL ? dashboard->host : "localhost");
    return 421;
}

static unsigned check_route(struct head *head, const char *method_text, struct request *request,
                            struct error *error)
{
    enum http_method method;
    bool known = parse_method(method_text, &method), path_known;
    const struct route *route = route_find(known ? method : HTTP_GET, request->path,
                                           head->parameter, sizeof(head->parameter), &path_known);

    if (!path_known) {
        error_set(error, FAULT_NONE, "there is nothing at this address");
        return 404;
    }
    if (!known || route == NULL) {
        error_set(error, FAULT_NONE, "this address takes %s",
                  route_methods(request->path, head->allow));
        return 405;
    }
    request->route = route;
    request->parameter = head->parameter[0] != '\0' ? head->parameter : NULL;
    return 0;
}

static unsigned check_query(const struct head *head, const struct route *route, struct error *error)
{
    for (size_t i = 0; i < head->query.count; i++) {
        const struct query_value *value = &head->query.values[i];
        const char *known = route_parameter(route, value->name);

        if (known == NULL) {
            error_set(error, FAULT_NONE, "the query's parameter %s is not known here", value->name);
            return 400;
        }
        if (!route_parameter_allows(known, value->value)) {
            error_set(error, FAULT_NONE, "%s is not a value of %.*s", value->value,
                      (int)strcspn(known, " "), known);
            return 400;
        }
    }
    return 0;
}

static unsigned check_body(const struct head *head, const struct route *route, struct error *error)
{
    const struct framing *framing = &head->framing;
    int64_t most = route->body == BODY_JSON ? BODY_JSON_MAX_BYTES : BODY_STREAM_MAX_BYTES;

    if (route->body == BODY_NONE) {
        if (!head_has_body(head))
            return 0;
        error_set(error, FAULT_NONE, "this request takes no body");
        return 400;
    }
    if (route->body == BODY_JSON && !framing_is_type(framing, "application/json")) {
        error_set(error, FAULT_NONE, "send JSON, with Content-Type: application/json");
        return 415;
    }
    if (framing->content_length > most) {
        error_set(error, FAULT_NONE, "the body is larger than %" PRId64 " MiB", most >> 20);
        return 413;
    }
    return 0;
}

static unsigned check_access(struct head *head, struct dashboard *dashboard,
                             struct MHD_Connection *connection, struct request *request,
                             struct error *error)
{
    struct access *access = &head->access;
    unsigned status = 0;

    if (!access_check(dashboard, connection, request->route, request->now_us, access, &status,
                      error))
        return status;
    request->who = access->session.who;
    request->role = access->session.role;
    request->session_identity = access->identity;
    if (access->identity != NULL)
        request->session = &access->session;
    return 0;
}

static enum MHD_Result keep_forwarded(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    const char **last = context;
    (void)kind;

    if (value != NULL && strcasecmp(name, "X-Forwarded-For") == 0)
        *last = value;
    return MHD_YES;
}

/* The last address of the last such header was written by the proxy, those before it by anybody. */
static void read_forwarded(struct MHD_Connection *connection, struct ip_address *address)
{
    const char *forwarded = NULL, *comma;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_forwarded, &forwarded);
    if (forwarded == NULL)
        return;
    comma = strrchr(forwarded, ',');
    if (comma != NULL)
        forwarded = comma + 1;
    if (!ip_parse(forwarded + strspn(forwarded, " "), address))
        *address = (struct ip_address){0};
}

static void read_headers(const struct dashboard *dashboard, struct MHD_Connection *connection,
                         struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const char *encodings =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
    uint16_t port;

    request->now_us = clock_utc_us();
    request->gzip = encodings != NULL && strstr(encodings, "gzip") != NULL;
    request->if_none_match =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    if (info == NULL || info->client_addr == NULL ||
        !ip_from_sockaddr(info->client_addr, &request->address, &port))
        request->address = (struct ip_address){0};
    if (dashboard->behind_proxy)
        read_forwarded(connection, &request->address);
}

bool head_has_body(const struct head *head)
{
    return head->framing.chunked || head->framing.content_length > 0 || head->framing.refusal != 0;
}

unsigned head_check(struct head *head, struct dashboard *dashboard,
                    struct MHD_Connection *connection, const char *method, struct request *request,
                    struct error *error)
{
    unsigned status;

    read_headers(dashboard, connection, request);
    head->framing = framing_read(connection, error);
    status = head->framing.refusal;
    if (status == 0)
        status = check_target(head, request, error);
    if (status == 0)
        status = check_host(head, dashboard, error);
    if (status == 0)
        status = check_route(head, method, request, error);
    if (status == 0)
        status = check_query(head, request->route, error);
    if (status == 0)
        status = check_access(head, dashboard, connection, request, error);
    if (status == 0)
        status = check_body(head, request->route, error);
    return status;
}
