/*
 * A machine for tests: a directory with a store, a configuration and PAM stacks of its own, a log,
 * and anomalyd when it is wanted. Logins go through the real libpam and the real module. Everything
 * that cannot be set up fails the test.
 */
#ifndef TESTS_PAM_MACHINE_H
#define TESTS_PAM_MACHINE_H

#include <sys/types.h>

#include "store/store.h"

/* What a busy machine may take beyond a deadline; an instrumented program is slower. */
#ifdef PAM_ANOMALY_SANITIZED
#define MACHINE_SLACK_US 1500000
#else
#define MACHINE_SLACK_US 300000
#endif

#define MACHINE_SERVICE_UID 990 /* owner of the store, as whom workers and anomalyd run */

struct machine {
    char root[64]; /* all of it; removed by machine_destroy */
    char store[96];
    char config[96];
    char stacks[96];
    pid_t daemon; /* 0: not running */
    int log_fd;   /* /dev/log */
    char *log;    /* what came there and was not taken yet */
};

/* options: lines of configuration beyond store, geo = none, exemptions. NULL: none. */
void machine_create(struct machine *machine, const char *options);
void machine_destroy(struct machine *machine);

void machine_configure(struct machine *machine, const char *options);
/* Writes the configuration as it is given, whatever it says. */
void machine_configure_raw(struct machine *machine, const char *text);

void machine_start_daemon(struct machine *machine);
void machine_stop_daemon(struct machine *machine, int signal_number);

/* One login; fields that are NULL are not set. */
struct login {
    const char *service; /* of the stacks: "sshd", "login", "step-up" */
    const char *user;
    const char *connection;   /* SSH_CONNECTION */
    const char *first_factor; /* SSH_AUTH_INFO_0 as the second factor finds it, set before auth */
    const char *auth_info;    /* SSH_AUTH_INFO_0, set before the session opens */
    const char *remote_host;  /* PAM_RHOST */
    void (*while_open)(void *context); /* called between the session's two hooks */
    void *context;
    bool skip_auth;      /* as sshd does for a public key */
    bool wrong_password; /* auth is called and the login ends there */
    bool skip_session;
};

#define NOT_CALLED (-1)

struct outcome {
    int auth, account, open, close; /* PAM codes, NOT_CALLED when libpam was not asked */
    char message[256];              /* what the user was told */
};

void machine_login(struct machine *machine, const struct login *login, struct outcome *outcome);

/* What reached the log since the last call; valid until the next one. Never NULL. */
const char *machine_log(struct machine *machine);

/* Waits until the store has that many logins, 60 s at most, and fails otherwise. */
void machine_wait_logins(struct machine *machine, int64_t count);
int64_t machine_count_logins(struct machine *machine);

/* The newest stored login of a user; waits until its stage is reached, 60 s at most. */
void machine_wait_login(struct machine *machine, const char *user, enum login_stage reached,
                        struct stored_login *login);
bool machine_profile(struct machine *machine, const char *user, struct profile *profile);

/* Runs work as the service's user in a process of its own; its result is copied back. */
typedef bool machine_work(struct machine *machine, void *result);
bool machine_as_service(struct machine *machine, machine_work *work, void *result, size_t size);

#endif
