#include "dashboard/secret.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void secret_hash_format(const uint8_t hash[SECRET_HASH_BYTES], char text[SECRET_TEXT_BYTES])
{
    for (size_t i = 0; i < SECRET_HASH_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

bool secret_hash_parse(const char *text, uint8_t hash[SECRET_HASH_BYTES])
{
    if (strlen(text) != SECRET_TEXT_BYTES - 1 ||
        strspn(text, "0123456789abcdef") != SECRET_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < SECRET_HASH_BYTES; i++) {
        if (sscanf(text + 2 * i, "%2hhx", &hash[i]) != 1)
            return false;
    }
    return true;
}

bool secret_make(char text[SECRET_TEXT_BYTES], struct error *error)
{
    uint8_t bytes[SECRET_HASH_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set_errno(error, FAULT_NONE, errno, "the kernel gives no random bytes");
    secret_hash_format(bytes, text);
    explicit_bzero(bytes, sizeof(bytes));
    return true;
}

void secret_hash(const char *text, uint8_t hash[SECRET_HASH_BYTES])
{
    SHA2_CTX context;

    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)text, strlen(text));
    SHA256Final(hash, &context);
    explicit_bzero(&context, sizeof(context));
}

bool secret_equal(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *left = a, *right = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    return difference == 0;
}

bool secret_text_equal(const char *expected, const char *given)
{
    uint8_t left[SECRET_HASH_BYTES], right[SECRET_HASH_BYTES];

    secret_hash(expected, left);
    secret_hash(given, right);
    return secret_equal(left, right, sizeof(left));
}
