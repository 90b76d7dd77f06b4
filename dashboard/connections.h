/*
 * All connections: how many, how many from one address, and until when each has to have come on.
 * The library's own time limit is one of silence, which a client that sends a byte at times never
 * meets. Thread-safe.
 */
#ifndef DASHBOARD_CONNECTIONS_H
#define DASHBOARD_CONNECTIONS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

#define CONNECTIONS_MAX          1024
#define CONNECTIONS_MAX_EACH     64  /* from one address */
#define CONNECTIONS_MAX_LOOPBACK 896 /* where a proxy may be */

/* Seconds from the step that begins. */
#define LIMIT_HEAD_S    20   /* connected, or a request begun: its header is there */
#define LIMIT_IDLE_S    60   /* a request answered: another one begins */
#define LIMIT_BODY_S    30   /* a JSON body is there */
#define LIMIT_UPLOAD_S  3600 /* a streamed body is there */
#define LIMIT_REPLY_S   120  /* a reply is taken */
#define LIMIT_EXPORT_S  3600 /* a streamed reply is taken */
#define LIMIT_FOREVER_S 0    /* live events: silence is limited alone */

struct connections;

struct connections *connections_create(void); /* NULL: no memory */
void connections_destroy(struct connections *connections);

/* Whether one more from that address is welcome. */
bool connections_admit(struct connections *connections, const struct sockaddr *address);

/* MHD_OPTION_NOTIFY_CONNECTION with the connections as its context. */
void connections_notify(void *connections, struct MHD_Connection *connection, void **state,
                        enum MHD_ConnectionNotificationCode what);

/* From now on the connection has so many seconds for its next step. */
void connection_expect(struct connections *connections, struct MHD_Connection *connection,
                       int64_t limit_s);

/* Hangs up on those whose time is over. */
void connections_tick(struct connections *connections, int64_t now_us);

#endif
