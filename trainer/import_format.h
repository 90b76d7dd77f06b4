/*
 * The formats of histories: each reads an input as logins. A row of IMPORT_FORMATS is all that a
 * command needs to know of one.
 *
 * The logins have no id yet and stand as they were told: places are what the history itself says.
 * They come in the history's order, a login with a session when its end is read.
 */
#ifndef TRAINER_IMPORT_FORMAT_H
#define TRAINER_IMPORT_FORMAT_H

#include "common/history_format.h"
#include "store/store.h"
#include "trainer/import_counts.h"
#include "trainer/input.h"

/* False stops the import. */
typedef bool import_visitor(void *context, const struct stored_login *login, struct error *error);

#define IMPORT_NOTE_BYTES 256

struct import_reading {
    struct input *input;
    int last_year; /* of the last line, for dates without a year; 0: from input->newest_us */
    bool utc;      /* times that name no zone are UTC, else of the machine's zone */
    import_visitor *visit;
    void *context;
    void (*progress)(int64_t lines); /* now and then; NULL: nobody wants to know */
    struct import_counts counts;
    int64_t number;               /* of the line being read, from 1 */
    char note[IMPORT_NOTE_BYTES]; /* what was assumed or left out, for people; "": nothing */
};

struct import_format {
    const char *name;
    bool tells_live; /* of logins that a host's PAM module sees too, with the host's name */
    bool (*read)(struct import_reading *reading, struct error *error);
};

#define IMPORT_FORMAT_COUNT 6
#define IMPORT_FORMAT_NAMES HISTORY_FORMAT_NAMES
extern const struct import_format IMPORT_FORMATS[IMPORT_FORMAT_COUNT];

const struct import_format *import_format_find(const char *name); /* NULL: there is none */

/* ---- for the formats ---- */

/* Counts the next line and says so now and then. */
void import_count_line(struct import_reading *reading);

/* A login of this moment and nothing else known; service: "sshd" or the like. */
void import_start_login(struct stored_login *login, int64_t time_us, int32_t utc_offset_s,
                        const char *service);

/* Cut to what fits. */
void import_take_text(char *field, size_t capacity, const char *text, size_t length);

/* Its credential was right, and what opened at opened_us is a session to learn from. */
void import_accept(struct stored_login *login, int64_t opened_us);

/* Its session ended, no earlier than it opened and no later than a record can say. */
void import_close(struct stored_login *login, int64_t closed_us);

/* Counts the login and hands it out. */
bool import_hand_out(struct import_reading *reading, const struct stored_login *login,
                     struct error *error) MUST_USE;

/* The zone's offset then; asked again only when another quarter of an hour begins. */
struct zone_clock {
    bool utc;
    int64_t quarter;
    int32_t offset_s;
};
int32_t zone_clock_offset_s(struct zone_clock *clock, int64_t time_us);

bool import_sshd(struct import_reading *reading, struct error *error) MUST_USE;
bool import_journal(struct import_reading *reading, struct error *error) MUST_USE;
bool import_wtmp(struct import_reading *reading, struct error *error) MUST_USE;
bool import_csv(struct import_reading *reading, struct error *error) MUST_USE;
bool import_rba(struct import_reading *reading, struct error *error) MUST_USE;
bool import_cloud(struct import_reading *reading, struct error *error) MUST_USE;

#endif
