/* A request's head: all of it that comes before its body, read and checked. */
#ifndef DASHBOARD_HEAD_H
#define DASHBOARD_HEAD_H

#include "dashboard/access.h"
#include "dashboard/framing.h"

struct head {
    char *target; /* taken apart in place; NULL: it was too long */
    struct framing framing;
    struct query query;
    char parameter[REQUEST_PARAMETER_MAX];
    char allow[32]; /* of 405 */
    struct access access;
};

/*
 * Fills in what of the request comes from its head, which it points into. 0, or the status of a
 * refusal whose sentence is in the error.
 */
unsigned head_check(struct head *head, struct dashboard *dashboard,
                    struct MHD_Connection *connection, const char *method, struct request *request,
                    struct error *error);

/* Whether a body follows, or what follows cannot be told. */
bool head_has_body(const struct head *head);

#endif
