#include "dashboard/pem.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/trusted_file.h"
#include "common/wait_ready.h"
#include "dashboard/root_process.h"

/* Of one question. It crosses the socket as a record of one program, as far as its texts go. */
struct pem_answer {
    uint64_t number; /* the question's */
    bool done;
    char texts[2 * (PEM_MAX_BYTES + 1)]; /* the chain and the key; or what is wrong; with NULs */
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

static bool answer(int descriptor, uint64_t number, const struct pem_files *files)
{
    static struct pem_answer answer;
    struct error error = ERROR_NONE;
    struct pem pem;

    answer.number = number;
    answer.done = pem_read(files, &pem, &error);
    char *end = stpcpy(answer.texts, answer.done ? pem.chain : error.text) + 1;
    if (answer.done)
        end = stpcpy(end, pem.key) + 1;
    pem_free(&pem);
    size_t size = (size_t)(end - (char *)&answer);
    bool sent = send(descriptor, &answer, size, MSG_NOSIGNAL) == (ssize_t)size;
    explicit_bzero(&answer, size);
    return sent;
}

static void serve(int descriptor, const void *files)
{
    uint64_t number;

    while (recv(descriptor, &number, sizeof(number), 0) == sizeof(number) &&
           answer(descriptor, number, files)) {
    }
}

bool pem_reader_start(const struct pem_files *files, struct pem_reader *reader, struct error *error)
{
    *reader = (struct pem_reader){.descriptor = -1};
    return root_process_start("the process that reads the certificate", serve, files,
                              &reader->descriptor, error);
}

/* ---- asking it ------------------------------------------------------------------------------ */

static bool set_ended(struct error *error)
{
    return error_set(error, FAULT_NONE,
                     "the process that reads its files has ended; restart the service");
}

/* Answers that came too late for an earlier question are passed over. */
static bool take_answer(struct pem_reader *reader, struct pem_answer *answer, struct error *error)
{
    int64_t deadline_us = clock_monotonic_us() + PEM_DEADLINE_S * US_PER_S;

    reader->asked++;
    if (send(reader->descriptor, &reader->asked, sizeof(reader->asked),
             MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno != EAGAIN) /* it has as many to answer as there is room for */
        return set_ended(error);
    do {
        if (!wait_ready(reader->descriptor, POLLIN, deadline_us))
            return error_set(error, FAULT_NONE, "the process that reads its files gives no answer");
        if (recv(reader->descriptor, answer, sizeof(*answer), MSG_DONTWAIT) <= 0)
            return set_ended(error);
    } while (answer->number != reader->asked);
    return true;
}

static bool copy_texts(const struct pem_answer *answer, struct pem *pem, struct error *error)
{
    pem->chain = strdup(answer->texts);
    pem->key = strdup(answer->texts + strlen(answer->texts) + 1);
    if (pem->chain != NULL && pem->key != NULL)
        return true;
    pem_free(pem);
    return error_set(error, FAULT_NONE, "no memory for its files");
}

bool pem_ask(struct pem_reader *reader, struct pem *pem, struct error *error)
{
    struct pem_answer *answer = calloc(1, sizeof(*answer));

    *pem = (struct pem){.chain = NULL};
    if (answer == NULL)
        return error_set(error, FAULT_NONE, "no memory for its files");
    bool done = take_answer(reader, answer, error) &&
                (answer->done ? copy_texts(answer, pem, error)
                              : error_set(error, FAULT_CONFIG, "%s", answer->texts));
    explicit_bzero(answer, sizeof(*answer));
    free(answer);
    return done;
}
