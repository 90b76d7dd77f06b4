/* Histories given as text, and the logins that a format reads from them. */
#ifndef TESTS_TRAINER_IMPORT_FIXTURE_H
#define TESTS_TRAINER_IMPORT_FIXTURE_H

#include "trainer/import_format.h"

#define SEEN_MOST 600

struct seen_logins {
    struct stored_login login[SEEN_MOST]; /* the first of them */
    size_t count;                         /* of all */
    struct import_counts counts;
    char note[IMPORT_NOTE_BYTES];
    struct error error; /* of a history that is refused */
};

/* 2027-01-02: how old the inputs are said to be. */
#define FIXTURE_NEWEST_US (INT64_C(1798848000) * 1000000)

/* A file that the test's end removes by itself; its name. */
const char *fixture_file(const void *bytes, size_t size);

/* False: the format refused. Times without a zone are UTC; year 0: of newest_us. */
bool fixture_import_file(const char *format, const char *path, int year, struct seen_logins *seen);
bool fixture_import(const char *format, const void *bytes, size_t size, struct seen_logins *seen);

/* The login of that user that got that far, after so many others like it. */
const struct stored_login *fixture_find(const struct seen_logins *seen, const char *user,
                                        enum login_stage reached, unsigned others);

int64_t fixture_time_us(const char *text); /* "2026-12-30 23:58:10", UTC */
int64_t fixture_skipped(const struct seen_logins *seen);

#endif
