#include "dashboard/certificate.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ID_BYTES 64

struct certificate {
    gnutls_x509_crt_t *chain; /* GnuTLS's memory */
    unsigned length;
    gnutls_x509_privkey_t key;
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct certificate in_force;

static void finish(struct certificate *certificate)
{
    for (unsigned i = 0; i < certificate->length; i++)
        gnutls_x509_crt_deinit(certificate->chain[i]);
    gnutls_free(certificate->chain);
    if (certificate->key != NULL)
        gnutls_x509_privkey_deinit(certificate->key);
    *certificate = (struct certificate){.chain = NULL};
}

static gnutls_datum_t datum_of(char *text)
{
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

static bool refuse(struct error *error, const char *path, const char *what, int code)
{
    return error_set(error, FAULT_CONFIG, "%s holds no %s: %s", path, what, gnutls_strerror(code));
}

static bool belongs_together(const struct certificate *certificate)
{
    unsigned char of_chain[KEY_ID_BYTES], of_key[KEY_ID_BYTES];
    size_t chain_bytes = sizeof(of_chain), key_bytes = sizeof(of_key);

    return gnutls_x509_crt_get_key_id(certificate->chain[0], GNUTLS_KEYID_USE_SHA256, of_chain,
                                      &chain_bytes) == 0 &&
           gnutls_x509_privkey_get_key_id(certificate->key, GNUTLS_KEYID_USE_SHA256, of_key,
                                          &key_bytes) == 0 &&
           chain_bytes == key_bytes && memcmp(of_chain, of_key, key_bytes) == 0;
}

static bool parse(struct certificate *certificate, const struct pem *pem,
                  const struct pem_files *files, struct error *error)
{
    gnutls_datum_t chain = datum_of(pem->chain), key = datum_of(pem->key);
    int code = gnutls_x509_crt_list_import2(&certificate->chain, &certificate->length, &chain,
                                            GNUTLS_X509_FMT_PEM, 0);

    if (code < 0) {
        certificate->chain = NULL;
        certificate->length = 0;
        return refuse(error, files->chain, "certificate", code);
    }
    code = gnutls_x509_privkey_init(&certificate->key);
    if (code == 0)
        code = gnutls_x509_privkey_import2(certificate->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code < 0)
        return refuse(error, files->key, "key without a password", code);
    return belongs_together(certificate) ||
           error_set(error, FAULT_CONFIG, "the key in %s is not that of the certificate in %s",
                     files->key, files->chain);
}

bool certificate_use(const struct pem *pem, const struct pem_files *files, struct error *error)
{
    struct certificate certificate = {.chain = NULL}, before;

    if (!parse(&certificate, pem, files, error)) {
        finish(&certificate);
        return false;
    }
    pthread_rwlock_wrlock(&lock);
    before = in_force;
    in_force = certificate;
    pthread_rwlock_unlock(&lock);
    finish(&before);
    return true;
}

void certificate_forget(void)
{
    finish(&in_force);
}

/* ---- what a handshake takes ----------------------------------------------------------------- */

static void give_back(gnutls_pcert_st *chain, unsigned length, gnutls_privkey_t key)
{
    for (unsigned i = 0; i < length; i++)
        gnutls_pcert_deinit(&chain[i]);
    gnutls_free(chain);
    if (key != NULL)
        gnutls_privkey_deinit(key);
}

/* Copies, which GnuTLS frees: the handshake may end when another certificate is in force. */
static int copy(gnutls_pcert_st **chain, unsigned *length, gnutls_privkey_t *key)
{
    gnutls_pcert_st *copied = gnutls_calloc(in_force.length, sizeof(*copied));
    gnutls_privkey_t own = NULL;
    unsigned count = 0;
    int code = copied == NULL ? GNUTLS_E_MEMORY_ERROR : gnutls_privkey_init(&own);

    if (code == 0)
        code = gnutls_privkey_import_x509(own, in_force.key, GNUTLS_PRIVKEY_IMPORT_COPY);
    while (code == 0 && count < in_force.length) {
        code = gnutls_pcert_import_x509(&copied[count], in_force.chain[count], 0);
        count += code == 0;
    }
    if (code != 0) {
        give_back(copied, count, own);
        return -1;
    }
    *chain = copied;
    *length = count;
    *key = own;
    return 0;
}

int certificate_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                         gnutls_pcert_st **chain, unsigned *length, gnutls_ocsp_data_st **ocsp,
                         unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags)
{
    (void)session;
    (void)info;
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    pthread_rwlock_rdlock(&lock);
    int code = copy(chain, length, key);
    pthread_rwlock_unlock(&lock);
    return code;
}
