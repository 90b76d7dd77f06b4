#include "trainer/evaluate_raw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

const char *const EVALUATE_RAW_NAMES[RAW_COLUMN_COUNT] = {"success",   "new device", "bytes in",
                                                          "bytes out", "duration",   "round trip",
                                                          "hour",      "method",     "port"};

bool raw_logins_init(struct raw_logins *raw, struct error *error)
{
    *raw = (struct raw_logins){.stride = 1};
    key_table_init(&raw->devices, 1);
    raw->table = calloc((size_t)EVALUATE_RAW_ROWS * RAW_COLUMN_COUNT, sizeof *raw->table);
    raw->labels = calloc(EVALUATE_RAW_ROWS, sizeof *raw->labels);
    return (raw->table != NULL && raw->labels != NULL) ||
           error_set_errno(error, FAULT_MODEL, ENOMEM, "cannot evaluate");
}

void raw_logins_finish(struct raw_logins *raw)
{
    key_table_finish(&raw->devices);
    free(raw->table);
    free(raw->labels);
}

/* Every second one of them goes, and of those to come. */
static void thin_out(struct raw_logins *raw)
{
    for (size_t i = 0; 2 * i < raw->rows; i++) {
        memcpy(raw->table + i * RAW_COLUMN_COUNT, raw->table + 2 * i * RAW_COLUMN_COUNT,
               RAW_COLUMN_COUNT * sizeof *raw->table);
        raw->labels[i] = raw->labels[2 * i];
    }
    raw->rows = (raw->rows + 1) / 2;
    raw->stride *= 2;
}

static float or_missing(int64_t value)
{
    return value < 0 ? NAN : (float)value;
}

static bool is_new_device(struct raw_logins *raw, const struct login_event *event, float *is_new,
                          struct error *error)
{
    const uint64_t keys[2] = {hash_text(event->user), hash_text(event->device)};
    bool added;

    *is_new = NAN;
    if (event->device[0] == '\0')
        return true;
    if (key_table_add(&raw->devices, hash_bytes(keys, sizeof keys), &added, error) == NULL)
        return false;
    *is_new = added;
    return true;
}

bool raw_logins_add(void *context, const struct stored_login *login, struct error *error)
{
    struct raw_logins *raw = context;
    const struct login_event *event = &login->record.event;
    float is_new;

    if (!is_new_device(raw, event, &is_new, error))
        return false;
    if (login->label < 0 || raw->labelled++ % raw->stride != 0)
        return true;
    if (raw->rows == EVALUATE_RAW_ROWS)
        thin_out(raw);
    float *row = raw->table + raw->rows * RAW_COLUMN_COUNT;
    row[RAW_SUCCESS] = login->reached >= STAGE_ACCEPTED;
    row[RAW_NEW_DEVICE] = is_new;
    row[RAW_BYTES_IN] = or_missing(event->bytes_in);
    row[RAW_BYTES_OUT] = or_missing(event->bytes_out);
    row[RAW_DURATION] = or_missing(event->duration_s);
    row[RAW_ROUND_TRIP] = or_missing(event->rtt_us);
    row[RAW_HOUR] = (float)local_hour(login_local_s(event));
    row[RAW_METHOD] = (float)event->method;
    row[RAW_PORT] = event->source_port == 0 ? NAN : (float)event->source_port;
    raw->labels[raw->rows++] = login->label == 1;
    return true;
}
