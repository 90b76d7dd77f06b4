/* The parts that need no socket: targets, routes, secrets, sessions, tokens, throttling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "dashboard/reply_body.h"
#include "dashboard/route.h"
#include "dashboard/session.h"
#include "dashboard/throttle.h"
#include "dashboard/token.h"

static void targets_come_apart(void **state)
{
    char target[] = "/user/al%20ice?since=24h&empty=&plus=a+b%2Bc&bare";
    struct error error = ERROR_NONE;
    struct query query;
    (void)state;

    assert_true(target_parse(target, &query, &error));
    assert_string_equal(target, "/user/al%20ice");
    assert_int_equal(query.count, 4);
    assert_string_equal(query.values[0].name, "since");
    assert_string_equal(query.values[0].value, "24h");
    assert_string_equal(query.values[1].value, "");
    assert_string_equal(query.values[2].value, "a b+c");
    assert_string_equal(query.values[3].name, "bare");
}

static void bad_escapes_are_refused(void **state)
{
    static const char *const BAD[] = {"%",         "%4",           "%4g",    "%00",
                                      "%0a",       "%7f",          "%ff",    "%c0%80",
                                      "%ed%a0%80", "%f4%90%80%80", "%e2%82", "%c2%80"};
    char room[64];
    (void)state;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_false(target_decode(BAD[i], strlen(BAD[i]), false, room, sizeof(room)));
    assert_true(target_decode("%E2%82%AC%f0%9f%98%80", 21, false, room, sizeof(room)));
    assert_string_equal(room, "€😀");
    assert_false(target_decode("abc", 3, false, room, 3));
    assert_true(target_decode("abc", 3, false, room, 4));
}

static void every_route_is_found(void **state)
{
    char parameter[REQUEST_PARAMETER_MAX], path[256];
    bool known;
    (void)state;

    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const char *brace = strchr(ROUTES[i].path, '{');
        size_t begin = brace == NULL ? strlen(ROUTES[i].path) : (size_t)(brace - ROUTES[i].path);
        const char *rest = brace == NULL ? "" : strchr(brace, '}') + 1;

        snprintf(path, sizeof(path), "%.*s%s%s", (int)begin, ROUTES[i].path,
                 brace == NULL ? "" : "a%2fb", rest);
        assert_ptr_equal(route_find(ROUTES[i].method, path, parameter, sizeof(parameter), &known),
                         &ROUTES[i]);
        assert_string_equal(parameter, brace == NULL ? "" : "a/b");
        assert_true(ROUTES[i].summary[0] != '\0');
    }
    assert_null(route_find(HTTP_DELETE, "/health", parameter, sizeof(parameter), &known));
    assert_true(known);
    assert_null(route_find(HTTP_GET, "/user/", parameter, sizeof(parameter), &known));
    assert_false(known);
    assert_null(route_find(HTTP_GET, "/user/%00", parameter, sizeof(parameter), &known));
    assert_false(known);
}

static void parameters_are_those_of_the_row(void **state)
{
    struct route route = {.parameters = "since order=newest|oldest limit"};
    (void)state;

    assert_non_null(route_parameter(&route, "since"));
    assert_null(route_parameter(&route, "sinc"));
    assert_null(route_parameter(&route, "newest"));
    assert_null(route_parameter(&route, ""));
    const char *order = route_parameter(&route, "order");
    assert_non_null(order);
    assert_true(route_parameter_allows(order, "newest"));
    assert_true(route_parameter_allows(order, "oldest"));
    assert_false(route_parameter_allows(order, "old"));
    assert_false(route_parameter_allows(order, "newest|oldest"));
    assert_false(route_parameter_allows(order, "limit"));
    assert_true(route_parameter_allows(route_parameter(&route, "limit"), "anything"));
}

static void moments_and_numbers_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t time_us; /* -1: refused */
    } MOMENTS[] = {
        {"2026-03-09T14:05:11Z", 1773065111 * US_PER_S},
        {"2026-03-09T14:05:11.250Z", 1773065111 * US_PER_S + 250000},
        {"2026-03-09T15:05:11+01:00", 1773065111 * US_PER_S},
        {"1773065111", 1773065111 * US_PER_S},
        {"2026-03-09", 1773014400 * US_PER_S},
        {"1h", (1773065111 - 3600) * US_PER_S},
        {"-1", -1},
        {"yesterday", -1},
        {"", -1},
        {"99999999999999999999", -1},
        {"253402300799", INT64_C(253402300799) * US_PER_S},
        {"253402300800", -1},
        {"9223372036854", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"0001-01-01T00:00:00Z", -1},
    };
    struct query query = {.count = 1};
    struct request request = {.query = &query, .now_us = 1773065111 * US_PER_S};
    struct reply_body body;
    struct reply reply;
    int64_t value;
    (void)state;

    assert_true(reply_begin(&reply, &body));
    for (size_t i = 0; i < sizeof(MOMENTS) / sizeof(MOMENTS[0]); i++) {
        query.values[0] = (struct query_value){"since", MOMENTS[i].text};
        reply.status = 200;
        if (request_query_time(&request, "since", 7, &value, &reply))
            assert_int_equal(value, MOMENTS[i].time_us);
        else
            assert_int_equal(MOMENTS[i].time_us, -1);
        assert_int_equal(reply.status, MOMENTS[i].time_us < 0 ? 400 : 200);
    }
    assert_true(request_query_time(&request, "until", 7, &value, &reply));
    assert_int_equal(value, 7);
    query.values[0] = (struct query_value){"limit", "500"};
    assert_true(request_query_integer(&request, "limit", 1, 500, 50, &value, &reply));
    assert_int_equal(value, 500);
    for (const char *const *bad = (const char *const[]){"501", "0", "5x", " 5", "+5", "", NULL};
         *bad != NULL; bad++) {
        query.values[0].value = *bad;
        assert_false(request_query_integer(&request, "limit", 1, 500, 50, &value, &reply));
    }
    assert_true(reply_end(&reply, &body, NULL));
    reply_body_free(&body);
}

