/*
 * The files of HTTPS: a certificate with its chain, and its key. They may be root's alone, so a
 * service that gives root up leaves a process behind that reads these two again when it is asked.
 */
#ifndef DASHBOARD_PEM_H
#define DASHBOARD_PEM_H

#include "common/error.h"

#define PEM_MAX_BYTES  (256 * 1024) /* of one file */
#define PEM_DEADLINE_S 10           /* after which an answer is given up */

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

/*
 * Forks the process that reads them, which ends when the socket is closed; *descriptor is the
 * caller's end. Before there are threads, and before root is given up.
 */
bool pem_reader_start(const struct pem_files *files, int *descriptor, struct error *error) MUST_USE;

/* As pem_read(), of that process. One caller at a time. */
bool pem_ask(int descriptor, struct pem *pem, struct error *error) MUST_USE;

#endif
