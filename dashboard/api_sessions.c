/* Sessions: logins that were opened. */
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list.h"
#include "dashboard/worker.h"
#include "store/login_json.h"

static bool write_session(void *context, const struct stored_login *login, bool later)
{
    struct json_writer *json = context;

    (void)later;
    json_object_begin(json, NULL);
    login_json_members(json, login, false, NULL);
    json_bool(json, "open", login->closed_us == 0 && !login->imported);
    json_object_end(json);
    return true;
}

/* Only sessions that ended have a volume and a length. */
static bool session_filter(const struct request *request, struct list_filter *filter,
                           struct reply *reply)
{
    int64_t open;

    if (!list_filter(request, filter, reply) ||
        !request_query_integer(request, "open", 0, 1, FILTER_ANY, &open, reply))
        return false;
    filter->page.open = (int)open;
    if (request_query(request, "order") == NULL)
        filter->page.order = ORDER_OPENED;
    return filter->page.order == ORDER_OPENED || open != 1 ||
           !reply_refuse(reply, 400,
                         "open sessions have no volume and no length yet: order=recent");
}

bool answer_sessions(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    struct login_cursor cursor;
    struct list_filter filter;
    struct store *store;
    int64_t limit;
    bool more;

    if (!session_filter(request, &filter, reply) || !list_limit(request, &limit, reply) ||
        !list_login_cursor(request, &cursor, reply))
        return true;
    if (export_asked(request))
        return export_logins(worker, request, &filter, reply, error);
    store = worker_store(worker, error);
    if (store == NULL)
        return false;
    json_object_begin(&reply->json, NULL);
    json_array_begin(&reply->json, "items");
    if (!store_login_page(store, &filter.page, (size_t)limit, &cursor, &more, write_session,
                          &reply->json, error))
        return false;
    json_array_end(&reply->json);
    list_next_login(&reply->json, &cursor, more);
    json_object_end(&reply->json);
    return true;
}
