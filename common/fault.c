#include "common/fault.h"

static const char *const NAMES[FAULT_COUNT] = {
    "none",
#define FAULT(symbol, name, meaning) name,
#include "common/fault.def"
#undef FAULT
};

const char *fault_name(enum fault fault)
{
    if ((unsigned)fault >= FAULT_COUNT)
        return "unknown";
    return NAMES[fault];
}
