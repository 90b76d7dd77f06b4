/*
 * What the cells of a table of logins say: each format is a list of columns. A cell that is empty
 * says nothing.
 */
#ifndef TRAINER_CSV_COLUMNS_H
#define TRAINER_CSV_COLUMNS_H

#include "trainer/import_format.h"

#define DEVICE_PARTS 3

enum tell { NOT_TOLD, TOLD_NO, TOLD_YES };

struct csv_row {
    struct stored_login login;
    struct zone_clock *zone;
    bool zone_missing; /* a time without one was taken for the clock's */
    enum tell success, attack_address;
    char part[DEVICE_PARTS][LOGIN_DEVICE_BYTES]; /* of a device told in several columns */
    enum skipped_line problem;                   /* what made the row refuse */
};

struct csv_column {
    const char *name; /* NULL: the end of the list */
    /* Takes a cell that is not empty; false: row->problem says what is wrong. NULL: the column is
     * known and tells nothing new. */
    bool (*take)(struct csv_row *row, const char *text);
    bool needed;
};

extern const struct csv_column CSV_COLUMNS[], RBA_COLUMNS[], CLOUD_COLUMNS[];

/* A row before its cells are taken. */
void csv_row_init(struct csv_row *row, const char *service, struct zone_clock *zone);

/* Records why the row is refused. Always false. */
bool csv_row_refuse(struct csv_row *row, enum skipped_line problem);

/* Whether the column says that a login succeeded. */
bool csv_column_tells_success(const struct csv_column *column);

/* Makes a login of what the cells said: how far it got, what ended it, what is to be learned. */
void csv_row_complete(struct csv_row *row);

#endif
