/*
 * sshd's log as logins. What became of every line is counted. What a client chose (a user name) may
 * hold any byte and any text; nothing in it is taken for sshd's own words: addresses are looked for
 * from the end of lines that end with them.
 *
 * A failed attempt is a "Failed" line; PAM's own lines about the same failure are counted as notes.
 * Not attempts: "Failed none" (a client asking which methods there are) and "Failed publickey" (a
 * key offered in vain): a PAM module never sees either.
 */
#ifndef TRAINER_IMPORT_SSHD_H
#define TRAINER_IMPORT_SSHD_H

#include <stdio.h>

#include "store/store.h"

/* SKIPPED(symbol, name, what the lines are) */
#define SKIPPED_LINES                                                                              \
    SKIPPED(MALFORMED, "malformed", "not a line of a system log")                                  \
    SKIPPED(OTHER_PROGRAM, "other_program", "of other programs")                                   \
    SKIPPED(PAM_FAILURE, "pam_failure", "PAM's words about attempts that sshd reports itself")     \
    SKIPPED(INVALID_USER, "invalid_user", "notes on unknown names, whose attempts follow")         \
    SKIPPED(NONE_METHOD, "none_method", "questions for the methods there are")                     \
    SKIPPED(KEY_OFFERED, "key_offered", "public keys offered in vain")                             \
    SKIPPED(CONNECTION, "connection", "connections that ended without a login")                    \
    SKIPPED(SESSION, "session", "sessions whose login is not in the file")                         \
    SKIPPED(NO_ADDRESS, "no_address", "logins whose address is not numeric")                       \
    SKIPPED(TOO_LONG, "too_long", "longer than 8 KiB")                                             \
    SKIPPED(OTHER, "other", "other messages of sshd")

enum skipped_line {
#define SKIPPED(symbol, name, meaning) SKIPPED_##symbol,
    SKIPPED_LINES
#undef SKIPPED
        SKIPPED_COUNT
};

const char *skipped_line_name(enum skipped_line kind);

struct import_counts {
    int64_t lines;    /* each belongs to a login or is skipped */
    int64_t logins;   /* completed */
    int64_t failures; /* attempts that failed; a line may report several */
    int64_t sessions; /* whose end is known */
    int64_t skipped[SKIPPED_COUNT];
};

struct import_source {
    FILE *in;          /* read twice: must be seekable */
    int last_year;     /* of the last line, for lines without one; 0: from newest_us */
    int64_t newest_us; /* no line is later than this */
    bool utc;          /* times without a zone are UTC */
};

/* Hands out logins without id, place or stored state, in no strict order. False stops. */
typedef bool import_visitor(void *context, const struct stored_login *login, struct error *error);

/* *year_assumed: the year taken for the last line without one, 0 when all lines have one. */
bool import_sshd(const struct import_source *source, import_visitor *visit, void *context,
                 struct import_counts *counts, int *year_assumed, struct error *error) MUST_USE;

#endif
