#include "dashboard/list_cursor.h"

#include <inttypes.h>
#include <string.h>

#define CURSOR_TEXT_BYTES (2 * (ROLLUP_SUBJECT_BYTES + 8) + 1)

static void write_hex(char *text, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

/* Returns the number of bytes, 0 for what is no cursor. */
static size_t read_hex(const char *text, uint8_t *bytes, size_t capacity)
{
    size_t size = strlen(text) / 2;

    if (strlen(text) % 2 != 0 || size > capacity)
        return 0;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return size;
}

static void put_value(uint8_t bytes[8], int64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static int64_t get_value(const uint8_t bytes[8])
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static bool refuse_cursor(struct reply *reply)
{
    return !reply_refuse(reply, 400,
                         "cursor is not one that this list gave: take \"next\" of the page before");
}

bool list_login_cursor(const struct request *request, struct login_cursor *cursor,
                       struct reply *reply)
{
    const char *text = request_query(request, "cursor");
    uint8_t bytes[16];

    *cursor = (struct login_cursor){.set = text != NULL};
    if (text == NULL)
        return true;
    if (read_hex(text, bytes, sizeof(bytes)) != sizeof(bytes))
        return refuse_cursor(reply);
    cursor->value = get_value(bytes);
    cursor->key = get_value(bytes + 8);
    return (cursor->value >= 0 && cursor->key >= 0) || refuse_cursor(reply);
}

bool list_rollup_cursor(const struct request *request, struct rollup_cursor *cursor,
                        struct reply *reply)
{
    const char *text = request_query(request, "cursor");
    uint8_t bytes[8 + ROLLUP_SUBJECT_BYTES];
    size_t size;

    cursor->size = 0;
    if (text == NULL)
        return true;
    size = read_hex(text, bytes, sizeof(bytes));
    if (size <= 8)
        return refuse_cursor(reply);
    cursor->value = get_value(bytes);
    cursor->size = (uint16_t)(size - 8);
    memcpy(cursor->subject, bytes + 8, cursor->size);
    return cursor->value >= 0 || refuse_cursor(reply);
}

void list_next_login(struct json_writer *json, const struct login_cursor *cursor, bool more)
{
    char text[CURSOR_TEXT_BYTES];
    uint8_t bytes[16];

    put_value(bytes, cursor->value);
    put_value(bytes + 8, cursor->key);
    write_hex(text, bytes, sizeof(bytes));
    json_text(json, "next", more ? text : NULL);
}

bool list_read_rollups(struct list_rollups *rollups, struct list_page *page,
                       const struct rollup_range *busiest, const struct rollup_listing *listing,
                       rollup_row_visitor *give)
{
    rollups->page = page;
    return busiest != NULL ? store_busiest(page->store, busiest, page->limit, &rollups->cursor,
                                           &page->more, give, rollups, page->error)
                           : store_seen(page->store, listing, page->limit, &rollups->cursor,
                                        &page->more, give, rollups, page->error);
}

void list_write_next_rollup(const void *state, struct list_page *page)
{
    const struct rollup_cursor *cursor = &((const struct list_rollups *)state)->cursor;
    char text[CURSOR_TEXT_BYTES];
    uint8_t value[8];

    put_value(value, cursor->value);
    write_hex(text, value, sizeof(value));
    write_hex(text + 16, cursor->subject, cursor->size);
    json_text(page->json, "next", page->more ? text : NULL);
}

bool list_begin_numbered(const struct request *request, struct list_numbered *numbered,
                         struct reply *reply)
{
    return request_query_integer(request, "cursor", 1, INT64_MAX, INT64_MAX, &numbered->before,
                                 reply);
}

void list_page_numbered(struct list_numbered *numbered, struct list_page *page)
{
    numbered->page = page;
    numbered->left = page->limit;
}

bool list_give_numbered(struct list_numbered *numbered, int64_t number,
                        const struct list_item *item)
{
    numbered->page->more = numbered->left == 0;
    if (numbered->left-- == 0)
        return false;
    numbered->before = number;
    return list_give(numbered->page, item);
}

void list_write_next_number(const void *state, struct list_page *page)
{
    const struct list_numbered *numbered = state;
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, numbered->before);
    json_text(page->json, "next", page->more ? text : NULL);
}
