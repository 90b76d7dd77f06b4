#include "trainer/key_factor.h"

#include <errno.h>
#include <sys/random.h>

bool key_factor_draw(uint64_t *factor, struct error *error)
{
    if (getrandom(factor, sizeof *factor, 0) != (ssize_t)sizeof *factor)
        return error_set_errno(error, FAULT_STORE, errno, "cannot draw a random number");
    *factor |= 1;
    return true;
}
