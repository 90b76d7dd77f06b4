/* What became of the lines (or rows, or records) of a history. */
#ifndef TRAINER_IMPORT_COUNTS_H
#define TRAINER_IMPORT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SKIPPED(symbol, name, unread, what the lines are). unread: 1 when such a line should have told
 * something and could not be read; the first of them are shown.
 */
#define SKIPPED_LINES                                                                              \
    SKIPPED(MALFORMED, "malformed", 1, "not in the format")                                        \
    SKIPPED(TOO_LONG, "too_long", 1, "too long")                                                   \
    SKIPPED(NO_TIME, "no_time", 1, "with no time, or one that no clock shows")                     \
    SKIPPED(NO_USER, "no_user", 1, "without a user")                                               \
    SKIPPED(NO_ADDRESS, "no_address", 1, "whose address is missing or not numeric")                \
    SKIPPED(BAD_VALUE, "bad_value", 1, "with a value that cannot be")                              \
    SKIPPED(OTHER, "other", 1, "messages of sshd that are not known")                              \
    SKIPPED(UNPRIVILEGED, "unprivileged", 1, "in sshd's name, of a process that was not root's")   \
    SKIPPED(EMPTY, "empty", 0, "empty")                                                            \
    SKIPPED(OTHER_PROGRAM, "other_program", 0, "of other programs")                                \
    SKIPPED(PAM_FAILURE, "pam_failure", 0, "PAM's words about attempts that sshd reports itself")  \
    SKIPPED(INVALID_USER, "invalid_user", 0,                                                       \
            "notes on names that may not log in; attempts follow")                                 \
    SKIPPED(NONE_METHOD, "none_method", 0, "questions for the methods there are")                  \
    SKIPPED(KEY_OFFERED, "key_offered", 0, "public keys offered, in vain or not yet proved")       \
    SKIPPED(CONNECTION, "connection", 0, "connections without a login")                            \
    SKIPPED(SESSION, "session", 0, "ends of sessions whose login is not in the file")              \
    SKIPPED(INSIDE, "inside", 0, "what was done inside sessions")                                  \
    SKIPPED(SERVER, "server", 0, "sshd about itself")                                              \
    SKIPPED(TERMINAL, "terminal", 0, "terminals opened inside a session")                          \
    SKIPPED(SYSTEM, "system", 0, "the machine's own records: boots, run levels, idle terminals")

enum skipped_line {
#define SKIPPED(symbol, name, unread, meaning) SKIPPED_##symbol,
    SKIPPED_LINES
#undef SKIPPED
        SKIPPED_COUNT
};

struct skipped_kind {
    const char *name;
    bool unread;
    const char *meaning;
};
extern const struct skipped_kind SKIPPED_KINDS[SKIPPED_COUNT];

#define UNREAD_SHOWN      5
#define UNREAD_TEXT_BYTES 121

struct unread_line {
    int64_t number; /* from 1 */
    enum skipped_line kind;
    char text[UNREAD_TEXT_BYTES]; /* its beginning, utf8_show() has been over it */
};

struct import_counts {
    int64_t lines;    /* each belongs to a login or is skipped */
    int64_t logins;   /* completed */
    int64_t failures; /* attempts that failed; a line may report several */
    int64_t sessions; /* whose end is known */
    int64_t skipped[SKIPPED_COUNT];
    size_t unread_count; /* at most UNREAD_SHOWN */
    struct unread_line unread[UNREAD_SHOWN];
};

/* Counts a line that is skipped, and keeps its text when it is one to show. */
void import_skip(struct import_counts *counts, enum skipped_line kind, int64_t number,
                 const char *text, size_t length);

int64_t import_skipped_in_all(const struct import_counts *counts);

#endif
