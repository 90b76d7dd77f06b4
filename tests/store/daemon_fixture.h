/* anomalyd as it is built, on a test's own store: started, watched, ended. */
#ifndef TESTS_STORE_DAEMON_FIXTURE_H
#define TESTS_STORE_DAEMON_FIXTURE_H

#include "common/clock.h"
#include "fixture.h"

#define DAEMON_WAIT_US (60 * US_PER_S) /* until a test gives up */
/* The fixture's logins are of a day long ago. */
#define KEEP "keep_logins = 36500d\nkeep_failures = 36500d\n"

struct daemon {
    pid_t pid;
    int manager; /* our end of the notification socket */
    char config[FIXTURE_PATH_BYTES];
    char log[FIXTURE_PATH_BYTES];
};

/* config: what the file says. Its output goes to a new log. */
struct daemon daemon_start(const char *program, const char *directory, const char *config);

void daemon_write_config(const struct daemon *daemon, const char *text);

/* Waits for the next notification, or for words in the log; another or none fails the test. */
void daemon_expect_state(const struct daemon *daemon, const char *state);
void daemon_expect_words(const struct daemon *daemon, const char *words);
void daemon_expect_times(const struct daemon *daemon, const char *words, unsigned times);
bool daemon_log_says(const struct daemon *daemon, const char *words);

void daemon_expect_exit(struct daemon *daemon, int expected);
/* By SIGTERM, which it must follow in an orderly way. */
void daemon_stop(struct daemon *daemon);

#endif
