/* What lists of logins share: the filter of a request, and a login as an item. */
#ifndef DASHBOARD_LIST_LOGINS_H
#define DASHBOARD_LIST_LOGINS_H

#include "dashboard/list.h"
#include "store/login_page.h"

/* A filter and what its pointers point to. */
struct list_filter {
    struct login_page_filter page;
    char user[REQUEST_PARAMETER_MAX], host[REQUEST_PARAMETER_MAX], service[REQUEST_PARAMETER_MAX];
    struct ip_address source;
    struct ip_network network;
};

/* The state of such a list, or the first member of one, and its functions. */
struct list_logins {
    struct list_filter filter;
    struct login_cursor cursor;
};
bool list_begin_logins(struct worker *worker, const struct request *request, void *state,
                       struct reply *reply) MUST_USE;
bool list_read_logins(void *state, struct list_page *page) MUST_USE;
void list_write_next_login(const void *state, struct list_page *page);

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
