/*
 * One moment of one login, gathered once: who, whence, when, which service, which method, which
 * device, what moved. Past this record nobody asks PAM, a socket or a log line.
 */
#ifndef SCORER_LOGIN_EVENT_H
#define SCORER_LOGIN_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/ip_address.h"
#include "scorer/login_id.h"
#include "scorer/place.h"

/* LOGIN_METHOD(symbol, name) */
#define LOGIN_METHODS                                                                              \
    LOGIN_METHOD(UNKNOWN, "unknown")                                                               \
    LOGIN_METHOD(PASSWORD, "password")                                                             \
    LOGIN_METHOD(KEYBOARD_INTERACTIVE, "keyboard-interactive")                                     \
    LOGIN_METHOD(PUBLICKEY, "publickey")                                                           \
    LOGIN_METHOD(GSSAPI, "gssapi")                                                                 \
    LOGIN_METHOD(HOSTBASED, "hostbased")                                                           \
    LOGIN_METHOD(TWO_FACTOR, "publickey+keyboard-interactive") /* a key, then a conversation */    \
    LOGIN_METHOD(PAM, "pam")         /* a PAM conversation: password or keyboard-interactive */    \
    LOGIN_METHOD(NOT_PAM, "not-pam") /* a method that skipped PAM's auth: a key, a ticket */

enum login_method {
#define LOGIN_METHOD(symbol, name) METHOD_##symbol,
    LOGIN_METHODS
#undef LOGIN_METHOD
        METHOD_COUNT
};

/*
 * The stages of a login, each a record of its own with the same id:
 * an attempt is scored; accepted: its credential was right; opened: its session began, which is
 * what completes it; closed: its session ended. An attempt that is never accepted has failed.
 */
#define LOGIN_STAGES                                                                               \
    LOGIN_STAGE(ATTEMPT, "attempt")                                                                \
    LOGIN_STAGE(ACCEPTED, "accepted")                                                              \
    LOGIN_STAGE(OPENED, "opened")                                                                  \
    LOGIN_STAGE(CLOSED, "closed")

enum login_stage {
#define LOGIN_STAGE(symbol, name) STAGE_##symbol,
    LOGIN_STAGES
#undef LOGIN_STAGE
        STAGE_COUNT
};

#define LOGIN_USER_BYTES    256
#define LOGIN_HOST_BYTES    65
#define LOGIN_SERVICE_BYTES 32
#define LOGIN_DEVICE_BYTES  96
#define LOGIN_KEY_BYTES     64

#define LOGIN_TIME_MAX_US INT64_C(253402300799999999) /* the end of the year 9999 */

#define NEW_USER 0x80

struct login_event {
    struct login_id id;
    enum login_stage stage;
    int64_t time_us;      /* UTC, 0 to LOGIN_TIME_MAX_US */
    int32_t utc_offset_s; /* the host's zone then: habits of the clock are local */
    enum login_method method;
    char user[LOGIN_USER_BYTES];       /* as the client gave it, not escaped; cut, never empty */
    char host[LOGIN_HOST_BYTES];       /* the machine logged in to */
    char service[LOGIN_SERVICE_BYTES]; /* PAM service: sshd, login, su */
    struct ip_address source;          /* none for a console */
    uint16_t source_port;
    uint64_t connection; /* key that is equal in all hooks of one connection; 0: none */
    struct place place;
    char device[LOGIN_DEVICE_BYTES]; /* the client's TCP stack, or the name a history gives it; ""
                                        when unknown */
    char key[LOGIN_KEY_BYTES]; /* "SHA256:…" of the public key, "" when none or not known yet */
    int32_t rtt_us;            /* smallest round trip of the connection; -1: unknown */
    int64_t bytes_in;          /* from the client during the session; -1: unknown */
    int64_t bytes_out;         /* to the client; -1: unknown */
    int64_t duration_s;        /* of the session; -1: unknown */
    bool learn;                /* OPENED and CLOSED only: this login may become familiar */
    uint8_t new_values;        /* OPENED only: bit 1 << enum population_value is set when the
                                  value was new to this user, NEW_USER for a first login */
};

/* Everything unknown, zero or none. */
void login_event_init(struct login_event *event);

const char *login_method_name(enum login_method method); /* "unknown" outside the table */
/* METHOD_UNKNOWN when there is none. Both of sshd's, gssapi-with-mic and gssapi-keyex, are GSSAPI.
 */
enum login_method login_method_from_name(const char *name);
const char *login_stage_name(enum login_stage stage);

/* Keys of familiar values; 0 when not known. A reserved range is no evidence of a network: 0. */
uint64_t login_prefix_key(const struct login_event *event);
uint64_t login_device_key(const struct login_event *event);
uint64_t login_public_key_key(const struct login_event *event);

/*
 * The codec of journal records. A decoded event is valid: enums and numbers in range, text ended,
 * lengths kept, a user; the reader has failed otherwise.
 */
void login_event_put(struct byte_writer *writer, const struct login_event *event);
void login_event_get(struct byte_reader *reader, struct login_event *event);

#endif
