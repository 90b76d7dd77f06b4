/* Streams: a page of logins at a time is made when the one before was sent. */
#include "dashboard/export.h"

#include <stdlib.h>
#include <string.h>

#include "dashboard/dashboard.h"
#include "dashboard/worker.h"

#define RETRY_S 30

struct export
{
    struct dashboard *dashboard;
    struct store *store; /* its own: a thread's may be opened anew meanwhile */
    struct list_filter filter;
    struct login_cursor cursor;
    void (*write)(FILE * out, const struct stored_login *login);
    int64_t rows;
    bool more;
    char *text; /* of the page that is being sent */
    size_t size, sent;
    FILE *out;
};

bool export_asked(const struct request *request)
{
    const char *format = request_query(request, "format");

    return format != NULL && strcmp(format, "json") != 0;
}

static bool write_row(void *context, const struct stored_login *login, bool later)
{
    struct export *export = context;

    (void)later;
    export->write(export->out, login);
    return ++export->rows < EXPORT_ROWS_MOST;
}

static bool next_page(struct export *export)
{
    struct error error = ERROR_NONE;
    bool done;

    free(export->text);
    export->text = NULL;
    export->size = export->sent = 0;
    export->out = open_memstream(&export->text, &export->size);
    if (export->out == NULL)
        return false;
    if (!export->cursor.set && export->write == export_csv_login)
        export_csv_heading(export->out);
    done = store_login_page(export->store, &export->filter.page, LOGIN_PAGE_MOST, &export->cursor,
                            &export->more, write_row, export, &error);
    export->more = export->more && export->rows < EXPORT_ROWS_MOST;
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

/* With its store closed. */
static void give_up(struct export *export)
{
    atomic_fetch_sub(&export->dashboard->exports, 1);
    free(export);
}

static void destroy(void *context)
{
    struct export *export = context;

    store_close(export->store);
    free(export->text);
    give_up(export);
}

bool export_logins(struct worker *worker, const struct request *request,
                   const struct list_filter *filter, struct reply *reply, struct error *error)
{
    bool csv = strcmp(request_query(request, "format"), "csv") == 0;
    struct export *export = calloc(1, sizeof(*export));

    if (export == NULL)
        return error_set(error, FAULT_STORE, "no memory for an export");
    export->dashboard = worker->dashboard;
    if (atomic_fetch_add(&export->dashboard->exports, 1) >= EXPORTS_MOST) {
        give_up(export);
        reply->retry_after_s = RETRY_S;
        return reply_refuse(reply, 503, "%d exports are under way, the most there can be",
                            EXPORTS_MOST);
    }
    if (!store_open(&export->store, worker->config->store, STORE_READ, error)) {
        give_up(export);
        return false;
    }
    list_filter_copy(&export->filter, filter);
    export->write = csv ? export_csv_login : export_ecs_login;
    export->more = true;
    reply->type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    reply->file_name = csv ? "logins.csv" : "logins.ndjson";
    reply->produce = produce;
    reply->context = export;
    reply->destroy = destroy;
    return true;
}
