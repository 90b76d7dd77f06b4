/* Inside the store's room: rows of the tables `alert` and `delivery`. */
#ifndef STORE_ALERT_ROW_H
#define STORE_ALERT_ROW_H

#include "store/alert.h"
#include "store/store_tables.h"

#define ALERT_TABLES_SINCE 3

/* The columns of a statement that selects a whole row. */
bool alert_row_read(struct store *store, sqlite3_stmt *row, struct alert *alert,
                    struct error *error) MUST_USE;
bool delivery_row_read(struct store *store, sqlite3_stmt *row, struct alert_delivery *delivery,
                       struct error *error) MUST_USE;

/* id 0: a new one, whose id is then set. */
bool alert_row_write(struct store *store, struct alert *alert, struct error *error) MUST_USE;
bool delivery_row_write(struct store *store, struct alert_delivery *delivery,
                        struct error *error) MUST_USE;

#endif
