#include "check/key_fingerprint.h"

#include <resolv.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX_BYTES 8192 /* of the decoded key; RSA with 16384 bits has 2071 */

bool key_fingerprint(const char *key, char fingerprint[LOGIN_KEY_BYTES])
{
    char encoded[KEY_MAX_BYTES * 4 / 3 + 8];
    uint8_t decoded[KEY_MAX_BYTES];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char text[48]; /* 43 characters and the padding */
    SHA2_CTX context;
    size_t length;
    int size;

    key += strspn(key, " ");
    key += strcspn(key, " \n"); /* the type */
    key += strspn(key, " ");
    length = strcspn(key, " \n");
    if (length == 0 || length >= sizeof encoded)
        return false;
    memcpy(encoded, key, length);
    encoded[length] = '\0';
    size = b64_pton(encoded, decoded, sizeof decoded);
    if (size <= 0)
        return false;
    SHA256Init(&context);
    SHA256Update(&context, decoded, (size_t)size);
    SHA256Final(digest, &context);
    if (b64_ntop(digest, sizeof digest, text, sizeof text) <= 0)
        return false;
    text[strcspn(text, "=")] = '\0';
    (void)snprintf(fingerprint, LOGIN_KEY_BYTES, "SHA256:%s", text);
    return true;
}
