/*
 * A webhook: the message posted as JSON and signed, so that its receiver knows from whom and when
 * it is:
 *
 *     X-Anomaly-Timestamp: seconds since 1970 UTC
 *     X-Anomaly-Signature: sha256=HMAC-SHA256(secret, timestamp "." body), in hexadecimal
 *     X-Anomaly-Delivery: a number, the same in each attempt of one delivery
 */
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/trusted_file.h"
#include "daemon/alert_channel.h"

#define SECRET_LEAST_BYTES 16
#define SECRET_MOST_BYTES  4096
#define HEADER_BYTES       128
#define CA_MOST_BYTES      (4 << 20)

struct secret {
    char bytes[SECRET_MOST_BYTES];
    size_t size; /* without the newline at its end */
};

static bool read_secret(const char *path, struct secret *secret, struct error *error)
{
    struct stat status;
    ssize_t size;
    int fd;

    if (!trusted_file_open(path, geteuid(), FAULT_CONFIG, &fd, error))
        return false;
    size = fstat(fd, &status) == 0 ? read(fd, secret->bytes, sizeof(secret->bytes)) : -1;
    close(fd);
    if (size < 0)
        return error_set_errno(error, FAULT_CONFIG, errno, "cannot read %s", path);
    if ((status.st_mode & S_IRWXO) != 0)
        return error_set(error, FAULT_CONFIG, "%s can be read by others; chmod o= it", path);
    while (size > 0 && strchr("\r\n", secret->bytes[size - 1]))
        size--;
    secret->size = (size_t)size;
    return size >= SECRET_LEAST_BYTES ||
           error_set(error, FAULT_CONFIG, "%s holds less than %d bytes; put a longer secret there",
                     path, SECRET_LEAST_BYTES);
}

/* The header's line; RFC 2104 over the timestamp, a dot and the body. */
static bool sign(const struct alert_job *job, const struct secret *secret, int64_t now_s,
                 char header[HEADER_BYTES])
{
    static char signed_text[32 + ALERT_CONTENT_BYTES];
    int used = snprintf(signed_text, sizeof(signed_text), "%" PRId64 ".", now_s);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_bytes = 0;
    int at = snprintf(header, HEADER_BYTES, "X-Anomaly-Signature: sha256=");

    memcpy(signed_text + used, job->content, job->size);
    if (!HMAC(EVP_sha256(), secret->bytes, (int)secret->size, (unsigned char *)signed_text,
              (size_t)used + job->size, digest, &digest_bytes))
        return false;
    for (unsigned i = 0; i < digest_bytes; i++)
        at += snprintf(header + at, HEADER_BYTES - (size_t)at, "%02x", digest[i]);
    return true;
}

static struct curl_slist *make_headers(const struct alert_job *job, const struct secret *secret)
{
    const int64_t now_s = clock_utc_us() / US_PER_S;
    char lines[4][HEADER_BYTES] = {"Content-Type: application/json"};
    struct curl_slist *headers = NULL;

    if (!sign(job, secret, now_s, lines[1]))
        return NULL;
    snprintf(lines[2], HEADER_BYTES, "X-Anomaly-Timestamp: %" PRId64, now_s);
    snprintf(lines[3], HEADER_BYTES, "X-Anomaly-Delivery: %" PRId64, job->delivery);
    for (int i = 0; i < 4; i++) {
        struct curl_slist *longer = curl_slist_append(headers, lines[i]);

        if (!longer) {
            curl_slist_free_all(headers);
            return NULL;
        }
        headers = longer;
    }
    return headers;
}

static size_t drop_answer(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static bool set_options(CURL *curl, const struct alert_job *job, struct curl_slist *headers,
                        char problem[CURL_ERROR_SIZE])
{
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, job->channel.url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "pam_anomaly") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)job->channel.timeout_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, job->content) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)job->size) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer) == CURLE_OK;
}

/* Too early and too many, and whatever is the server's own trouble, may pass. */
static bool may_pass(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static void tell_status(long status, struct alert_attempt *attempt)
{
    if (status >= 200 && status < 300)
        alert_attempt_say(attempt, true, false, "answered %ld", status);
    else if (status >= 300 && status < 400)
        alert_attempt_say(attempt, false, true,
                          "answered %ld: a redirect is not followed, set url to where it leads",
                          status);
    else
        alert_attempt_say(attempt, false, !may_pass(status), "answered %ld", status);
}

static bool is_of_unknown_authority(long verified)
{
    return verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           verified == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/* What a certificate is refused for. Of a name that does not fit libcurl tells no result. */
static void tell_certificate(CURL *curl, const struct alert_job *job, struct alert_attempt *attempt)
{
    const char *ca_file = job->channel.ca_file[0] != '\0' ? job->channel.ca_file : "ca_file";
    char host[CONFIG_TEXT_BYTES];
    long verified = X509_V_OK;

    alert_channel_target(&job->channel, host, sizeof(host));
    (void)curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verified);
    if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED)
        alert_attempt_say(attempt, false, false,
                          "%s shows the certificate of another host: set url to the name in it",
                          host);
    else if (is_of_unknown_authority(verified))
        alert_attempt_say(attempt, false, false,
                          "the certificate of %s is of an authority that is not trusted: put that "
                          "into %s",
                          host, ca_file);
    else
        alert_attempt_say(attempt, false, false, "the certificate of %s is refused: %s", host,
                          X509_verify_cert_error_string(verified));
}

static void post(CURL *curl, const struct alert_job *job, struct alert_attempt *attempt,
                 const char *problem)
{
    CURLcode code = curl_easy_perform(curl);
    long status = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK)
        tell_status(status, attempt);
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        tell_certificate(curl, job, attempt);
    else if (code == CURLE_SSL_CACERT_BADFILE)
        alert_attempt_say(attempt, false, true, "%s holds no certificate (PEM)",
                          job->channel.ca_file);
    else
        alert_attempt_say(attempt, false, false, "%s",
                          problem[0] != '\0' ? problem : curl_easy_strerror(code));
}

/* The authorities of ca_file alone. Whoever could write there could read what is posted. */
static bool set_authorities(CURL *curl, const struct alert_job *job, struct error *error)
{
    struct curl_blob certificates = {.flags = CURL_BLOB_COPY};
    char *text;

    if (job->channel.ca_file[0] == '\0')
        return true;
    if (!trusted_file_read(job->channel.ca_file, geteuid(), CA_MOST_BYTES, FAULT_CONFIG, &text,
                           &certificates.len, error))
        return false;
    certificates.data = text;
    bool set = curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &certificates) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    free(text);
    return set || error_set(error, FAULT_CONFIG, "cannot take the certificates of %s",
                            job->channel.ca_file);
}

void alert_send_webhook(const struct alert_job *job, struct alert_attempt *attempt)
{
    char problem[CURL_ERROR_SIZE] = "";
    struct error error = ERROR_NONE;
    struct curl_slist *headers = NULL;
    static struct secret secret;
    CURL *curl = NULL;

    if (!read_secret(job->channel.secret_file, &secret, &error)) {
        alert_attempt_say(attempt, false, true, "%s", error.text);
        return;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        curl = curl_easy_init();
    headers = make_headers(job, &secret);
    explicit_bzero(&secret, sizeof(secret));
    if (curl && !set_authorities(curl, job, &error))
        alert_attempt_say(attempt, false, true, "%s", error.text);
    else if (curl && headers && set_options(curl, job, headers, problem))
        post(curl, job, attempt, problem);
    else
        alert_attempt_say(attempt, false, false, "cannot prepare the message");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}
