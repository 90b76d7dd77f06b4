/*
 * Lists as the service answers them: a page as JSON, or all of it as a file (export.h). What they
 * share is here; a list's own are its functions, and its columns in a file.
 */
#ifndef DASHBOARD_LIST_H
#define DASHBOARD_LIST_H

#include "dashboard/list_item.h"
#include "dashboard/reply.h"
#include "dashboard/request.h"
#include "dashboard/worker.h"

#define LIST_LIMIT_MOST 500
#define LIST_LIMIT      50

struct list;

/* A page that is being read. */
struct list_page {
    const struct list *list;
    struct store *store; /* in a transaction; NULL: the list is of none */
    size_t limit;
    bool more; /* read() says so: there are rows behind its last */
    struct error *error;
    bool failed; /* a row could not be taken */

    /* Where rows go: into JSON, or into a file's page (export.c). */
    struct json_writer *json;
    bool (*take)(struct list_page *page, const struct list_item *item);
    void *context;
};

/* To be called by read() for each row, in order. False: no more are wanted, or page->failed. */
bool list_give(struct list_page *page, const struct list_item *item) MUST_USE;

struct list {
    const char *name;   /* of the file, without its ending */
    unsigned columns;   /* of the file (column.h) */
    size_t state_bytes; /* of what a request's list is read by, zeroed at first */
    bool storeless;
    int64_t rows_most; /* of a file */

    /* The state from the query. False: reply is a refusal. */
    bool (*begin)(struct worker *worker, const struct request *request, void *state,
                  struct reply *reply);
    /* Gives at most page->limit rows, from where the last page ended. */
    bool (*read)(void *state, struct list_page *page);
    /* One row as JSON. */
    bool (*write)(struct list_page *page, const struct list_item *item);
    /* The member "next", where a page behind begins; and what comes after it, or NULL. */
    void (*write_next)(const void *state, struct list_page *page);
    bool (*write_rest)(void *state, struct list_page *page);
    /* After begin(), also one that refused; NULL: there is nothing to end. */
    void (*end)(void *state);
};

/* Answers a request for the list, as its query wants it. */
bool list_answer(struct worker *worker, const struct request *request, const struct list *list,
                 struct reply *reply, struct error *error) MUST_USE;

/* Frees a state. */
void list_end(const struct list *list, void *state);

#endif
