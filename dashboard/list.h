/*
 * What lists share: the page that was asked for, cursors as text, logins by a request's filter.
 * Cursors are hexadecimal bytes; one that another list gave is refused or leads nowhere.
 */
#ifndef DASHBOARD_LIST_H
#define DASHBOARD_LIST_H

#include "dashboard/reply.h"
#include "dashboard/request.h"
#include "store/login_page.h"
#include "store/rollup.h"

#define LIST_LIMIT_MOST   500
#define LIST_LIMIT        50
#define CURSOR_TEXT_BYTES (2 * (ROLLUP_SUBJECT_BYTES + 8) + 1)

/* `limit` as asked for. False: reply is a refusal. */
bool list_limit(const struct request *request, int64_t *limit, struct reply *reply) MUST_USE;

bool list_login_cursor(const struct request *request, struct login_cursor *cursor,
                       struct reply *reply) MUST_USE;
bool list_rollup_cursor(const struct request *request, struct rollup_cursor *cursor,
                        struct reply *reply) MUST_USE;

/* The member "next": the cursor, or null when there is no more. */
void list_next_login(struct json_writer *json, const struct login_cursor *cursor, bool more);
void list_next_rollup(struct json_writer *json, const struct rollup_cursor *cursor, bool more);

/* A filter and what its pointers point to. */
struct list_filter {
    struct login_page_filter page;
    char user[REQUEST_PARAMETER_MAX], host[REQUEST_PARAMETER_MAX], service[REQUEST_PARAMETER_MAX];
    struct ip_address source;
    struct ip_network network;
};

/* From all query parameters that the route takes. False: reply is a refusal. */
bool list_filter(const struct request *request, struct list_filter *filter,
                 struct reply *reply) MUST_USE;

/* The same filter, its pointers into the copy. */
void list_filter_copy(struct list_filter *copy, const struct list_filter *filter);

/* One login in a list, with who labelled it. */
struct list_writer {
    struct store *store;
    struct json_writer *json;
    struct error *error;
    bool failed;
};
void list_write_login(struct list_writer *writer, const char *name,
                      const struct stored_login *login, bool features);

/* How many were judged how, by name of verdict: members of an open object. */
void list_write_verdicts(struct json_writer *json, const struct rollup *counts);

#endif
