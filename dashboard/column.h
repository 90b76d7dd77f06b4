/*
 * What lists have in files: columns of CSV (RFC 4180) and fields of the Elastic Common Schema as
 * JSON lines, both from one table (columns.def). A text that a spreadsheet would take for a formula
 * is guarded (common/csv.h).
 */
#ifndef DASHBOARD_COLUMN_H
#define DASHBOARD_COLUMN_H

#include "dashboard/list.h"

/* Groups of columns; a list has one or more of them, in this order. */
#define COLUMN_GROUPS                                                                              \
    COLUMN_GROUP(LOGIN)                                                                            \
    COLUMN_GROUP(WAITING) /* beside LOGIN: the user's login before */                              \
    COLUMN_GROUP(USER)                                                                             \
    COLUMN_GROUP(SOURCE)                                                                           \
    COLUMN_GROUP(ALERT)                                                                            \
    COLUMN_GROUP(DECISION)                                                                         \
    COLUMN_GROUP(EXCEPTION)                                                                        \
    COLUMN_GROUP(SCORED)

enum column_group {
#define COLUMN_GROUP(name) COLUMNS_##name,
    COLUMN_GROUPS
#undef COLUMN_GROUP
        COLUMN_GROUP_COUNT
};

/* groups: 1u << COLUMNS_…, more than one by '|'. */
void columns_csv_heading(FILE *out, unsigned groups);
void columns_csv_row(FILE *out, unsigned groups, const struct list_item *item);
void columns_ecs_row(FILE *out, unsigned groups, const struct list_item *item);

#endif
