#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static bool is_recorded(const struct error *error)
{
    return error->fault != FAULT_NONE || error->text[0] != '\0';
}

bool error_set(struct error *error, enum fault fault, const char *format, ...)
{
    if (error == NULL || is_recorded(error))
        return false;
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(error->text, sizeof(error->text), format, arguments) < 0)
        error->text[0] = '\0';
    va_end(arguments);
    utf8_show(error->text, strlen(error->text)); /* what a client chose may stand in it */
    error->fault = fault;
    return false;
}

bool error_set_errno(struct error *error, enum fault fault, int errnum, const char *format, ...)
{
    if (error == NULL || is_recorded(error))
        return false;
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(error->text, sizeof(error->text), format, arguments) < 0)
        error->text[0] = '\0';
    va_end(arguments);

    /* strerror() is not safe in a host's threads, and its words depend on the host's locale. */
    const char *description = strerrordesc_np(errnum);
    size_t used = strlen(error->text);
    size_t left = sizeof(error->text) - used;
    int added = description != NULL
                    ? snprintf(error->text + used, left, ": %s", description)
                    : snprintf(error->text + used, left, ": error number %d", errnum);
    if (added < 0)
        error->text[used] = '\0';
    utf8_show(error->text, strlen(error->text)); /* what a client chose may stand in it */
    error->fault = fault;
    return false;
}
