/*
 * What of a request's headers decides where it ends and what it is. The library lets pass what
 * others would read differently; here all that is not plain is refused.
 */
#ifndef DASHBOARD_FRAMING_H
#define DASHBOARD_FRAMING_H

#include <microhttpd.h>

#include "common/error.h"

struct framing {
    int64_t content_length; /* -1: not said */
    bool chunked;
    const char *type; /* Content-Type or NULL */
    const char *host; /* or NULL */
    unsigned refusal; /* 0, or a status with the sentence in the error */
};

/* Looks at all headers. Has a body: content_length above 0, or chunked. */
struct framing framing_read(struct MHD_Connection *connection, struct error *error);

/* Whether Content-Type is that media type, parameters aside. */
bool framing_is_type(const struct framing *framing, const char *type);

/* Whether the header Host is that name, with any port. */
bool host_is(const char *host, const char *name);

/* Whether the header Host names this machine by a loopback name or address, with any port. */
bool host_is_loopback(const char *host);

#endif
