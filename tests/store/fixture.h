/* What the store's tests share: a directory of their own and records to put into it. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>

#include "store/drain.h"

#define FIXTURE_PATH_BYTES 256
#define FIXTURE_START_US   (INT64_C(1770000000) * 1000000)
#define FIXTURE_NOW_US     (FIXTURE_START_US + INT64_C(500) * 86400 * 1000000) /* of drains */

/* A new directory, mode 0700; *state for cmocka is its path. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Fails the test with the error's text. */
#define ASSERT_DONE(call)                                                                          \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, error.text);                                                 \
    } while (0)

/* An attempt, number n of all: its id and its time follow from n. */
struct login_record fixture_record(const char *user, const char *address, unsigned n);

/* The same login at a later stage, after so many seconds. OPENED and CLOSED are to be learned. */
struct login_record fixture_stage(const struct login_record *attempt, enum login_stage stage,
                                  int64_t after_s);

/* Appends an encoded record; false as journal_append(). */
bool fixture_append(int directory_fd, const struct login_record *record, struct error *error);

int fixture_directory_fd(const char *directory);

/* fork() for a child that ends when the test's process does: one that failed leaves none behind. A
 * child that becomes another user says so again. */
pid_t fixture_fork(void);
void fixture_end_with_parent(pid_t parent);

/*
 * A signal ends this process once it has computed for so long: at a moment of its work, however
 * long it waits for a processor.
 */
void fixture_kill_after_us(int64_t computed_us);

/* How long this process has computed. */
int64_t fixture_computed_us(void);

/* Drains until nothing is left. */
struct drain_result fixture_drain(struct store *store, int64_t rotate_bytes);

int64_t fixture_logins(struct store *store);

/* The store that is there as that version of the schema had it: without the tables of later ones.
 */
void fixture_make_version(const char *directory, int version);

#endif
