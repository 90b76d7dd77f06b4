/* What an exception would have changed, had it been there. */
#include <string.h>

#include "store/decision.h"
#include "store/store_tables.h"

/* The first and last address of a network, as the column `source` has them. */
static void bind_network(sqlite3_stmt *statement, const struct ip_network *network)
{
    int size = network->address.family == 4 ? 4 : 16;
    uint8_t last[16];

    memcpy(last, network->address.bytes, sizeof(last));
    for (int bit = network->prefix_bits; bit < size * 8; bit++)
        last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    sqlite3_bind_blob(statement, 1, network->address.bytes, size, SQLITE_TRANSIENT);
    sqlite3_bind_blob(statement, 2, last, size, SQLITE_TRANSIENT);
}

static sqlite3_stmt *bind(struct store *store, enum statement which,
                          const struct exemption *exemption, const struct ip_network *network,
                          int64_t since_us, int64_t most, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);

    if (!statement)
        return NULL;
    if (exemption->is_network)
        bind_network(statement, network);
    else
        sqlite3_bind_text(statement, 1, exemption->subject, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 3, login_key_at(since_us));
    sqlite3_bind_int64(statement, 4, most);
    return statement;
}

/* Addresses of 16 bytes may lie between two of 4. */
static bool is_meant(const struct stored_login *login, const struct exemption *exemption,
                     const struct ip_network *network)
{
    return !exemption->is_network || ip_network_contains(network, &login->record.event.source);
}

static bool count_rows(struct store *store, sqlite3_stmt *statement, bool *whole,
                       struct error *error)
{
    bool done;

    if (!statement)
        return false;
    done = sqlite3_step(statement) == SQLITE_ROW || store_failed(store, "be read", error);
    *whole = done && sqlite3_column_int64(statement, 0) <= EFFECT_MOST_ROWS;
    sqlite3_reset(statement);
    return done;
}

bool store_exception_effect(struct store *store, const struct exemption *exemption,
                            int64_t since_us, login_visitor *visit, void *context, bool *whole,
                            struct error *error)
{
    bool far = exemption->is_network, done = true, wanted = true;
    struct ip_network network = {0};
    sqlite3_stmt *statement;
    struct login_row row;
    int code = SQLITE_DONE;

    if (far && !ip_network_parse(exemption->subject, &network, error))
        return false;
    if (!count_rows(store,
                    bind(store, far ? SQL_EFFECT_NETWORK_ROWS : SQL_EFFECT_USER_ROWS, exemption,
                         &network, since_us, EFFECT_MOST_ROWS + 1, error),
                    whole, error))
        return false;
    statement = bind(store, far ? SQL_EFFECT_NETWORK : SQL_EFFECT_USER, exemption, &network,
                     since_us, EFFECT_MOST_ROWS, error);
    if (!statement)
        return false;
    sqlite3_bind_int(statement, 5, VERDICT_STEP_UP);
    while (done && wanted && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        done = login_row_read(store, statement, &row, error);
        if (done && is_meant(&row.login, exemption, &network))
            wanted = visit(context, &row.login);
    }
    if (done && code != SQLITE_ROW && code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}
