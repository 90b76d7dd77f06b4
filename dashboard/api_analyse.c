/* Histories that are uploaded to be judged at once. */
#include <string.h>
#include <unistd.h>

#include "dashboard/analyses.h"
#include "dashboard/column.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/import_members.h"
#include "dashboard/score_rows.h"
#include "dashboard/table_models.h"
#include "dashboard/table_rows.h"

#define CURSOR_MOST (INT64_C(1) << 40)

static void end_upload(void *context)
{
    upload_end(context);
}

/* The file to judge by, NULL: the built-in model. *chosen is false when reply is a refusal. */
static bool choose_model(struct worker *worker, const struct request *request,
                         char path[TABLE_MODELS_PATH_BYTES], const char **model, bool *chosen,
                         struct reply *reply, struct error *error)
{
    const char *name = request_query(request, "model");
    struct error damage = ERROR_NONE;
    bool found;

    *chosen = false;
    *model = NULL;
    if (strcmp(request_query(request, "format"), ANALYSIS_TABLE) != 0) {
        if (name != NULL)
            return reply_refuse(reply, 400,
                                "\"model\" goes with format=table: logins are judged "
                                "by the model that is in force");
        if (worker_model(worker, error) == NULL)
            return false;
        *model = worker->kept.model.bytes != NULL ? worker->kept.model.path : NULL;
        *chosen = true;
        return true;
    }
    if (name == NULL)
        return reply_refuse(reply, 400,
                            "\"model\" is missing; GET /api/analyse/models says which there are");
    if (!table_models_find(worker->config, name, path, &found, &damage))
        return reply_refuse(reply, 422, "%s", damage.text);
    if (!found)
        return reply_not_found(reply, "model of a table", name);
    *model = path;
    *chosen = true;
    return true;
}

static bool begin(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    const char *format = request_query(request, "format"), *name = request_query(request, "name");
    char path[TABLE_MODELS_PATH_BYTES];
    struct error full = ERROR_NONE;
    struct upload *upload;
    const char *model;
    bool chosen;

    if (format == NULL)
        return reply_refuse(reply, 400, "\"format\" is missing; it is one of " ANALYSIS_FORMATS);
    if (!imports_refresh(worker, error) ||
        !choose_model(worker, request, path, &model, &chosen, reply, error))
        return false;
    if (!chosen)
        return true;
    if (!analyses_begin(worker->dashboard->analyses, format, name != NULL ? name : "upload", model,
                        request->who, request->now_us, &upload, &full))
        return reply_refuse(reply, 503, "%s", full.text);
    request->kept->context = upload;
    request->kept->destroy = end_upload;
    return true;
}

static bool finish(const struct request *request, struct reply *reply)
{
    struct error full = ERROR_NONE;
    char id[ANALYSIS_ID_BYTES];

    if (!upload_finish(request->kept->context, request->now_us, id, &full))
        return reply_refuse(reply, 503, "%s", full.text);
    reply->status = 202;
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "job", id);
    json_object_end(&reply->json);
    return true;
}

bool take_analysis(struct worker *worker, const struct request *request, struct reply *reply,
                   struct error *error)
{
    struct error full = ERROR_NONE;

    switch (request->upload) {
    case UPLOAD_BEGINS:
        return begin(worker, request, reply, error);
    case UPLOAD_PIECE:
        return upload_add(request->kept->context, request->bytes, request->size, &full) ||
               reply_refuse(reply, 507, "%s", full.text);
    case UPLOAD_ENDS:
        break;
    }
    return finish(request, reply);
}

bool answer_analyses(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    (void)request, (void)error;
    json_object_begin(&reply->json, NULL);
    analyses_write_all(worker->dashboard->analyses, &reply->json, "items");
    json_null(&reply->json, "next");
    json_object_end(&reply->json);
    return true;
}

bool answer_analysis(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    bool found;

    json_object_begin(&reply->json, NULL);
    if (!analyses_write(worker->dashboard->analyses, request->parameter, &reply->json, &found,
                        error))
        return false;
    if (!found)
        return import_of_gone(worker, request, reply, error);
    if (!import_members(worker, request->parameter, &reply->json, error))
        return false;
    json_object_end(&reply->json);
    return true;
}

