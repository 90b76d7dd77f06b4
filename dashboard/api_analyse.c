/* Histories that are uploaded to be judged at once. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dashboard/analyses.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/import_members.h"
#include "dashboard/worker.h"
#include "scorer/policy.h"

#define CURSOR_MOST (INT64_C(1) << 40)

static void end_upload(void *context)
{
    upload_end(context);
}

static bool begin(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    const char *format = request_query(request, "format"), *name = request_query(request, "name");
    struct error full = ERROR_NONE;
    struct upload *upload;

    if (format == NULL)
        return reply_refuse(reply, 400, "\"format\" is missing; it is one of " ANALYSIS_FORMATS);
    if (worker_model(worker, error) == NULL || !imports_refresh(worker, error))
        return false;
    const struct model *model = &worker->kept.model;
    if (!analyses_begin(worker->dashboard->analyses, format, name != NULL ? name : "upload",
                        model->bytes != NULL ? model->path : NULL, request->who, request->now_us,
                        &upload, &full))
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

static ssize_t read_rows(void *context, char *bytes, size_t capacity)
{
    const int *fd = context;
    ssize_t size = read(*fd, bytes, capacity);

    return size < 0 ? REPLY_FAILED : size;
}

static void close_rows(void *context)
{
    int *fd = context;

    close(*fd);
    free(fd);
}

static bool send_rows(struct worker *worker, const struct request *request, struct reply *reply)
{
    int *fd = malloc(sizeof *fd);

    if (fd == NULL)
        return reply_refuse(reply, 503, "there is no memory to send the rows");
    *fd = analyses_open_rows(worker->dashboard->analyses, request->parameter);
    if (*fd < 0) {
        free(fd);
        return reply_not_found(reply, "finished analysis", request->parameter);
    }
    reply->type = "text/csv; charset=utf-8";
    reply->file_name = "scored.csv";
    reply->produce = read_rows;
    reply->context = fd;
    reply->destroy = close_rows;
    return true;
}

bool answer_analysis_rows(struct worker *worker, const struct request *request, struct reply *reply,
                          struct error *error)
{
    const char *format = request_query(request, "format");
    const char *least = request_query(request, "verdict");
    enum verdict at_least = VERDICT_ALLOW;
    int64_t limit, cursor;
    bool found;

    if (format != NULL)
        return send_rows(worker, request, reply);
    if (least != NULL && !verdict_from_name(least, &at_least))
        at_least = VERDICT_ALLOW; /* the table of routes lists the names */
    if (!request_query_integer(request, "limit", 1, ANALYSIS_ROWS_MOST, 50, &limit, reply) ||
        !request_query_integer(request, "cursor", 0, CURSOR_MOST, 0, &cursor, reply))
        return true;
    json_object_begin(&reply->json, NULL);
    if (!analyses_write_rows(worker->dashboard->analyses, request->parameter, cursor, (int)at_least,
                             limit, &reply->json, &found, error))
        return false;
    json_object_end(&reply->json);
    return found || reply_not_found(reply, "finished analysis", request->parameter);
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
