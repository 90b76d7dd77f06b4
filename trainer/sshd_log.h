/*
 * sshd's messages, in their order, as logins.
 *
 * A failed attempt is a "Failed" message, or PAM's error where sshd says no more (it keeps the
 * failed conversations of known users to itself unless it is verbose). Not attempts: "Failed none"
 * (a client asking which methods there are) and "Failed publickey" (a key offered in vain): a PAM
 * module never sees either.
 */
#ifndef TRAINER_SSHD_LOG_H
#define TRAINER_SSHD_LOG_H

#include "trainer/import_format.h"

struct sshd_log;

/* Where and when a message was written. */
struct sshd_origin {
    const char *host; /* not ended by NUL */
    size_t host_length;
    int32_t pid;
    int64_t time_us;
    int32_t utc_offset_s;
    bool unprivileged; /* the writer is known not to have been root */
};

bool sshd_log_create(struct sshd_log **log, struct import_reading *reading,
                     struct error *error) MUST_USE;

/* text, which is changed, is the reading's current line or a part of it. */
bool sshd_log_add(struct sshd_log *log, const struct sshd_origin *origin, char *text,
                  struct error *error) MUST_USE;

/* Hands out the logins that are open: those whose connection ended are over. */
bool sshd_log_finish(struct sshd_log *log, struct error *error) MUST_USE;
void sshd_log_destroy(struct sshd_log *log);

#endif
