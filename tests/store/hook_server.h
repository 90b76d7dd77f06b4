/* An HTTP server of a test's own, in a process of its own: keeps what it is sent, answers by plan.
 */
#ifndef TESTS_STORE_HOOK_SERVER_H
#define TESTS_STORE_HOOK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct hook_server {
    pid_t pid;
    int port; /* on 127.0.0.1 */
    char directory[200];
};

/* plan: one status for each request, the last one for all further ones; 0: no answer at all. */
struct hook_server hook_server_start(const char *directory, const int *plan, size_t count);
void hook_server_stop(struct hook_server *server);

/* How many requests came so far. */
int hook_server_requests(const struct hook_server *server);

/* Request number n, from 0: its head and body, ended, which the caller frees. */
char *hook_server_request(const struct hook_server *server, int n);

#endif
