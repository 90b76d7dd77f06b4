/* What is known before an event: the store's history, and the journal that is not folded in yet. */
#ifndef CHECK_PAST_H
#define CHECK_PAST_H

#include "scorer/login_record.h"
#include "store/store.h"

/* about and history are set by the caller, who keeps them; the rest begins as zeros. */
struct past {
    const struct login_event *about;
    struct history *history; /* what it is of about's user, source and values */
    /* The latest one in the journal by this user, of this connection. */
    struct login_record attempt;
    bool attempt_found;
};

/* store_fd: the directory of the journal. */
bool past_load(struct past *past, struct store *store, int store_fd, struct error *error) MUST_USE;

#endif
