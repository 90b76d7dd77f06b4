#include "trainer/import_format.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define PROGRESS_LINES 8192

const struct import_format IMPORT_FORMATS[IMPORT_FORMAT_COUNT] = {
    {"sshd", true, import_sshd}, {"journal", true, import_journal}, {"wtmp", false, import_wtmp},
    {"csv", false, import_csv},  {"rba", false, import_rba},        {"cloud", false, import_cloud},
};

const struct import_format *import_format_find(const char *name)
{
    for (size_t i = 0; i < IMPORT_FORMAT_COUNT; i++) {
        if (strcmp(IMPORT_FORMATS[i].name, name) == 0)
            return &IMPORT_FORMATS[i];
    }
    return NULL;
}

void import_count_line(struct import_reading *reading)
{
    reading->counts.lines++;
    if (reading->progress != NULL && reading->counts.lines % PROGRESS_LINES == 0)
        reading->progress(reading->counts.lines);
}

void import_start_login(struct stored_login *login, int64_t time_us, int32_t utc_offset_s,
                        const char *service)
{
    struct login_event *event = &login->record.event;

    memset(login, 0, sizeof *login);
    login_record_init(&login->record);
    event->time_us = time_us;
    event->utc_offset_s = utc_offset_s;
    import_take_text(event->service, sizeof event->service, service, strlen(service));
    login->reached = STAGE_ATTEMPT;
    login->imported = true;
    login->label = -1;
}

void import_take_text(char *field, size_t capacity, const char *text, size_t length)
{
    if (length >= capacity)
        length = capacity - 1;
    memcpy(field, text, length);
    field[length] = '\0';
}

void import_accept(struct stored_login *login, int64_t opened_us)
{
    login->record.event.stage = STAGE_OPENED;
    login->record.event.learn = true;
    login->reached = STAGE_OPENED;
    login->accepted_us = login->record.event.time_us;
    login->opened_us = opened_us;
}

void import_close(struct stored_login *login, int64_t closed_us)
{
    login->record.event.stage = STAGE_CLOSED;
    login->reached = STAGE_CLOSED;
    if (closed_us < login->opened_us)
        closed_us = login->opened_us;
    login->closed_us = closed_us < LOGIN_TIME_MAX_US ? closed_us : LOGIN_TIME_MAX_US;
}

bool import_hand_out(struct import_reading *reading, const struct stored_login *login,
                     struct error *error)
{
    bool accepted = login->reached >= STAGE_ACCEPTED;

    reading->counts.logins += accepted;
    reading->counts.failures += !accepted;
    reading->counts.sessions += login->reached == STAGE_CLOSED;
    return reading->visit(reading->context, login, error);
}

int32_t zone_clock_offset_s(struct zone_clock *clock, int64_t time_us)
{
    int64_t quarter = time_us / (900 * US_PER_S) + 1; /* 0: not asked yet */

    if (clock->utc)
        return 0;
    if (clock->quarter != quarter)
        clock->offset_s = clock_utc_offset_s(time_us);
    clock->quarter = quarter;
    return clock->offset_s;
}
