/*
 * No target crashes what takes it apart; what comes out of it is clean text, and a parameter that
 * was found decodes to no more than was sent.
 */
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "dashboard/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* UTF-8 throughout, and nothing that ends or steers a line. */
static bool is_clean(const char *text)
{
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = utf8_length(text, left);
        if (length == 0 || (length == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f)))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *target = strndup((const char *)bytes, size);
    char parameter[REQUEST_PARAMETER_MAX], methods[32];
    struct error error = ERROR_NONE;
    struct query query;
    bool known;

    expect(target != NULL);
    if (!target_parse(target, &query, &error)) {
        expect(error.text[0] != '\0');
        free(target);
        return 0;
    }
    expect(query.count <= QUERY_MAX);
    for (size_t i = 0; i < query.count; i++) {
        const struct query_value *value = &query.values[i];

        expect(value->name[0] != '\0' && strlen(value->value) < REQUEST_PARAMETER_MAX);
        expect(is_clean(value->name));
        expect(is_clean(value->value));
        for (size_t j = 0; j < ROUTE_COUNT; j++) {
            const char *found = route_parameter(&ROUTES[j], value->name);
            if (found != NULL)
                (void)route_parameter_allows(found, value->value);
        }
    }
    const struct route *route = route_find(HTTP_GET, target, parameter, sizeof(parameter), &known);
    expect(route == NULL || known);
    if (route != NULL) {
        expect(strlen(parameter) <= strlen(target));
        expect(is_clean(parameter));
    }
    expect((strstr(route_methods(target, methods), "GET") != NULL) == (route != NULL));
    free(target);
    return 0;
}
