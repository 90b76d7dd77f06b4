/* read_history FORMAT FILE: reads a history into logins that nobody keeps; prints lines a second.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "trainer/import_format.h"

static bool drop(void *context, const struct stored_login *login, struct error *error)
{
    (void)context;
    (void)login;
    (void)error;
    return true;
}

int main(int count, char **arguments)
{
    const struct import_format *format = count == 3 ? import_format_find(arguments[1]) : NULL;
    struct error error = ERROR_NONE;
    struct input input;
    struct import_reading reading = {.input = &input, .utc = true, .visit = drop};

    if (format == NULL) {
        fputs("usage: read_history " IMPORT_FORMAT_NAMES " FILE\n", stderr);
        return 2;
    }
    int64_t begun_us = clock_monotonic_us();
    if (!input_open(&input, arguments[2], &error) || !format->read(&reading, &error)) {
        fprintf(stderr, "read_history: %s\n", error.text);
        return 1;
    }
    double seconds = (double)(clock_monotonic_us() - begun_us) / (double)US_PER_S;
    printf("%.0f\n", (double)reading.counts.lines / seconds);
    input_close(&input);
    return 0;
}
