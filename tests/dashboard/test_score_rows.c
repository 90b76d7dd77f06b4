/* Pages of scored rows: every row once, in order, whatever its cells hold. */
#include "dashboard/score_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_writer.h"
#include "tests/store/fixture.h"

static bool write_row(void *context, const struct scored_row *row)
{
    struct json_writer *json = context;

    json_object_begin(json, NULL);
    json_text(json, "time", row->time);
    json_text(json, "user", row->user);
    json_text(json, "ip", row->ip);
    json_number(json, "risk", row->risk);
    json_text(json, "verdict", row->verdict);
    json_text(json, "reasons", row->reasons);
    json_object_end(json);
    return true;
}

/* A page as text; the caller frees it. *next: -1 when there is no more. */
static char *page(int fd, int64_t cursor, enum verdict at_least, size_t limit, int64_t *next)
{
    struct error error = ERROR_NONE;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct json_writer json = json_writer_to(out);
    bool more;

    json_array_begin(&json, NULL);
    ASSERT_DONE(score_rows_read(fd, &cursor, at_least, limit, &more, write_row, &json, &error));
    json_array_end(&json);
    fclose(out);
    *next = more ? cursor : -1;
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

#define HEADER "time,user,ip,risk,verdict,reasons\n"

static void every_row_comes_once(void **state)
{
    char text[8192] = HEADER;
    int64_t cursor = 0;
    unsigned rows = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "2026-03-09T14:05:%02d.000000Z,u%d,8.8.8.8,0.5,allow,\n",
                i % 60, i);
    int fd = file_of(text);
    while (cursor >= 0) {
        char *items = page(fd, cursor, VERDICT_ALLOW, 7, &cursor), wanted[32];
        snprintf(wanted, sizeof wanted, "\"u%u\"", rows);
        assert_non_null(strstr(items, wanted));
        rows += count(items, "\"user\"");
        free(items);
    }
    assert_int_equal(rows, 100);
    close(fd);
}

static void quotes_commas_and_lines_stay_in_their_cell(void **state)
{
    static const char TEXT[] =
        HEADER "t,\"a \"\"b\"\", c\nd\",,0.25,deny,\"one (0.4), two (0.1)\"\n"
               "t,next,1.1.1.1,1,log,x\n";
    int64_t next;

    (void)state;
    int fd = file_of(TEXT);
    char *items = page(fd, 0, VERDICT_ALLOW, 10, &next);
    assert_non_null(strstr(items, "\"a \\\"b\\\", c\\u000ad\""));
    assert_non_null(strstr(items, "\"ip\": \"\""));
    assert_non_null(strstr(items, "\"one (0.4), two (0.1)\""));
    assert_int_equal(next, -1);
    free(items);
    close(fd);
}

static void names_are_without_their_guard(void **state)
{
    static const char TEXT[] = HEADER "t,'=cmd,,0,allow,\nt,''=x,,0,allow,\nt,'a,,0,allow,\n"
                                      "t,-432,,0,allow,\n";
    int64_t next;

    (void)state;
    int fd = file_of(TEXT);
    char *items = page(fd, 0, VERDICT_ALLOW, 10, &next);
    assert_non_null(strstr(items, "\"=cmd\""));
    assert_non_null(strstr(items, "\"'=x\""));
    assert_non_null(strstr(items, "\"'a\""));
    assert_non_null(strstr(items, "\"-432\""));
    free(items);
    close(fd);
}

static void only_rows_at_or_above_the_verdict_count(void **state)
{
    static const char TEXT[] = HEADER "t,a,,0,allow,\nt,b,,0,step-up,\nt,c,,0,log,\nt,d,,0,deny,\n";
    int64_t next;

    (void)state;
    int fd = file_of(TEXT);
    char *items = page(fd, 0, VERDICT_STEP_UP, 10, &next);
    assert_int_equal(count(items, "\"user\""), 2);
    assert_null(strstr(items, "\"c\""));
    free(items);
    close(fd);
}

static void damaged_rows_and_cursors_harm_nothing(void **state)
{
    static const char *const TEXTS[] = {"",
                                        HEADER,
                                        HEADER "a,b\n\n,,,,,\n",
                                        HEADER "\"never closed,a,b\n",
                                        HEADER "t,a,,x,allow,\"y\"z\n",
                                        "no end of line"};
    int64_t next;

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        int fd = file_of(TEXTS[i]);
        for (int64_t cursor = 0; cursor < (int64_t)strlen(TEXTS[i]) + 3; cursor++) {
            char *items = page(fd, cursor, VERDICT_ALLOW, 10, &next);
            assert_true(next == -1 || next > cursor);
            free(items);
        }
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once),
        cmocka_unit_test(quotes_commas_and_lines_stay_in_their_cell),
        cmocka_unit_test(names_are_without_their_guard),
        cmocka_unit_test(only_rows_at_or_above_the_verdict_count),
        cmocka_unit_test(damaged_rows_and_cursors_harm_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
