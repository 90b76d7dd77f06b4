#include "store/login_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/read_ahead.h"
#include "store/rollup_tables.h"

#define LOOKS_MOST   3000   /* rows looked at for one page */
#define OWN_MOST     1000   /* of a user or an address, in another order than time's */
#define COLLECT_MOST 100000 /* entries of an index, likewise */
#define LIST_SHIFT   48
#define NEAR_LOGINS  50 /* of a user, among which the previous one is looked for */

enum column { COLUMN_STAGES = 3, COLUMN_VERDICT = 8, COLUMN_LABEL = 9 };

void login_page_filter_init(struct login_page_filter *filter)
{
    *filter = (struct login_page_filter){
        .method = FILTER_ANY, .reached = FILTER_ANY, .label = FILTER_ANY, .open = FILTER_ANY};
}

struct place_in_order {
    int64_t value, key;
};

/* A part of a list, and the next of its rows. */
struct head {
    int64_t rank;
    struct place_in_order next;
    bool later;
};

struct page {
    struct store *store;
    const struct login_page_filter *filter;
    size_t limit;
    struct login_cursor *cursor;
    bool *more;
    login_page_visitor *visit;
    void *context;
    struct error *error;

    int64_t first_key, last_key; /* of the range of time */
    int64_t least, most;         /* of the values of lists, where they are times too */
    size_t looks, visited;
    bool ended;         /* nobody wants more */
    struct head *heads; /* of lists */
    size_t head_count, head_capacity;
    struct place_in_order *best; /* of those collected, limit + 1 at most, in order */
    size_t best_count;
};

/* ---- order ---------------------------------------------------------------------------------- */

static bool is_rising(const struct page *page)
{
    return page->filter->order == ORDER_OLDEST;
}

static bool is_by_key(const struct page *page)
{
    return page->filter->order == ORDER_NEWEST || page->filter->order == ORDER_OLDEST;
}

static bool comes_before(const struct page *page, const struct place_in_order *a,
                         const struct place_in_order *b)
{
    bool greater = a->value != b->value ? a->value > b->value : a->key > b->key;
    bool same = a->value == b->value && a->key == b->key;

    return !same && greater != is_rising(page);
}

static bool is_behind_cursor(const struct page *page, const struct place_in_order *place)
{
    struct place_in_order cursor = {page->cursor->value, page->cursor->key};

    return !page->cursor->set || comes_before(page, &cursor, place);
}

/* ---- filter --------------------------------------------------------------------------------- */

static bool columns_fit(const struct login_page_filter *filter, sqlite3_stmt *row)
{
    int label = sqlite3_column_int(row, COLUMN_LABEL);
    enum verdict at_least = filter->order == ORDER_RISK && filter->at_least < VERDICT_LOG
                                ? VERDICT_LOG
                                : filter->at_least;

    return (at_least == VERDICT_ALLOW ||
            sqlite3_column_int(row, COLUMN_VERDICT) >= (int)at_least) &&
           (filter->label == FILTER_ANY || label == filter->label);
}

static bool session_fits(int open, const struct stored_login *login)
{
    bool is_open = login->opened_us > 0 && login->closed_us == 0 && !login->imported;

    return open < 0 || (open == 1 ? is_open : login->opened_us > 0 && !is_open);
}

static bool login_fits(const struct login_page_filter *filter, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;

    if ((filter->user && strcmp(event->user, filter->user) != 0) ||
        (filter->source && !ip_equal(&event->source, filter->source)) ||
        (filter->network && !ip_network_contains(filter->network, &event->source)))
        return false;
    return (!filter->host || strcmp(event->host, filter->host) == 0) &&
           (!filter->service || strcmp(event->service, filter->service) == 0) &&
           (filter->method < 0 || (int)event->method == filter->method) &&
           (filter->reached < 0 || (int)login->reached == filter->reached) &&
           session_fits(filter->open, login);
}

/* ---- one login ------------------------------------------------------------------------------ */

static bool get_row(struct page *page, int64_t key, struct login_row *row, bool *fits)
{
    sqlite3_stmt *statement = store_statement(page->store, SQL_LOGIN_GET, page->error);
    bool done = true;
    int code;

    *fits = false;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && columns_fit(page->filter, statement)) {
        done = login_row_read(page->store, statement, row, page->error);
        *fits = done && login_fits(page->filter, &row->login);
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        done = store_failed(page->store, "be read", page->error);
    }
    sqlite3_reset(statement);
    return done;
}

