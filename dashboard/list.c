#include "dashboard/list.h"

#include <stdlib.h>
#include <string.h>

#include "dashboard/export.h"

bool list_give(struct list_page *page, const struct list_item *item)
{
    return page->take(page, item);
}

void list_end(const struct list *list, void *state)
{
    if (list->end != NULL)
        list->end(state);
    free(state);
}

static bool take_as_json(struct list_page *page, const struct list_item *item)
{
    page->failed = !page->list->write(page, item);
    return !page->failed;
}

static bool write_page(struct list_page *page, void *state)
{
    const struct list *list = page->list;

    json_object_begin(page->json, NULL);
    json_array_begin(page->json, "items");
    if (!list->read(state, page) || page->failed)
        return false;
    json_array_end(page->json);
    list->write_next(state, page);
    if (list->write_rest != NULL && !list->write_rest(state, page))
        return false;
    json_object_end(page->json);
    return true;
}

static bool answer_page(struct worker *worker, const struct list *list, void *state, int64_t limit,
                        struct reply *reply, struct error *error)
{
    struct list_page page = {.list = list,
                             .limit = (size_t)limit,
                             .error = error,
                             .json = &reply->json,
                             .take = take_as_json};
    bool done;

    if (list->storeless)
        return write_page(&page, state);
    page.store = worker_store(worker, error);
    if (page.store == NULL || !store_begin(page.store, error))
        return false;
    done = write_page(&page, state);
    store_rollback(page.store);
    return done;
}

bool list_answer(struct worker *worker, const struct request *request, const struct list *list,
                 struct reply *reply, struct error *error)
{
    int64_t limit;

    if (!request_query_integer(request, "limit", 1, LIST_LIMIT_MOST, LIST_LIMIT, &limit, reply))
        return true;
    void *state = calloc(1, list->state_bytes);
    if (state == NULL)
        return error_set(error, FAULT_STORE, "no memory for a list");
    if (!list->begin(worker, request, state, reply)) {
        list_end(list, state);
        return true;
    }
    if (export_asked(request))
        return export_list(worker, request, list, state, reply, error);
    bool done = answer_page(worker, list, state, limit, reply, error);
    list_end(list, state);
    return done;
}
