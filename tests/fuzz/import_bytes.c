#include "import_bytes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trainer/import_format.h"

static void must(bool held)
{
    if (!held)
        abort();
}

static bool check_login(void *context, const struct stored_login *login, struct error *error)
{
    const struct login_event *event = &login->record.event;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    struct login_record again;

    ++*(int64_t *)context;
    must(event->user[0] != '\0');
    must(event->time_us >= 0 && event->time_us <= LOGIN_TIME_MAX_US);
    must(login->label >= -1 && login->label <= 1);
    must(login->reached != STAGE_CLOSED || login->closed_us >= login->opened_us);
    size_t size = login_record_encode(&login->record, bytes, sizeof bytes);
    must(size > 0 && login_record_decode(&again, bytes, size, error));
    return true;
}

/* One file in memory for all runs. */
static void fill_input(const uint8_t *data, size_t size, char path[64])
{
    static int file = -1;

    if (file < 0)
        file = memfd_create("history", MFD_CLOEXEC);
    must(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    snprintf(path, 64, "/proc/self/fd/%d", file);
}

void import_bytes(const char *format, const uint8_t *data, size_t size)
{
    struct error error = ERROR_NONE;
    struct input input;
    int64_t visits = 0;
    struct import_reading reading = {
        .input = &input, .utc = true, .visit = check_login, .context = &visits};
    char path[64];

    fill_input(data, size, path);
    must(input_open(&input, path, &error));
    bool done = import_format_find(format)->read(&reading, &error);
    must(done == (error.fault == FAULT_NONE) && done == (error.text[0] == '\0'));
    must(reading.counts.logins + reading.counts.failures == visits);
    must(import_skipped_in_all(&reading.counts) <= reading.counts.lines);
    input_close(&input);
}
