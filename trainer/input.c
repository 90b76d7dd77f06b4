#include "trainer/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/clock.h"

#define STREAM_BYTES (1U << 18)
#define COPY_BYTES   65536

/* Takes the descriptor over, also when it fails. */
static bool take_descriptor(struct input *input, int descriptor, struct error *error)
{
    struct stat status = {0};

    if (fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
        int reason = S_ISDIR(status.st_mode) ? EISDIR : errno;
        close(descriptor);
        return error_set_errno(error, FAULT_STORE, reason, "cannot read %s", input->name);
    }
    input->is_regular = S_ISREG(status.st_mode);
    input->stream = gzdopen(descriptor, "rb");
    if (input->stream == NULL || gzbuffer(input->stream, STREAM_BYTES) != 0) {
        if (input->stream == NULL)
            close(descriptor);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read %s", input->name);
    }
    if (input->newest_us == 0)
        input->newest_us =
            input->is_regular ? (int64_t)status.st_mtim.tv_sec * US_PER_S : clock_utc_us();
    return true;
}

bool input_open(struct input *input, const char *name, struct error *error)
{
    bool is_standard = strcmp(name, "-") == 0;
    int descriptor =
        is_standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);

    *input = (struct input){.name = is_standard ? "standard input" : name};
    if (descriptor < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot open %s", input->name);
    return take_descriptor(input, descriptor, error);
}

void input_close(struct input *input)
{
    if (input->stream != NULL)
        (void)gzclose_r(input->stream);
    input->stream = NULL;
}

static bool read_failed(const struct input *input, int code, struct error *error)
{
    if (code == Z_BUF_ERROR)
        return error_set(error, FAULT_STORE, "%s is cut short: its gzip data ends early",
                         input->name);
    if (code == Z_DATA_ERROR || code == Z_STREAM_ERROR)
        return error_set(error, FAULT_STORE, "%s is damaged: its gzip data cannot be unpacked",
                         input->name);
    return error_set_errno(error, FAULT_STORE, code == Z_ERRNO ? errno : ENOMEM, "cannot read %s",
                           input->name);
}

bool input_read(struct input *input, void *bytes, size_t capacity, size_t *got, struct error *error)
{
    int code = Z_OK;
    int size = gzread(input->stream, bytes, (unsigned)capacity);

    *got = size > 0 ? (size_t)size : 0;
    /* What precedes the end of a file cut short is given out first. */
    if (size > 0)
        return true;
    (void)gzerror(input->stream, &code);
    return code == Z_OK || code == Z_STREAM_END || read_failed(input, code, error);
}

bool input_spool(struct input *input, struct error *error)
{
    char block[COPY_BYTES];
    size_t got = 0;

    if (input->is_regular)
        return true;
    FILE *copy = tmpfile();
    if (copy == NULL)
        return error_set_errno(error, FAULT_STORE, errno, "cannot copy %s to a temporary file",
                               input->name);
    do {
        if (!input_read(input, block, sizeof block, &got, error)) {
            fclose(copy);
            return false;
        }
    } while (fwrite(block, 1, got, copy) == got && got > 0);
    bool copied = !ferror(copy) && fflush(copy) == 0 && fseek(copy, 0, SEEK_SET) == 0;
    int descriptor = copied ? fcntl(fileno(copy), F_DUPFD_CLOEXEC, 3) : -1;
    int reason = errno;
    fclose(copy);
    input_close(input);
    if (descriptor < 0)
        return error_set_errno(error, FAULT_STORE, reason, "cannot copy %s to a temporary file",
                               input->name);
    return take_descriptor(input, descriptor, error);
}

bool input_rewind(struct input *input, struct error *error)
{
    return gzrewind(input->stream) == 0 ||
           error_set_errno(error, FAULT_STORE, errno, "cannot read %s again", input->name);
}
