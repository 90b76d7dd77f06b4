/*
 * The files of HTTPS: a certificate with its chain, and its key. They may be root's alone, so a
 * service that gives root up leaves a process behind that reads these two again when it is asked.
 */
#ifndef DASHBOARD_PEM_H
#define DASHBOARD_PEM_H

#include <stdint.h>

#include "common/error.h"

#define PEM_MAX_BYTES  (64 * 1024) /* of one file; the two of them go into one message */
#define PEM_DEADLINE_S 10          /* after which an answer is given up */

struct pem_files {
    const char *chain, *key; /* paths */
};

/* Texts that end with a NUL. */
struct pem {
    char *chain, *key;
};

/* Both files, root's or the caller's and writable by nobody else. *pem is the caller's to free. */
bool pem_read(const struct pem_files *files, struct pem *pem, struct error *error) MUST_USE;
void pem_free(struct pem *pem); /* the key is wiped */

/* A process that reads them. */
struct pem_reader {
    int descriptor; /* to ask it by; -1: there is none */
    uint64_t asked; /* the number of the last question */
};

/*
 * Forks it; it ends when the descriptor, the caller's, is closed. Before there are threads, and
 * before root is given up.
 */
bool pem_reader_start(const struct pem_files *files, struct pem_reader *reader,
                      struct error *error) MUST_USE;

/*
 * As pem_read(), of that process. One that is late is given up for this time: the next question is
 * never answered by what was read for an earlier one. One caller at a time.
 */
bool pem_ask(struct pem_reader *reader, struct pem *pem, struct error *error) MUST_USE;

#endif
