/* Signing in and out. */
#include <string.h>

#include "common/clock.h"
#include "dashboard/access.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/worker.h"

static void set_cookie(struct reply *reply, const struct dashboard *dashboard, const char *identity,
                       int64_t life_s)
{
    snprintf(reply->cookie, sizeof(reply->cookie),
             COOKIE_NAME "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", identity,
             (long long)life_s, dashboard->secure ? "; Secure" : "");
}

static void write_session(struct reply *reply, const char *who, enum role role,
                          const struct session *session, int64_t now_us)
{
    struct json_writer *json = &reply->json;

    json_object_begin(json, NULL);
    json_text(json, "user", who);
    json_text(json, "role", role_name(role));
    json_text(json, "csrf", session != NULL ? session->csrf : NULL);
    json_time(&reply->json, "expires",
              session != NULL ? now_us + session->expires_us - clock_monotonic_us() : 0);
    json_object_end(json);
}

static bool begin_session(struct worker *worker, const struct request *request, const char *who,
                          enum role role, bool person, struct reply *reply, struct error *error)
{
    char identity[SECRET_TEXT_BYTES];
    struct session session;

    if (!session_begin(worker->dashboard->sessions, who, role, person, clock_monotonic_us(),
                       identity, &session, error))
        return false;
    set_cookie(reply, worker->dashboard, identity, SESSION_ABSOLUTE_US / US_PER_S);
    write_session(reply, who, role, &session, request->now_us);
    explicit_bzero(identity, sizeof(identity));
    explicit_bzero(&session, sizeof(session));
    return true;
}

/* What is throttled together: an IPv4 address, or what one site usually has of IPv6. */
static void throttled_address(const struct request *request, char text[IP_TEXT_BYTES])
{
    struct ip_address address = request->address;

    if (address.family == 6)
        address = ip_prefix(&address, 64);
    ip_format(&address, text);
}

static bool refuse_for_now(struct reply *reply, int64_t wait_s)
{
    reply->retry_after_s = wait_s;
    return reply_refuse(reply, 429, "too many wrong sign-ins: wait %lld seconds",
                        (long long)wait_s);
}

/* The log's line, for those who watch it; the name is what somebody chose. */
static void log_refusal(const struct request *request, const char *user, const char *why)
{
    struct error line = ERROR_NONE;
    char address[IP_TEXT_BYTES];

    ip_format(&request->address, address);
    error_set(&line, FAULT_NONE, "sign-in of %s from %s refused: %s", user,
              address[0] != '\0' ? address : "a local socket", why);
    fprintf(stderr, "anomaly-dashboard: %s\n", line.text);
}

static bool sign_in_by_token(struct worker *worker, const struct request *request, const char *text,
                             struct reply *reply, struct error *error)
{
    struct dashboard *dashboard = worker->dashboard;
    struct error trouble = ERROR_NONE;
    char address[IP_TEXT_BYTES];
    struct token token;

    throttled_address(request, address);
    int64_t wait_s = throttle_take(dashboard->throttle, address, "", clock_monotonic_us());
    if (wait_s > 0)
        return refuse_for_now(reply, wait_s);
    if (!token_find(dashboard->tokens, text, true, request->now_us / US_PER_S, &token, &trouble)) {
        if (trouble.text[0] != '\0')
            return error_set(error, trouble.fault, "%s", trouble.text);
        log_refusal(request, "a token's bearer", "no such token");
        return reply_refuse(reply, 401, "this token is not known, used already or over");
    }
    throttle_give_back(dashboard->throttle, address, "", clock_monotonic_us());
    return begin_session(worker, request, token.name, token.role, false, reply, error);
}

/* A member that is text, not empty and shorter than capacity, copied and wiped where it stood. */
static bool take_text(json_t *object, const char *name, char *text, size_t capacity)
{
    json_t *member = json_object_get(object, name);
    size_t length = json_string_length(member);
    bool fits = json_is_string(member) && length > 0 && length < capacity;

    if (fits)
        memcpy(text, json_string_value(member), length + 1);
    if (json_is_string(member))
        explicit_bzero((char *)(uintptr_t)json_string_value(member), length);
    return fits;
}

