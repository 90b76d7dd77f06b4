/* Sessions: logins that were opened. */
#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_logins.h"
#include "store/login_json.h"

static bool write_session(struct list_page *page, const struct list_item *item)
{
    const struct stored_login *login = item->login;

    json_object_begin(page->json, NULL);
    login_json_members(page->json, login, false, NULL);
    json_bool(page->json, "open", login->closed_us == 0 && !login->imported);
    json_object_end(page->json);
    return true;
}

/* Only sessions that ended have a volume and a length. */
static bool begin_sessions(struct worker *worker, const struct request *request, void *state,
                           struct reply *reply)
{
    struct login_page_filter *page = &((struct list_logins *)state)->filter.page;
    int64_t open;

    if (!list_begin_logins(worker, request, state, reply) ||
        !request_query_integer(request, "open", 0, 1, FILTER_ANY, &open, reply))
        return false;
    page->open = (int)open;
    if (request_query(request, "order") == NULL)
        page->order = ORDER_OPENED;
    return page->order == ORDER_OPENED || open != 1 ||
           !reply_refuse(reply, 400,
                         "open sessions have no volume and no length yet: order=recent");
}

bool answer_sessions(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    static const struct list SESSIONS = {.name = "sessions",
                                         .columns = 1u << COLUMNS_LOGIN,
                                         .state_bytes = sizeof(struct list_logins),
                                         .rows_most = EXPORT_ROWS_MOST,
                                         .begin = begin_sessions,
                                         .read = list_read_logins,
                                         .write = write_session,
                                         .write_next = list_write_next_login};

    return list_answer(worker, request, &SESSIONS, reply, error);
}
