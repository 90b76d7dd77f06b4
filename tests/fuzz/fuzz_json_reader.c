/* No text crashes the reader, and every value it finds lies within the text and is JSON itself. */
#include <stdint.h>
#include <stdlib.h>

#include "common/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(struct json_value value, const char *text, size_t size)
{
    if (value.begin == NULL)
        return;
    if (value.begin < text || value.end > text + size || value.begin >= value.end)
        abort();
    if (json_parse(value.begin, (size_t)(value.end - value.begin)).begin != value.begin)
        abort();
    (void)json_to_number(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct json_value value = json_parse(text, size);
    check(value, text, size);
    check(json_member(value, "a"), text, size);
    for (size_t i = 0; i < 4; i++)
        check(json_element(value, i), text, size);
    return 0;
}