/* PAM's question goes off, and this request sleeps until the answer is there. */
static bool ask_for(struct worker *worker, const struct request *request, struct reply *reply)
{
    struct dashboard *dashboard = worker->dashboard;
    struct sign_in_question question = {0};
    char address[IP_TEXT_BYTES];

    ip_format(&request->address, question.address);
    question.groups = role_groups_of(worker->config);
    question.generation = worker->generation;
    if (!take_text(request->json, "user", question.user, sizeof(question.user)) ||
        !take_text(request->json, "password", question.password, sizeof(question.password))) {
        explicit_bzero(&question, sizeof(question));
        return reply_refuse(reply, 422,
                            "name a token, or a user (at most %d bytes) and a password "
                            "(at most %d)",
                            SIGN_IN_NAME_BYTES - 1, SIGN_IN_PASSWORD_BYTES - 1);
    }
    throttled_address(request, address);
    int64_t wait_s =
        throttle_take(dashboard->throttle, address, question.user, clock_monotonic_us());
    struct sign_in *sign_in = wait_s > 0 ? NULL : sign_in_ask(dashboard->desk, &question);
    if (wait_s == 0 && sign_in == NULL)
        throttle_give_back(dashboard->throttle, address, question.user, clock_monotonic_us());
    explicit_bzero(&question, sizeof(question));
    if (wait_s > 0)
        return refuse_for_now(reply, wait_s);
    if (sign_in == NULL) {
        reply->retry_after_s = 2;
        return reply_refuse(reply, 503, "others are signing in: try again in a moment");
    }
    *request->kept = (struct kept){sign_in, sign_in_drop};
    reply->waker = sign_in_waker(sign_in);
    return true;
}

/* Of groups that another configuration named, which no review of sessions would look at again. */
static bool ask_again(struct worker *worker, const struct request *request, const char *asked,
                      struct reply *reply)
{
    char address[IP_TEXT_BYTES];

    throttled_address(request, address);
    throttle_give_back(worker->dashboard->throttle, address, asked, clock_monotonic_us());
    reply->retry_after_s = 1;
    return reply_refuse(reply, 503, "the configuration was just changed: sign in again");
}

static bool sign_in_answered(struct worker *worker, const struct request *request,
                             const char *asked, const struct sign_in_answer *answer,
                             struct reply *reply, struct error *error)
{
    struct dashboard *dashboard = worker->dashboard;
    bool accepted = answer->verdict == SIGN_IN_ACCEPTED;
    enum role role = accepted ? answer->role : ROLE_NONE;
    char address[IP_TEXT_BYTES];

    throttled_address(request, address);
    if (role != ROLE_NONE || answer->verdict == SIGN_IN_UNAVAILABLE)
        throttle_give_back(dashboard->throttle, address, asked, clock_monotonic_us());
    if (answer->verdict == SIGN_IN_UNAVAILABLE)
        return error_set(error, FAULT_NONE, "PAM gave no answer: see the log, and /etc/pam.d/%s",
                         SIGN_IN_SERVICE);
    if (role == ROLE_NONE) {
        log_refusal(request, asked, accepted ? "in none of the dashboard's groups" : "PAM said no");
        return reply_refuse(reply, 401,
                            "name or password is wrong, or this account may not sign in here");
    }
    return begin_session(worker, request, answer->user, role, true, reply, error);
}

bool sign_in(struct worker *worker, const struct request *request, struct reply *reply,
             struct error *error)
{
    const char *token = json_string_value(json_object_get(request->json, "token"));
    struct sign_in *asked = request->kept->context;
    struct sign_in_answer answer;

    if (token != NULL)
        return sign_in_by_token(worker, request, token, reply, error);
    if (asked == NULL)
        return ask_for(worker, request, reply);
    reply->waker = sign_in_waker(asked);
    if (!sign_in_is_answered(asked, &answer))
        return true;
    reply->waker = NULL;
    if (sign_in_generation(asked) != worker->generation)
        return ask_again(worker, request, sign_in_name(asked), reply);
    return sign_in_answered(worker, request, sign_in_name(asked), &answer, reply, error);
}

bool answer_session(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    (void)worker;
    (void)error;
    write_session(reply, request->who, request->role, request->session, request->now_us);
    return true;
}

bool sign_out(struct worker *worker, const struct request *request, struct reply *reply,
              struct error *error)
{
    (void)error;
    if (request->session == NULL)
        return reply_refuse(reply, 400, "a bearer token signs nobody in");
    session_end(worker->dashboard->sessions, request->session_identity);
    set_cookie(reply, worker->dashboard, "", 0);
    json_object_begin(&reply->json, NULL);
    json_object_end(&reply->json);
    return true;
}
