/* The kinds of fault, from one table. */
#ifndef COMMON_FAULT_H
#define COMMON_FAULT_H

enum fault {
    FAULT_NONE,
#define FAULT(symbol, name, meaning) FAULT_##symbol,
#include "common/fault.def"
#undef FAULT
    FAULT_COUNT
};

/* "none", "store", …; "unknown" for a value outside the table. Never NULL. */
const char *fault_name(enum fault fault);

#endif