static void secrets_differ_and_compare(void **state)
{
    char one[SECRET_TEXT_BYTES], two[SECRET_TEXT_BYTES], text[SECRET_TEXT_BYTES];
    uint8_t hash[SECRET_HASH_BYTES], again[SECRET_HASH_BYTES];
    (void)state;

    assert_true(secret_make(one, NULL) && secret_make(two, NULL));
    assert_string_not_equal(one, two);
    assert_int_equal(strspn(one, "0123456789abcdef"), 64);
    assert_true(secret_text_equal(one, one));
    assert_false(secret_text_equal(one, two));
    secret_hash("abc", hash); /* FIPS 180-2, B.1 */
    secret_hash_format(hash, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(secret_hash_parse(text, again));
    assert_memory_equal(hash, again, sizeof(hash));
    assert_false(secret_hash_parse("ba78", again));
}

static void sessions_end(void **state)
{
    struct sessions *sessions = sessions_create();
    char identity[SECRET_TEXT_BYTES];
    struct session begun, found;
    (void)state;

    assert_non_null(sessions);
    assert_true(session_begin(sessions, "anna", ROLE_ANALYST, false, 1000, identity, &begun, NULL));
    assert_true(session_find(sessions, identity, 2000, &found));
    assert_string_equal(found.who, "anna");
    assert_int_equal(found.role, ROLE_ANALYST);
    assert_string_equal(found.csrf, begun.csrf);
    assert_false(session_find(sessions, begun.csrf, 2000, &found));
    assert_false(session_find(sessions, "", 2000, &found));

    /* Unused for an hour. */
    assert_false(session_find(sessions, identity, 2000 + SESSION_IDLE_US, &found));
    assert_false(session_find(sessions, identity, 3000, &found));

    /* However busy, at most so long. */
    int64_t at_us = 0;
    assert_true(session_begin(sessions, "anna", ROLE_VIEWER, false, 0, identity, &begun, NULL));
    for (; at_us < SESSION_ABSOLUTE_US; at_us += SESSION_IDLE_US / 2)
        assert_true(session_find(sessions, identity, at_us, &found));
    assert_false(session_find(sessions, identity, at_us, &found));
    sessions_destroy(sessions);
}

static void sessions_are_bounded(void **state)
{
    struct sessions *sessions = sessions_create();
    char identity[SECRET_TEXT_BYTES], who[32];
    struct session begun;
    struct error error = ERROR_NONE;
    (void)state;

    for (int i = 0; i < SESSION_MAX; i++) {
        snprintf(who, sizeof(who), "user%d", i);
        assert_true(session_begin(sessions, who, ROLE_VIEWER, false, 0, identity, &begun, &error));
    }
    assert_false(
        session_begin(sessions, "one more", ROLE_VIEWER, false, 1, identity, &begun, &error));
    assert_true(error.text[0] != '\0');
    assert_true(session_begin(sessions, "one more", ROLE_VIEWER, false, SESSION_IDLE_US, identity,
                              &begun, NULL));
    sessions_destroy(sessions);
}

static void a_guesser_is_stopped(void **state)
{
    struct throttle *throttle = throttle_create(NULL);
    int taken = 0;
    (void)state;

    while (throttle_take(throttle, "192.0.2.1", "anna", 0) == 0)
        taken++;
    assert_int_equal(taken, 5);
    assert_true(throttle_take(throttle, "192.0.2.1", "anna", 0) <= 61);
    assert_int_equal(throttle_take(throttle, "192.0.2.1", "anna", 61 * US_PER_S), 0);

    /* With other names, somewhat longer. */
    for (char name[2] = "a"; throttle_take(throttle, "192.0.2.2", name, 0) == 0; name[0]++)
        assert_true(name[0] < 'a' + 20);
    throttle_destroy(throttle);
}

static void a_name_under_attack_stays_open(void **state)
{
    struct throttle *throttle = throttle_create(NULL);
    char address[32];
    (void)state;

    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof(address), "198.51.%d.%d", i / 256, i % 256);
        for (int j = 0; j < 10; j++)
            (void)throttle_take(throttle, address, "anna", 0);
    }
    assert_int_equal(throttle_take(throttle, "203.0.113.9", "anna", 0), 0);
    /* Once at a time; who was right is not counted. */
    assert_true(throttle_take(throttle, "203.0.113.9", "anna", 0) > 0);
    throttle_give_back(throttle, "203.0.113.9", "anna", 0);
    assert_int_equal(throttle_take(throttle, "203.0.113.9", "anna", 0), 0);
    assert_int_equal(throttle_take(throttle, "203.0.113.9", "otto", 0), 0);
    throttle_destroy(throttle);
}

