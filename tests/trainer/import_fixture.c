#include "import_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

static char last_file[64];

static void remove_last(void)
{
    unlink(last_file);
}

const char *fixture_file(const void *bytes, size_t size)
{
    if (last_file[0] == '\0')
        atexit(remove_last);
    else
        remove_last();
    snprintf(last_file, sizeof last_file, "/tmp/test_import-XXXXXX");
    int descriptor = mkstemp(last_file);
    assert_true(descriptor >= 0);
    FILE *out = fdopen(descriptor, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    return last_file;
}

static bool see(void *context, const struct stored_login *login, struct error *error)
{
    struct seen_logins *seen = context;
    (void)error;
    if (seen->count < SEEN_MOST)
        seen->login[seen->count] = *login;
    seen->count++;
    return true;
}

bool fixture_import_file(const char *format, const char *path, int year, struct seen_logins *seen)
{
    struct input input;
    struct import_reading reading = {
        .input = &input, .last_year = year, .utc = true, .visit = see, .context = seen};
    const struct import_format *found = import_format_find(format);

    assert_non_null(found);
    memset(seen, 0, sizeof *seen);
    if (!input_open(&input, path, &seen->error))
        return false;
    input.newest_us = FIXTURE_NEWEST_US;
    bool done = found->read(&reading, &seen->error);
    input_close(&input);
    seen->counts = reading.counts;
    memcpy(seen->note, reading.note, sizeof seen->note);
    assert_true(done || seen->error.text[0] != '\0');
    return done;
}

bool fixture_import(const char *format, const void *bytes, size_t size, struct seen_logins *seen)
{
    return fixture_import_file(format, fixture_file(bytes, size), 0, seen);
}

const struct stored_login *fixture_find(const struct seen_logins *seen, const char *user,
                                        enum login_stage reached, unsigned others)
{
    for (size_t i = 0; i < seen->count && i < SEEN_MOST; i++) {
        if (strcmp(seen->login[i].record.event.user, user) == 0 &&
            seen->login[i].reached == reached && others-- == 0)
            return &seen->login[i];
    }
    fail_msg("no login of %s", user);
    return NULL;
}

int64_t fixture_time_us(const char *text)
{
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &parts));
    return (int64_t)timegm(&parts) * US_PER_S;
}

int64_t fixture_skipped(const struct seen_logins *seen)
{
    return import_skipped_in_all(&seen->counts);
}
