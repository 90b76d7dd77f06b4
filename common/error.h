/*
 * The error record: owned by the caller, filled by the first failure, never overwritten by a later
 * one. Every fallible function takes it last and returns false when it filled it. Library code
 * neither logs nor exits; it hands its text to its caller.
 *
 *     struct error error = ERROR_NONE;
 *     if (!store_open(&store, directory, STORE_READ, &error))
 *             complain(error.text);
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdbool.h>

#include "common/fault.h"

#define MUST_USE                         __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first) __attribute__((format(printf, format_index, first)))

#define ERROR_TEXT_BYTES 512

struct error {
    enum fault fault;            /* FAULT_NONE until something failed */
    char text[ERROR_TEXT_BYTES]; /* one sentence, no final newline; utf8_show() has been over it */
};

#define ERROR_NONE ((struct error){.fault = FAULT_NONE})

/*
 * Records a failure unless one is recorded already. Always returns false, so that
 * `return error_set(error, FAULT_STORE, "…")` is the whole of an error path. Text that does not fit
 * is cut; control bytes become '?'. error may be NULL.
 */
bool error_set(struct error *error, enum fault fault, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same, followed by ": " and the description of error number errnum. */
bool error_set_errno(struct error *error, enum fault fault, int errnum, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
