#include "common/hash.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint64_t hash_text(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return 0;
    uint64_t hash = hash_bytes(text, strlen(text));
    return hash != 0 ? hash : 1;
}