/* ---- rows ---- */

struct rows {
    int fd; /* -1: none yet */
    int64_t cursor;
    enum verdict at_least;
};

static bool begin_rows(struct worker *worker, const struct request *request, void *state,
                       struct reply *reply)
{
    const char *least = request_query(request, "verdict");
    const char *order = request_query(request, "order");
    bool worst = order != NULL && strcmp(order, "worst") == 0;
    struct rows *rows = state;

    rows->fd = -1;
    rows->at_least = VERDICT_ALLOW;
    if (least != NULL && !verdict_from_name(least, &rows->at_least))
        rows->at_least = VERDICT_ALLOW; /* the table of routes lists the names */
    if (!request_query_integer(request, "cursor", 0, CURSOR_MOST, 0, &rows->cursor, reply))
        return false;
    rows->fd = analyses_open_rows(worker->dashboard->analyses, request->parameter, worst);
    return rows->fd >= 0 || !reply_not_found(reply, "finished analysis", request->parameter);
}

static bool give_row(void *context, const struct scored_row *row)
{
    return list_give(context, &(struct list_item){.scored = row});
}

static bool read_rows(void *state, struct list_page *page)
{
    struct rows *rows = state;

    return score_rows_read(rows->fd, &rows->cursor, rows->at_least, page->limit, &page->more,
                           give_row, page, page->error);
}

static bool write_row(struct list_page *page, const struct list_item *item)
{
    const struct scored_row *row = item->scored;
    struct json_writer *json = page->json;

    json_object_begin(json, NULL);
    json_text(json, "time", row->time);
    json_text(json, "user", row->user);
    json_text(json, "ip", row->ip[0] != '\0' ? row->ip : NULL);
    json_number(json, "risk", row->risk);
    json_text(json, "verdict", row->verdict);
    json_text(json, "reasons", row->reasons);
    json_object_end(json);
    return true;
}

static void write_next_row(const void *state, struct list_page *page)
{
    const struct rows *rows = state;

    if (page->more)
        json_integer(page->json, "next", rows->cursor);
    else
        json_null(page->json, "next");
}

static void end_rows(void *state)
{
    struct rows *rows = state;

    if (rows->fd >= 0)
        close(rows->fd);
}

bool answer_analysis_rows(struct worker *worker, const struct request *request, struct reply *reply,
                          struct error *error)
{
    static const struct list ROWS = {.name = "scored",
                                     .columns = 1u << COLUMNS_SCORED,
                                     .state_bytes = sizeof(struct rows),
                                     .storeless = true,
                                     .rows_most = INT64_MAX, /* what was uploaded is bounded */
                                     .begin = begin_rows,
                                     .read = read_rows,
                                     .write = write_row,
                                     .write_next = write_next_row,
                                     .end = end_rows};

    if (analyses_is_table(worker->dashboard->analyses, request->parameter))
        return answer_table_rows(worker, request, reply, error);
    return list_answer(worker, request, &ROWS, reply, error);
}

bool answer_table_models(struct worker *worker, const struct request *request, struct reply *reply,
                         struct error *error)
{
    (void)request, (void)error;
    json_object_begin(&reply->json, NULL);
    table_models_write(worker->config, &reply->json);
    json_null(&reply->json, "next");
    json_object_end(&reply->json);
    return true;
}

bool forget_analysis(struct worker *worker, const struct request *request, struct reply *reply,
                     struct error *error)
{
    if (!imports_refresh(worker, error))
        return false;
    if (imports_wait(worker->dashboard->imports, request->parameter))
        return reply_refuse(reply, 409, "anomalyd is still to read it: its import was asked for");
    if (!analyses_forget(worker->dashboard->analyses, request->parameter))
        return reply_not_found(reply, "analysis", request->parameter);
    json_object_begin(&reply->json, NULL);
    json_text(&reply->json, "job", request->parameter);
    json_object_end(&reply->json);
    return true;
}
