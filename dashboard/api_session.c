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
                          enum role role, struct reply *reply, struct error *error)
{
    char identity[SECRET_TEXT_BYTES];
    struct session session;

    if (!session_begin(worker->dashboard->sessions, who, role, clock_monotonic_us(), identity,
                       &session, error))
        return false;
    set_cookie(reply, worker->dashboard, identity, SESSION_ABSOLUTE_US / US_PER_S);
    write_session(reply, who, role, &session, request->now_us);
    explicit_bzero(identity, sizeof(identity));
    explicit_bzero(&session, sizeof(session));
    return true;
}

static bool sign_in_by_token(struct worker *worker, const struct request *request, const char *text,
                             struct reply *reply, struct error *error)
{
    struct error trouble = ERROR_NONE;
    struct token token;

    if (!token_find(worker->dashboard->tokens, text, true, request->now_us / US_PER_S, &token,
                    &trouble)) {
        if (trouble.text[0] != '\0')
            return error_set(error, trouble.fault, "%s", trouble.text);
        return reply_refuse(reply, 401, "this token is not known, used already or over");
    }
    return begin_session(worker, request, token.name, token.role, reply, error);
}

bool sign_in(struct worker *worker, const struct request *request, struct reply *reply,
             struct error *error)
{
    const char *token = json_string_value(json_object_get(request->json, "token"));

    if (token == NULL)
        return reply_refuse(reply, 422, "name a token, or a user and a password");
    return sign_in_by_token(worker, request, token, reply, error);
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
