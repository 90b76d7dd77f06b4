/*
 * The certificate of HTTPS: each handshake takes the one that is in force then, so that another can
 * be put there while the service runs. One in the process, as GnuTLS tells its callback of no
 * other. Thread-safe.
 */
#ifndef DASHBOARD_CERTIFICATE_H
#define DASHBOARD_CERTIFICATE_H

#include <gnutls/abstract.h>

#include "dashboard/pem.h"

/*
 * Puts a certificate in force. On an error (no certificate, no key, a key of another certificate)
 * the one before stays. files: for sentences.
 */
bool certificate_use(const struct pem *pem, const struct pem_files *files,
                     struct error *error) MUST_USE;

void certificate_forget(void);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK2. */
gnutls_certificate_retrieve_function3 certificate_retrieve;

#endif
