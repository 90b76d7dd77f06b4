/* Names and texts alone: what writes a log line needs no arithmetic. */
#include "common/hash.h"
#include "scorer/features.h"

const struct feature_info FEATURE_TABLE[FEATURE_COUNT] = {
#define FEATURE(symbol, group, name, unit, meaning, reason)                                        \
    [FEATURE_##symbol] = {name, group, unit, meaning, reason},
#include "scorer/features.def"
#undef FEATURE
};

uint32_t feature_table_hash(void)
{
    static const char names[] =
#define FEATURE(symbol, group, name, unit, meaning, reason) name "\n"
#include "scorer/features.def"
#undef FEATURE
        ;
    return (uint32_t)hash_bytes(names, sizeof names - 1);
}
