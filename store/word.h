/*
 * A person's word on what happened, as a record of a journal: "ctl", in the store's directory,
 * which anomalyctl appends to, and "dashboard", in a directory of its own inside it that belongs to
 * another user. What the latter says is believed no further than word_decode() and
 * store_fold_word() check it.
 *
 *     u8 version, 1: a label (login_label.h) and nothing else, 2: what follows
 *     u8 kind, i64 time, u32 uid, text by, text why, and what is of that kind alone
 */
#ifndef STORE_WORD_H
#define STORE_WORD_H

#include "common/exemptions.h"
#include "store/login_label.h"

#define WORD_PRODUCER         "dashboard"
#define WORD_DIRECTORY        "dashboard" /* in the store's directory */
#define WORD_CHANNEL_BYTES    64
#define WORD_MAX_BYTES        1024
#define WORDS_MAX_FILE_BYTES  (INT64_C(64) << 20) /* of a journal of the dashboard's */
#define EXCEPTION_MOST_DAYS   90
#define EXCEPTIONS_MOST       200
#define EXCEPTION_LEAST_BITS4 16 /* wider networks are the configuration's to exempt */
#define EXCEPTION_LEAST_BITS6 32
#define HISTORY_FORMAT_BYTES  16
#define HISTORY_FILE_BYTES    128
#define HISTORY_DIRECTORY     "analyses" /* in WORD_DIRECTORY; in it JOB.HISTORY_UPLOAD */
#define HISTORY_UPLOAD        "upload"
#define HISTORY_JOB_BYTES     17                   /* JOB: 16 hexadecimal digits */
#define HISTORY_MOST_BYTES    (INT64_C(256) << 20) /* of an upload */

/* WORD_KIND(symbol, number in a record, name) */
#define WORD_KINDS                                                                                 \
    WORD_KIND(LABEL, 1, "label")                                                                   \
    WORD_KIND(LATER, 2, "later") /* a login is left for later in triage, or not any more */        \
    WORD_KIND(EXCEPTION, 3, "exception")                                                           \
    WORD_KIND(ALERT_SEEN, 4, "acknowledged")                                                       \
    WORD_KIND(ALERT_TEST, 5, "test") /* a message is to be sent through a channel */               \
    WORD_KIND(IMPORT, 6, "import")   /* an uploaded history is to enter the store */

enum word_kind {
#define WORD_KIND(symbol, number, name) WORD_##symbol = (number),
    WORD_KINDS
#undef WORD_KIND
};

/* HISTORY_STATE(symbol, number in a record, name): how far the import of a history is. */
#define HISTORY_STATES                                                                             \
    HISTORY_STATE(ASKED, 1, "asked")                                                               \
    HISTORY_STATE(RUNNING, 2, "running")                                                           \
    HISTORY_STATE(DONE, 3, "done")                                                                 \
    HISTORY_STATE(FAILED, 4, "failed")

enum history_state {
#define HISTORY_STATE(symbol, number, name) HISTORY_##symbol = (number),
    HISTORY_STATES
#undef HISTORY_STATE
};

struct asked_history {
    uint64_t job; /* names the upload */
    enum history_state state;
    uint8_t begun;                     /* how often its import was */
    char format[HISTORY_FORMAT_BYTES]; /* history_format_is_known() */
    char file[HISTORY_FILE_BYTES];     /* what it was called where it came from, or "" */
};

struct word {
    enum word_kind kind;
    int64_t time_us; /* UTC, when it was given */
    uint32_t uid;    /* of the process that wrote it */
    char by[LOGIN_LABEL_BY_BYTES];
    char why[LOGIN_LABEL_WHY_BYTES]; /* "": nothing was said */
    struct login_id login;           /* LABEL, LATER */
    enum login_label_value label;    /* LABEL */
    char family[LOGIN_FAMILY_BYTES]; /* LABEL: of an attack, or "" */
    bool later;                      /* LATER */
    struct exemption exemption;      /* EXCEPTION: canonical; until_s 0: it is revoked */
    uint64_t alert;                  /* ALERT_SEEN: its id */
    char channel[WORD_CHANNEL_BYTES];
    struct asked_history history; /* IMPORT; once it has ended, why says what it came to */
};

const char *word_kind_name(enum word_kind kind);
const char *history_state_name(enum history_state state);
const char *history_job_format(uint64_t job, char text[HISTORY_JOB_BYTES]);

/* Returns the bytes used. */
size_t word_encode(const struct word *word, uint8_t bytes[WORD_MAX_BYTES]);

/*
 * A decoded word is valid throughout: its texts are bounded and, but for a label's, plain; its
 * subject is canonical. Anything else is refused; so is a record of a login.
 */
bool word_decode(struct word *word, const void *bytes, size_t size, struct error *error) MUST_USE;

/* Whether somebody is named and all its texts are utf8_is_plain(). */
bool word_is_plain(const struct word *word);

/* Whether a network is no wider than exceptions made by a word may be. A user's always is. */
bool exception_is_narrow(const struct exemption *exemption);

/*
 * Appends a word to the dashboard's journal in that store, whose directory it makes when it is
 * missing and the caller may.
 */
bool word_append(const char *store, const struct word *word, struct error *error) MUST_USE;

#endif