static void tokens_are_kept(void **state)
{
    char directory[] = "/tmp/test_tokens-XXXXXX", path[64], text[SECRET_TEXT_BYTES];
    static struct token_list list;
    struct error error = ERROR_NONE;
    struct token token;
    bool found;
    (void)state;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/" TOKEN_FILE, directory);
    struct tokens *tokens = tokens_create(directory);
    assert_true(token_add(directory, "one", ROLE_VIEWER, false, 100, 50, text, &error));
    assert_true(token_find(tokens, text, false, 149, &token, &error));
    assert_string_equal(token.name, "one");
    assert_false(token_find(tokens, text, true, 149, &token, &error));
    assert_false(token_find(tokens, text, false, 150, &token, &error));
    assert_false(token_add(directory, "one", ROLE_VIEWER, false, 120, 50, text, &error));
    error = ERROR_NONE;
    assert_false(token_add(directory, "a b", ROLE_VIEWER, false, 120, 50, text, &error));
    error = ERROR_NONE;

    /* One-time tokens. */
    assert_true(token_add(directory, "start", ROLE_ANALYST, true, 100, 50, text, &error));
    assert_true(token_find(tokens, text, true, 120, &token, &error));
    assert_int_equal(token.role, ROLE_ANALYST);
    assert_false(token_find(tokens, text, true, 120, &token, &error));
    assert_string_equal(error.text, "");

    assert_true(token_remove(directory, "one", &found, &error) && found);
    assert_true(token_remove(directory, "one", &found, &error) && !found);
    assert_true(token_list_read(directory, &list, &error));
    assert_int_equal(list.count, 0);

    /* A line that is none is an error, not a way in. */
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("nonsense\n", file);
    fclose(file);
    assert_false(token_find(tokens, text, false, 120, &token, &error));
    assert_non_null(strstr(error.text, "line 1"));
    error = ERROR_NONE;
    assert_int_equal(chmod(path, 0666), 0);
    assert_false(token_list_read(directory, &list, &error));
    tokens_destroy(tokens);
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_come_apart),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(every_route_is_found),
        cmocka_unit_test(parameters_are_those_of_the_row),
        cmocka_unit_test(moments_and_numbers_are_read),
        cmocka_unit_test(secrets_differ_and_compare),
        cmocka_unit_test(sessions_end),
        cmocka_unit_test(sessions_are_bounded),
        cmocka_unit_test(a_guesser_is_stopped),
        cmocka_unit_test(a_name_under_attack_stays_open),
        cmocka_unit_test(tokens_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