/* Ends the page when it is full or has looked at enough; else looks at one more. */
static bool look_at(struct page *page, struct place_in_order place, bool later)
{
    struct login_row row;
    bool fits;

    *page->more = page->visited == page->limit || page->looks++ == LOOKS_MOST;
    if (*page->more) {
        page->ended = true;
        return true;
    }
    if (!get_row(page, place.key, &row, &fits))
        return false;
    *page->cursor = (struct login_cursor){true, place.value, place.key};
    if (fits) {
        page->visited++;
        page->ended = !page->visit(page->context, &row.login, later);
    }
    return true;
}

/* ---- some at a time ------------------------------------------------------------------------- */

/* Places whose rows are read ahead together. */
#define BATCH_MOST 512
struct batch {
    size_t count;
    struct place_in_order place[BATCH_MOST];
    bool later[BATCH_MOST];
};

/* As many as may yet be shown, and one that says whether there are more. */
static bool is_full(const struct page *page, const struct batch *batch)
{
    return batch->count == BATCH_MOST || batch->count > page->limit - page->visited;
}

static void put(struct batch *batch, struct place_in_order place, bool later)
{
    batch->place[batch->count] = place;
    batch->later[batch->count++] = later;
}

static void read_ahead(struct page *page, const struct place_in_order *places, size_t count)
{
    int64_t keys[BATCH_MOST];

    if (count > BATCH_MOST)
        count = BATCH_MOST;
    for (size_t i = 0; i < count; i++)
        keys[i] = places[i].key;
    store_read_ahead(page->store, keys, count);
}

static bool look_at_all(struct page *page, struct batch *batch)
{
    read_ahead(page, batch->place, batch->count);
    for (size_t i = 0; i < batch->count && !page->ended; i++) {
        if (!look_at(page, batch->place[i], batch->later[i]))
            return false;
    }
    batch->count = 0;
    return true;
}

/* ---- by the keys of a table or an index ------------------------------------------------------ */

static sqlite3_stmt *key_statement(struct page *page)
{
    const struct login_page_filter *filter = page->filter;
    bool rising = is_rising(page);
    sqlite3_stmt *statement;

    statement =
        store_statement(page->store,
                        filter->user     ? (rising ? SQL_KEYS_USER : SQL_KEYS_USER_NEWEST)
                        : filter->source ? (rising ? SQL_KEYS_SOURCE : SQL_KEYS_SOURCE_NEWEST)
                                         : (rising ? SQL_KEYS_ALL : SQL_KEYS_ALL_NEWEST),
                        page->error);
    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, page->first_key);
    sqlite3_bind_int64(statement, 2, page->last_key);
    if (filter->user)
        sqlite3_bind_text(statement, 3, filter->user, -1, SQLITE_STATIC);
    else if (filter->source)
        sqlite3_bind_blob(statement, 3, filter->source->bytes, filter->source->family == 4 ? 4 : 16,
                          SQLITE_STATIC);
    return statement;
}

/* In the order of keys, each is looked at as it comes. */
static bool page_by_keys(struct page *page)
{
    struct batch batch = {.count = 0};
    sqlite3_stmt *statement;
    int code = SQLITE_DONE;
    bool done;

    if (page->cursor->set && is_rising(page) && page->cursor->key >= page->first_key)
        page->first_key = page->cursor->key + (page->cursor->key < INT64_MAX);
    else if (page->cursor->set && !is_rising(page) && page->cursor->key <= page->last_key)
        page->last_key = page->cursor->key - 1;
    statement = key_statement(page);
    done = statement != NULL;
    while (done && !page->ended && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(statement, 0);

        put(&batch, (struct place_in_order){key, key}, false);
        done = !is_full(page, &batch) || look_at_all(page, &batch);
    }
    done = done && (code == SQLITE_ROW || code == SQLITE_DONE ||
                    store_failed(page->store, "be read", page->error));
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return done && look_at_all(page, &batch);
}

/* ---- by lists ------------------------------------------------------------------------------- */

