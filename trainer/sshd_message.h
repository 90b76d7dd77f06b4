/*
 * What one message of sshd says, in the words of OpenSSH 5 to 10. What a client chose (a user name)
 * may hold any byte and any text; nothing in it is taken for sshd's own words: the address of a
 * failed attempt is the last one that the line can end with (of hostbased, where the client's words
 * stand behind it, the first, and none when the user is unknown too), other addresses stand where
 * sshd puts them.
 */
#ifndef TRAINER_SSHD_MESSAGE_H
#define TRAINER_SSHD_MESSAGE_H

#include "scorer/login_event.h"
#include "trainer/import_counts.h"

enum sshd_message_kind {
    SSHD_SKIPPED,        /* tells of no attempt and no session; skipped says what it is */
    SSHD_ACCEPTED,       /* a credential was right: user, source, port, method, key */
    SSHD_PARTIAL,        /* likewise, but another is asked for */
    SSHD_FAILED,         /* an attempt failed: user, source, port, method */
    SSHD_PAM_FAILED,     /* PAM refused: user, source. A Failed message about it may follow */
    SSHD_SESSION_OPENED, /* of this process */
    SSHD_SESSION_CLOSED, /* of this process */
    SSHD_DISCONNECTED,   /* after a login: source and port when they are named */
    SSHD_TRANSFERRED,    /* bytes_in, bytes_out of this process's connection */
    SSHD_CHILD,          /* child: the process that the session's own messages come from */
};

/* Texts point into the message and are not ended by NUL. */
struct sshd_message {
    enum sshd_message_kind kind;
    enum skipped_line skipped;
    enum login_method method;
    const char *user, *key;
    size_t user_length, key_length; /* key: 0 when there is none with a SHA-256 fingerprint */
    struct ip_address source;       /* none when it is not named */
    uint16_t port;
    int repeats; /* 1, or as often as "message repeated" says: FAILED and PAM_FAILED only */
    int64_t bytes_in, bytes_out;
    int32_t child;
};

/* text is changed where a repeated message's bracket closes. */
void sshd_message_parse(char *text, struct sshd_message *message);

/* Whether a program of that name writes such messages. */
bool sshd_program(const char *name, size_t length);

#endif
