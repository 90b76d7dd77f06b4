/* A message of sshd, whatever it says: its texts lie inside it, and what it tells of is whole. */
#include <stdlib.h>
#include <string.h>

#include "trainer/sshd_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
    if (!held)
        abort();
}

static void must_lie_inside(const char *part, size_t length, const char *text, size_t size)
{
    must(length == 0 || (part >= text && part + length <= text + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sshd_message message;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    sshd_message_parse(text, &message);
    must_lie_inside(message.user, message.user_length, text, length);
    must_lie_inside(message.key, message.key_length, text, length);
    must((unsigned)message.method < METHOD_COUNT && message.repeats >= 1);
    must(message.kind != SSHD_SKIPPED || (unsigned)message.skipped < SKIPPED_COUNT);
    if (message.kind == SSHD_ACCEPTED || message.kind == SSHD_PARTIAL ||
        message.kind == SSHD_FAILED || message.kind == SSHD_PAM_FAILED)
        must(message.source.family != 0 && message.user != NULL);
    must(message.kind != SSHD_ACCEPTED || message.user_length > 0);
    must(message.kind != SSHD_CHILD || message.child > 0);
    must(message.kind != SSHD_TRANSFERRED || (message.bytes_in >= 0 && message.bytes_out >= 0));
    free(text);
    return 0;
}