/* The next row of a part behind a place. *there is false at its end. */
static bool head_advance(struct page *page, struct head *head, struct place_in_order from,
                         bool *there)
{
    sqlite3_stmt *statement = store_statement(
        page->store, is_rising(page) ? SQL_RANKED_RISING : SQL_RANKED_FALLING, page->error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, head->rank);
    sqlite3_bind_int64(statement, 2, from.value);
    sqlite3_bind_int64(statement, 3, from.key);
    sqlite3_bind_int64(statement, 4, page->first_key);
    sqlite3_bind_int64(statement, 5, page->last_key);
    sqlite3_bind_int64(statement, 6, is_rising(page) ? page->most : page->least);
    code = sqlite3_step(statement);
    *there = code == SQLITE_ROW;
    if (*there)
        head->next = (struct place_in_order){sqlite3_column_int64(statement, 0),
                                             sqlite3_column_int64(statement, 1)};
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ||
           store_failed(page->store, "be read", page->error);
}

static bool add_head(struct page *page, int64_t rank)
{
    struct place_in_order from = is_rising(page) ? (struct place_in_order){page->least, -1}
                                                 : (struct place_in_order){page->most, INT64_MAX};
    struct head *head;
    bool there;

    if (page->head_count == page->head_capacity) {
        size_t capacity = page->head_capacity * 2 + 64;
        struct head *heads = realloc(page->heads, capacity * sizeof(*heads));

        if (!heads)
            return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
        page->heads = heads;
        page->head_capacity = capacity;
    }
    if (page->cursor->set &&
        comes_before(page, &from, &(struct place_in_order){page->cursor->value, page->cursor->key}))
        from = (struct place_in_order){page->cursor->value, page->cursor->key};
    head = &page->heads[page->head_count];
    *head = (struct head){.rank = rank, .later = rank >> LIST_SHIFT == LIST_LATER};
    if (!head_advance(page, head, from, &there))
        return false;
    page->head_count += there;
    return true;
}

/* The last part of a list that has rows, up to a rank; -1: there is none. */
static bool last_part(struct page *page, int64_t first, int64_t last, int64_t *rank)
{
    sqlite3_stmt *statement = store_statement(page->store, SQL_RANKED_PART, page->error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, last);
    code = sqlite3_step(statement);
    *rank = code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL
                ? sqlite3_column_int64(statement, 0)
                : -1;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || store_failed(page->store, "be read", page->error);
}

static bool add_list(struct page *page, enum login_list list)
{
    int64_t first = list_rank(list, page->first_key), last = list_rank(list, page->last_key);
    int64_t rank;

    if (!list_is_parted(list))
        return add_head(page, first);
    if (!last_part(page, first, last, &rank))
        return false;
    if (rank >= 0)
        store_read_ahead_ranked(page->store, first, rank);
    for (;;) {
        if (last < first || !last_part(page, first, last, &rank))
            return last < first;
        if (rank < 0)
            return true;
        if (!add_head(page, rank))
            return false;
        last = rank - 1;
    }
}

static bool merge_heads(struct page *page)
{
    struct batch batch = {.count = 0};

    while (page->head_count > 0 && !page->ended) {
        size_t first = 0;
        bool there;

        for (size_t i = 1; i < page->head_count; i++) {
            if (comes_before(page, &page->heads[i].next, &page->heads[first].next))
                first = i;
        }
        put(&batch, page->heads[first].next, page->heads[first].later);
        if (!head_advance(page, &page->heads[first], page->heads[first].next, &there))
            return false;
        if (!there)
            page->heads[first] = page->heads[--page->head_count];
        if (is_full(page, &batch) && !look_at_all(page, &batch))
            return false;
    }
    return look_at_all(page, &batch);
}

/* The lists that hold all that the filter can let through, in its order; by bit. */
static unsigned lists_of(const struct login_page_filter *filter)
{
    unsigned triage = 1u << LIST_QUEUE | 1u << LIST_LATER | 1u << LIST_JUDGED;

    switch (filter->order) {
    case ORDER_RISK:
        return filter->triage == TRIAGE_WAITING ? 1u << LIST_QUEUE
               : filter->triage == TRIAGE_LATER ? 1u << LIST_LATER
                                                : triage;
    case ORDER_BYTES:
        return 1u << LIST_BYTES;
    case ORDER_DURATION:
        return 1u << LIST_DURATION;
    case ORDER_OPENED:
        return filter->open == 1 ? 1u << LIST_OPEN : 1u << LIST_OPENED;
    default:
        break;
    }
    if (filter->label == LABEL_ATTACK || filter->label == LABEL_LEGITIMATE)
        return 1u << (filter->label == LABEL_ATTACK ? LIST_ATTACK : LIST_LEGITIMATE);
    if (filter->at_least > VERDICT_ALLOW)
        return (1u << LIST_DENIED) | (filter->at_least < VERDICT_DENY ? 1u << LIST_STEPPED_UP : 0) |
               (filter->at_least < VERDICT_STEP_UP ? 1u << LIST_LOGGED : 0);
    return 0;
}

