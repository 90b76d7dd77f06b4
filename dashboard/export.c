#include "dashboard/export.h"

#include <stdlib.h>
#include <string.h>

#include "dashboard/column.h"
#include "dashboard/dashboard.h"

#define RETRY_S         30
#define FILE_NAME_BYTES 32

struct export
{
    struct dashboard *dashboard;
    const struct list *list;
    void *state;
    struct store *store; /* its own: a thread's may be opened anew meanwhile */
    void (*write)(FILE * out, unsigned groups, const struct list_item *item);
    char file_name[FILE_NAME_BYTES];
    int64_t rows;
    bool headed, more;
    char *text; /* of the page that is being sent */
    size_t size, sent;
    FILE *out;
};

bool export_asked(const struct request *request)
{
    const char *format = request_query(request, "format");

    return format != NULL && strcmp(format, "json") != 0;
}

static bool write_row(struct list_page *page, const struct list_item *item)
{
    struct export *export = page->context;

    export->write(export->out, export->list->columns, item);
    return ++export->rows < export->list->rows_most;
}

/* A transaction a page: one for all would keep the store's log growing. */
static bool read_page(struct export *export)
{
    struct error error = ERROR_NONE;
    struct list_page page = {.list = export->list,
                             .store = export->store,
                             .limit = LIST_LIMIT_MOST,
                             .error = &error,
                             .take = write_row,
                             .context = export};
    bool done;

    if (export->store != NULL && !store_begin(export->store, &error))
        return false;
    done = export->list->read(export->state, &page) && !page.failed;
    if (export->store != NULL)
        store_rollback(export->store);
    export->more = page.more && export->rows < export->list->rows_most;
    return done;
}

static bool next_page(struct export *export)
{
    bool done;

    free(export->text);
    export->text = NULL;
    export->size = export->sent = 0;
    export->out = open_memstream(&export->text, &export->size);
    if (export->out == NULL)
        return false;
    if (!export->headed && export->write == columns_csv_row)
        columns_csv_heading(export->out, export->list->columns);
    export->headed = true;
    done = read_page(export);
    return fclose(export->out) == 0 && done;
}

static ssize_t produce(void *context, char *bytes, size_t capacity)
{
    struct export *export = context;
    size_t left;

    while (export->sent == export->size && export->more) {
        if (!next_page(export))
            return REPLY_FAILED;
    }
    left = export->size - export->sent;
    if (left > capacity)
        left = capacity;
    memcpy(bytes, export->text != NULL ? export->text + export->sent : "", left);
    export->sent += left;
    return (ssize_t)left;
}

static void destroy(void *context)
{
    struct export *export = context;

    list_end(export->list, export->state);
    store_close(export->store);
    free(export->text);
    atomic_fetch_sub(&export->dashboard->exports, 1);
    free(export);
}

static void describe(struct export *export, bool csv, struct reply *reply)
{
    snprintf(export->file_name, sizeof(export->file_name), "%s.%s", export->list->name,
             csv ? "csv" : "ndjson");
    export->write = csv ? columns_csv_row : columns_ecs_row;
    export->more = true;
    reply->type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    reply->file_name = export->file_name;
    reply->produce = produce;
    reply->context = export;
    reply->destroy = destroy;
}

bool export_list(struct worker *worker, const struct request *request, const struct list *list,
                 void *state, struct reply *reply, struct error *error)
{
    struct export *export = calloc(1, sizeof(*export));

    if (export == NULL) {
        list_end(list, state);
        return error_set(error, FAULT_STORE, "no memory for an export");
    }
    export->dashboard = worker->dashboard;
    export->list = list;
    export->state = state;
    if (atomic_fetch_add(&export->dashboard->exports, 1) >= EXPORTS_MOST) {
        destroy(export);
        reply->retry_after_s = RETRY_S;
        return reply_refuse(reply, 503, "%d exports are under way, the most there can be",
                            EXPORTS_MOST);
    }
    if (!list->storeless && !store_open(&export->store, worker->config->store, STORE_READ, error)) {
        destroy(export);
        return false;
    }
    describe(export, strcmp(request_query(request, "format"), "csv") == 0, reply);
    return true;
}
