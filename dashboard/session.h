/*
 * Who is signed in: in memory alone, so that a restart signs everybody out. A session is found by
 * the hash of its identity; its CSRF token goes with every request that changes something.
 * Thread-safe.
 */
#ifndef DASHBOARD_SESSION_H
#define DASHBOARD_SESSION_H

#include "dashboard/role.h"
#include "dashboard/secret.h"

#define SESSION_IDLE_US     (INT64_C(60) * 60 * 1000000)
#define SESSION_ABSOLUTE_US (INT64_C(12) * 60 * 60 * 1000000)
#define SESSION_MAX         2048
#define SESSION_MAX_OF_ONE  16 /* of one name: the one that was longest unused goes */
#define WHO_BYTES           256

struct sessions;

/* What a request learns of a session. */
struct session {
    char who[WHO_BYTES];
    enum role role;
    bool person; /* of an account, whose groups may change; otherwise a one-time token's */
    char csrf[SECRET_TEXT_BYTES];
    int64_t expires_us; /* monotonic, at the latest */
};

struct sessions *sessions_create(void); /* NULL: no memory */
void sessions_destroy(struct sessions *sessions);

/*
 * A new session; its identity, for the cookie, in `identity`. person: see struct session. False:
 * there are too many.
 */
bool session_begin(struct sessions *sessions, const char *who, enum role role, bool person,
                   int64_t now_us, char identity[SECRET_TEXT_BYTES], struct session *session,
                   struct error *error) MUST_USE;

/* Finds one and marks it used. False: there is none, or it is over. now_us: monotonic. */
bool session_find(struct sessions *sessions, const char *identity, int64_t now_us,
                  struct session *session) MUST_USE;

/* Whether there is still that one, which this does not mark used. */
bool session_holds(struct sessions *sessions, const char *identity, int64_t now_us);

void session_end(struct sessions *sessions, const char *identity);

/* Gives each person the role that role_of() says, and ends the sessions of those who have none. */
void sessions_review(struct sessions *sessions,
                     enum role (*role_of)(void *context, const char *who), void *context);

#endif
