/* A label's record: refused with a sentence, or the very bytes that it is written with again. */
#include <stdlib.h>
#include <string.h>

#include "store/login_label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES];
    struct error error = ERROR_NONE;
    struct login_label label;
    enum login_label_value named;

    if (!login_label_decode(&label, data, size, &error)) {
        if (error.fault != FAULT_STORE || error.text[0] == '\0')
            abort();
        return 0;
    }
    if (!login_label_from_name(login_label_name(label.value), &named) || named != label.value)
        abort();
    if (login_label_encode(&label, bytes) != size || memcmp(bytes, data, size) != 0)
        abort();
    return 0;
}
