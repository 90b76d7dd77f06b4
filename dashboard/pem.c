#include "dashboard/pem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/trusted_file.h"
#include "common/wait_ready.h"

/* What crosses the socket, as a record of one program; the files' bytes come behind it. */
struct pem_answer {
    bool done;
    size_t chain_bytes, key_bytes; /* without a NUL */
    char problem[ERROR_TEXT_BYTES];
};

bool pem_read(const struct pem_files *files, struct pem *pem, struct error *error)
{
    size_t size;

    *pem = (struct pem){.chain = NULL};
    if (trusted_file_read(files->chain, geteuid(), PEM_MAX_BYTES, FAULT_CONFIG, &pem->chain, &size,
                          error) &&
        trusted_file_read(files->key, geteuid(), PEM_MAX_BYTES, FAULT_CONFIG, &pem->key, &size,
                          error))
        return true;
    pem_free(pem);
    return false;
}

void pem_free(struct pem *pem)
{
    if (pem->key != NULL)
        explicit_bzero(pem->key, strlen(pem->key));
    free(pem->key);
    free(pem->chain);
    *pem = (struct pem){.chain = NULL};
}

/* ---- the process ---------------------------------------------------------------------------- */

static bool send_all(int descriptor, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t sent = send(descriptor, at, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool answer(int descriptor, const struct pem_files *files)
{
    struct pem_answer answer = {.done = false};
    struct error error = ERROR_NONE;
    struct pem pem;

    answer.done = pem_read(files, &pem, &error);
    memcpy(answer.problem, error.text, sizeof(answer.problem));
    if (answer.done) {
        answer.chain_bytes = strlen(pem.chain);
        answer.key_bytes = strlen(pem.key);
    }
    bool sent = send_all(descriptor, &answer, sizeof(answer)) &&
                send_all(descriptor, pem.chain, answer.chain_bytes) &&
                send_all(descriptor, pem.key, answer.key_bytes);
    pem_free(&pem);
    return sent;
}

/* Nothing of the service is open here but the socket and what it logs to. */
static _Noreturn void become_reader(int descriptor, const struct pem_files *files)
{
    sigset_t none;
    char question;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_IGN); /* a reload of the service is none of ours */
    if (dup2(descriptor, 3) != 3)
        _exit(1);
    closefrom(4);
    while (recv(3, &question, 1, 0) == 1 && answer(3, files)) {
    }
    _exit(0);
}

bool pem_reader_start(const struct pem_files *files, int *descriptor, struct error *error)
{
    int ends[2];
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set_errno(error, FAULT_NONE, errno, "cannot make a socket");
    child = fork();
    if (child == 0) {
        close(ends[0]);
        become_reader(ends[1], files);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return error_set_errno(error, FAULT_NONE, errno,
                               "cannot start the process that reads the certificate");
    }
    *descriptor = ends[0];
    return true;
}

/* ---- asking it ------------------------------------------------------------------------------ */

static bool take(int descriptor, void *bytes, size_t size, int64_t deadline_us)
{
    for (char *at = bytes; size > 0;) {
        ssize_t got = wait_ready(descriptor, POLLIN, deadline_us)
                          ? recv(descriptor, at, size, MSG_DONTWAIT)
                          : -1;

        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static char *take_text(int descriptor, size_t size, int64_t deadline_us)
{
    char *text = size <= PEM_MAX_BYTES ? malloc(size + 1) : NULL;

    if (text == NULL)
        return NULL;
    text[size] = '\0';
    if (take(descriptor, text, size, deadline_us))
        return text;
    explicit_bzero(text, size);
    free(text);
    return NULL;
}

bool pem_ask(int descriptor, struct pem *pem, struct error *error)
{
    int64_t deadline_us = clock_monotonic_us() + PEM_DEADLINE_S * US_PER_S;
    struct pem_answer answer;

    *pem = (struct pem){.chain = NULL};
    if (send(descriptor, "", 1, MSG_NOSIGNAL) != 1 ||
        !take(descriptor, &answer, sizeof(answer), deadline_us))
        return error_set(error, FAULT_NONE, "the process that reads its files gives no answer");
    answer.problem[sizeof(answer.problem) - 1] = '\0';
    if (!answer.done)
        return error_set(error, FAULT_CONFIG, "%s", answer.problem);
    pem->chain = take_text(descriptor, answer.chain_bytes, deadline_us);
    if (pem->chain != NULL)
        pem->key = take_text(descriptor, answer.key_bytes, deadline_us);
    if (pem->key != NULL)
        return true;
    pem_free(pem);
    return error_set(error, FAULT_NONE, "the process that reads its files breaks off");
}
