/* A word of an analyst's: refused with a sentence, or valid and the same after another round. */
#include <stdlib.h>
#include <string.h>

#include "store/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NONE;
    uint8_t bytes[WORD_MAX_BYTES];
    struct word word, again;

    if (!word_decode(&word, data, size, &error)) {
        if (error.fault != FAULT_STORE || error.text[0] == '\0')
            abort();
        return 0;
    }
    if ((word.kind != WORD_LABEL && !word_is_plain(&word)) || word_encode(&word, bytes) != size ||
        memcmp(bytes, data, size) != 0)
        abort();
    if (!word_decode(&again, bytes, size, &error) || memcmp(&word, &again, sizeof(word)) != 0)
        abort();
    (void)exception_is_narrow(&word.exemption);
    return 0;
}