/* Sessions are of the range in which they were opened. */
static void bound_values(struct page *page)
{
    const struct login_page_filter *filter = page->filter;

    page->least = 0;
    page->most = INT64_MAX;
    if (is_by_key(page)) {
        page->least = page->first_key;
        page->most = page->last_key;
    } else if (filter->order == ORDER_OPENED) {
        page->least = filter->since_us;
        page->most = filter->until_us > 0 ? filter->until_us - 1 : INT64_MAX;
        page->first_key = 0;
        page->last_key = INT64_MAX;
    }
}

static bool page_by_lists(struct page *page, unsigned lists)
{
    bool done = true;

    bound_values(page);

    for (int list = 0; done && list < LIST_COUNT; list++)
        done = (lists >> list & 1) == 0 || add_list(page, (enum login_list)list);
    done = done && merge_heads(page);
    free(page->heads);
    return done;
}

/* ---- by what is collected -------------------------------------------------------------------- */

static void collect(struct page *page, struct place_in_order place)
{
    size_t at = page->best_count;

    if (!is_behind_cursor(page, &place))
        return;
    if (at > page->limit) {
        if (!comes_before(page, &place, &page->best[at - 1]))
            return;
        at--;
    } else {
        page->best_count++;
    }
    for (; at > 0 && comes_before(page, &place, &page->best[at - 1]); at--)
        page->best[at] = page->best[at - 1];
    page->best[at] = place;
}

static bool visit_best(struct page *page)
{
    read_ahead(page, page->best, page->best_count);
    for (size_t i = 0; i < page->best_count && !page->ended; i++) {
        if (!look_at(page, page->best[i], false))
            return false;
    }
    return true;
}

/* In which order's list a login stands, and where. */
static bool value_in_order(const struct login_page_filter *filter, const struct login_row *row,
                           int64_t *value)
{
    struct login_state state = {.row = row};
    unsigned lists = lists_of(filter);

    for (int list = 0; list < LIST_COUNT; list++) {
        if ((lists >> list & 1) != 0 && list_value((enum login_list)list, &state, value))
            return true;
    }
    return false;
}

/* Those of a user or an address in another order than time's: of the newest of them. */
static bool collect_row(struct page *page, int64_t key)
{
    struct place_in_order place = {0, key};
    struct login_row row = {.key = key};
    bool fits;

    if (!get_row(page, key, &row, &fits))
        return false;
    if (fits && value_in_order(page->filter, &row, &place.value))
        collect(page, place);
    return true;
}

