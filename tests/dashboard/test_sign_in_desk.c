/* The desk of sign-ins, before a helper that answers as none should. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dashboard/sign_in.h"

#define WAIT_MS 60000

static struct sign_in_question read_question(int helper)
{
    struct sign_in_question question;

    assert_int_equal(recv(helper, &question, sizeof(question), 0), sizeof(question));
    return question;
}

static void say(int helper, uint64_t number, enum sign_in_verdict verdict, const char *user)
{
    struct sign_in_answer answer = {.number = number, .verdict = verdict};

    strcpy(answer.user, user);
    assert_int_equal(send(helper, &answer, sizeof(answer), 0), sizeof(answer));
}

static struct sign_in *ask(struct sign_in_desk *desk, const char *user)
{
    struct sign_in_question question = {.number = 0};

    strcpy(question.user, user);
    strcpy(question.password, "secret");
    struct sign_in *sign_in = sign_in_ask(desk, &question);
    assert_non_null(sign_in);
    return sign_in;
}

static struct sign_in_answer wait_for(struct sign_in *sign_in)
{
    struct sign_in_answer answer = {.number = 0};
    bool answered = false;

    for (int ms = 0; !answered && ms < WAIT_MS; ms++) {
        answered = sign_in_is_answered(sign_in, &answer);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(answered);
    sign_in_drop(sign_in);
    return answer;
}

/* What was answered twice, or too late, must not sign in who asks next. */
static void an_answer_is_only_to_its_question(void **state)
{
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    struct sign_in_desk *desk = sign_in_desk_create(ends[0]);
    assert_non_null(desk);

    struct sign_in *anna = ask(desk, "anna");
    uint64_t first = read_question(ends[1]).number;
    say(ends[1], first, SIGN_IN_ACCEPTED, "anna");
    say(ends[1], first, SIGN_IN_ACCEPTED, "anna");
    assert_int_equal(wait_for(anna).verdict, SIGN_IN_ACCEPTED);

    struct sign_in *mallory = ask(desk, "mallory");
    uint64_t second = read_question(ends[1]).number;
    assert_int_not_equal(second, first);
    say(ends[1], first, SIGN_IN_ACCEPTED, "anna");
    say(ends[1], second, SIGN_IN_REFUSED, "mallory");
    struct sign_in_answer answer = wait_for(mallory);
    assert_int_equal(answer.verdict, SIGN_IN_REFUSED);
    assert_string_equal(answer.user, "mallory");

    sign_in_desk_destroy(desk);
    close(ends[1]);
}

static void a_helper_that_is_gone_lets_nobody_in(void **state)
{
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    struct sign_in_desk *desk = sign_in_desk_create(ends[0]);
    assert_non_null(desk);
    close(ends[1]);
    assert_int_equal(wait_for(ask(desk, "anna")).verdict, SIGN_IN_UNAVAILABLE);
    sign_in_desk_destroy(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_only_to_its_question),
        cmocka_unit_test(a_helper_that_is_gone_lets_nobody_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
