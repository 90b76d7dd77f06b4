/* Pages of a table's scored rows, and the cells that come with them. */
#include "dashboard/table_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_reader.h"
#include "tests/store/fixture.h"

/* A page as text; the caller frees it. *next: -1 for null. */
static char *page(int fd, int64_t cursor, size_t limit, int64_t *next)
{
    struct error error = ERROR_NONE;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct json_writer json = json_writer_to(out);

    json_object_begin(&json, NULL);
    ASSERT_DONE(table_rows_write(fd, cursor, limit, &json, &error));
    json_object_end(&json);
    fclose(out);
    struct json_value value = json_member(json_parse(text, size), "next");
    assert_non_null(value.begin);
    *next = value.begin[0] == 'n' ? -1 : (int64_t)json_to_number(value);
    return text;
}

static int file_of(const char *text)
{
    char path[] = "/tmp/score-rows.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

static void rows_have_their_cells(void **state)
{
    static const char TEXT[] = "row,score,share_above,reasons,proto,\"a,b\"\n"
                               "7,0.75,0.001,\"proto=tcp (0.31); x missing (0.2)\",tcp,\"'=<b>\"\n"
                               "9,,,\"3 cells, the header has 5\"\n"
                               "1,0.5\n";
    int64_t next;

    (void)state;
    int fd = file_of(TEXT);
    char *items = page(fd, 0, 1, &next);
    assert_non_null(strstr(items, "\"columns\": [\"proto\", \"a,b\"]"));
    assert_non_null(strstr(items, "{\"row\": 7, \"score\": 0.75, \"share_above\": 0.001, "
                                  "\"reasons\": \"proto=tcp (0.31); x missing (0.2)\", "
                                  "\"cells\": [\"tcp\", \"=<b>\"]}"));
    assert_int_equal(count(items, "\"row\""), 1);
    free(items);
    items = page(fd, next, 10, &next);
    assert_non_null(strstr(items, "\"columns\": [\"proto\", \"a,b\"]"));
    assert_non_null(strstr(items, "{\"row\": 9, \"score\": null, \"share_above\": null, "
                                  "\"reasons\": \"3 cells, the header has 5\", \"cells\": []}"));
    assert_int_equal(count(items, "\"row\""), 1);
    assert_int_equal(next, -1);
    free(items);
    close(fd);
}

#define HEADER "row,score,share_above,reasons\n"

static void damaged_rows_and_cursors_harm_nothing(void **state)
{
    static const char *const TEXTS[] = {"",
                                        HEADER,
                                        HEADER "a,b\n\n,,,,,\n",
                                        HEADER "\"never closed,a,b\n",
                                        HEADER "1,x,y,\"z\"z\n",
                                        "no end of line"};
    int64_t next;

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        int fd = file_of(TEXTS[i]);
        for (int64_t cursor = 0; cursor < (int64_t)strlen(TEXTS[i]) + 3; cursor++) {
            char *items = page(fd, cursor, 10, &next);
            assert_true(next == -1 || next > cursor);
            free(items);
        }
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_their_cells),
        cmocka_unit_test(damaged_rows_and_cursors_harm_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