static bool collect_rows(struct page *page)
{
    sqlite3_stmt *statement = key_statement(page);
    int64_t keys[OWN_MOST];
    size_t count = 0;
    int code = SQLITE_DONE;
    bool done;

    if (!statement)
        return false;
    while (count < OWN_MOST && (code = sqlite3_step(statement)) == SQLITE_ROW)
        keys[count++] = sqlite3_column_int64(statement, 0);
    done = code == SQLITE_ROW || code == SQLITE_DONE ||
           store_failed(page->store, "be read", page->error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    store_read_ahead(page->store, keys, count);
    for (size_t i = 0; done && i < count; i++)
        done = collect_row(page, keys[i]);
    return done;
}

static struct ip_address last_of(const struct ip_network *network)
{
    struct ip_address last = network->address;
    unsigned bits = last.family == 4 ? 32 : 128;

    for (unsigned bit = network->prefix_bits; bit < bits; bit++)
        last.bytes[bit / 8] = (uint8_t)(last.bytes[bit / 8] | 0x80 >> bit % 8);
    return last;
}

/* *few: all entries of the network were looked at. */
static bool collect_network(struct page *page, bool *few)
{
    const struct ip_network *network = page->filter->network;
    sqlite3_stmt *statement = store_statement(page->store, SQL_KEYS_NETWORK, page->error);
    struct ip_address last = last_of(network);
    int size = network->address.family == 4 ? 4 : 16, code = SQLITE_DONE;
    size_t looks = 0;

    if (!statement)
        return false;
    sqlite3_bind_blob(statement, 1, network->address.bytes, size, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, last.bytes, size, SQLITE_STATIC);
    while (looks++ < COLLECT_MOST && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(statement, 0);

        if (sqlite3_column_bytes(statement, 1) == size && key >= page->first_key &&
            key <= page->last_key)
            collect(page, (struct place_in_order){key, key});
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    *few = code == SQLITE_DONE;
    return code == SQLITE_DONE || code == SQLITE_ROW ||
           store_failed(page->store, "be read", page->error);
}

static bool page_by_collection(struct page *page, bool (*gather)(struct page *page))
{
    bool done;

    page->best = calloc(page->limit + 2, sizeof(*page->best));
    if (!page->best)
        return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
    done = gather(page) && visit_best(page);
    free(page->best);
    return done;
}

/*
 * The keys of a network are sorted by address. Of one with few they are all looked at; of one with
 * many the next ones in time are near.
 */
static bool page_of_network(struct page *page)
{
    bool done, few = false;

    page->best = calloc(page->limit + 2, sizeof(*page->best));
    if (!page->best)
        return error_set(page->error, FAULT_STORE, "no memory for a page of logins");
    done = collect_network(page, &few) && (!few || visit_best(page));
    *page->more = *page->more || (few && page->best_count > page->limit);
    free(page->best);
    return done && (few || page_by_keys(page));
}

/* ---- pages ---------------------------------------------------------------------------------- */

static bool run_page(struct page *page)
{
    const struct login_page_filter *filter = page->filter;
    unsigned lists = lists_of(filter);

    if (filter->user || filter->source)
        return is_by_key(page) ? page_by_keys(page) : page_by_collection(page, collect_rows);
    if (lists != 0)
        return page_by_lists(page, lists);
    return filter->network ? page_of_network(page) : page_by_keys(page);
}

bool store_login_page(struct store *store, const struct login_page_filter *filter, size_t limit,
                      struct login_cursor *cursor, bool *more, login_page_visitor *visit,
                      void *context, struct error *error)
{
    struct page page = {.store = store,
                        .filter = filter,
                        .limit = limit < LOGIN_PAGE_MOST ? limit : LOGIN_PAGE_MOST,
                        .cursor = cursor,
                        .more = more,
                        .visit = visit,
                        .context = context,
                        .error = error,
                        .first_key = login_key_at(filter->since_us),
                        .last_key =
                            filter->until_us > 0 ? login_key_at(filter->until_us) - 1 : INT64_MAX};

    *more = false;
    if (!store_has_rollups(store))
        return error_set(error, FAULT_STORE,
                         "the store %s was written by an older version and has no lists yet: start "
                         "anomalyd of this version once",
                         store->path);
    return run_page(&page);
}

bool store_login_by_key(struct store *store, int64_t key, struct stored_login *login, bool *found,
                        struct error *error)
{
    struct login_page_filter all;
    struct page page = {.store = store, .filter = &all, .error = error};
    struct login_row row;

    login_page_filter_init(&all);
    if (!get_row(&page, key, &row, found))
        return false;
    if (*found)
        *login = row.login;
    return true;
}

/* Who was only ever guessed at has no session to look for. */
static bool ever_got_in(struct store *store, const char *user, bool *ever, struct error *error)
{
    struct rollup_subject subject = {.kind = ROLLUP_USER};
    struct rollup counts;
    bool found;

    *ever = true;
    if (!store_has_rollups(store))
        return true;
    snprintf(subject.user, sizeof(subject.user), "%s", user);
    if (!store_seen_find(store, &subject, &counts, &found, error))
        return false;
    *ever = !found || counts.successes > 0;
    return true;
}

bool store_previous_login(struct store *store, const struct stored_login *login,
                          struct stored_login *previous, bool *found, struct error *error)
{
    const struct login_event *event = &login->record.event;
    struct login_page_filter filter;
    struct page page = {.store = store, .filter = &filter, .error = error};
    sqlite3_stmt *statement;
    struct login_row row, own;
    bool done, fits;
    int looks = 0;

    login_page_filter_init(&filter);
    filter.user = event->user;
    *found = false;
    if (!ever_got_in(store, event->user, &done, error))
        return false;
    if (!done)
        return true;
    if (!login_row_find(store, &event->id, &own, &fits, error))
        return false;
    page.last_key = fits ? own.key - 1 : login_key_at(event->time_us) - 1;
    statement = key_statement(&page);
    done = statement != NULL;
    while (done && !*found && looks++ < NEAR_LOGINS && sqlite3_step(statement) == SQLITE_ROW) {
        done = get_row(&page, sqlite3_column_int64(statement, 0), &row, &fits);
        *found = done && fits && row.login.opened_us > 0;
    }
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    if (*found)
        *previous = row.login;
    return done;
}
