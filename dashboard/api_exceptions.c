/* Exceptions: who is neither asked nor denied, by whose word, and what one would have changed. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/moment.h"
#include "common/utf8.h"
#include "dashboard/column.h"
#include "dashboard/effect.h"
#include "dashboard/exceptions.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/spoken.h"
#include "dashboard/worker.h"
#include "store/decision.h"
#include "store/login_json.h"

#define EFFECT_DAYS 30

/* ---- what is asked -------------------------------------------------------------------------- */

/* The subject as it is written to the file of exceptions. */
static bool read_subject(const json_t *body, struct exemption *exemption, struct error *wrong)
{
    const char *kind = json_string_value(json_object_get(body, "kind"));
    const json_t *value = json_object_get(body, "subject");
    const char *subject = json_string_value(value);
    struct exemption given = {.is_network = false};

    if (kind != NULL && strcmp(kind, "group") == 0)
        return error_set(wrong, FAULT_CONFIG,
                         "groups are exempt by exempt_groups of the configuration alone");
    if (kind == NULL || (strcmp(kind, "user") != 0 && strcmp(kind, "network") != 0))
        return error_set(wrong, FAULT_CONFIG, "kind has to be \"user\" or \"network\"");
    if (subject == NULL || strlen(subject) != json_string_length(value) ||
        strlen(subject) >= sizeof(given.subject) || !utf8_is_plain(subject))
        return error_set(wrong, FAULT_CONFIG, "subject has to be a user's name or a network");
    given.is_network = strcmp(kind, "network") == 0;
    memcpy(given.subject, subject, strlen(subject) + 1);
    return exemption_canonical(&given, exemption, wrong) &&
           (exception_is_narrow(exemption) ||
            error_set(wrong, FAULT_CONFIG,
                      "%s is wider than /%d of IPv4 or /%d of IPv6: only exempt_networks of the "
                      "configuration can hold it",
                      exemption->subject, EXCEPTION_LEAST_BITS4, EXCEPTION_LEAST_BITS6));
}

static bool read_end(const json_t *body, int64_t now_us, struct exemption *exemption,
                     struct error *wrong)
{
    const char *span = json_string_value(json_object_get(body, "for"));
    int64_t span_s;

    if (span == NULL)
        return error_set(wrong, FAULT_CONFIG, "for has to be a span such as \"1h\" or \"7d\"");
    if (!duration_parse(span, &span_s, wrong))
        return false;
    if (span_s > EXCEPTION_MOST_DAYS * S_PER_DAY)
        return error_set(wrong, FAULT_CONFIG, "an exception lasts %d days at most",
                         EXCEPTION_MOST_DAYS);
    exemption->until_s = now_us / US_PER_S + span_s;
    return true;
}

/* ---- the list ------------------------------------------------------------------------------- */

struct exceptions {
    struct config config; /* as it was when they were asked for */
    struct exceptions_wanted wanted;
    struct error damage;
};

static bool begin_exceptions(struct worker *worker, const struct request *request, void *state,
                             struct reply *reply)
{
    struct exceptions *exceptions = state;

    (void)reply;
    exceptions->config = *worker->config;
    exceptions->wanted.now_us = request->now_us;
    return true;
}

static bool give_exception(void *context, const struct exception_entry *entry)
{
    return list_give(context, &(struct list_item){.exception = entry});
}

/* There are few: all are one page. */
static bool read_exceptions(void *state, struct list_page *page)
{
    struct exceptions *exceptions = state;

    return exceptions_visit(page->store, &exceptions->config, &exceptions->wanted, give_exception,
                            page, &exceptions->damage, page->error);
}

static bool write_item(struct list_page *page, const struct list_item *item)
{
    return exception_write(page->json, item->exception);
}

static void write_no_next(const void *state, struct list_page *page)
{
    (void)state;
    json_null(page->json, "next");
}

/* What is damaged in the command's file is said beside what is sound. */
static bool write_problem(void *state, struct list_page *page)
{
    const struct error *damage = &((struct exceptions *)state)->damage;

    json_text(page->json, "problem", damage->fault != FAULT_NONE ? damage->text : NULL);
    return true;
}

bool answer_exceptions(struct worker *worker, const struct request *request, struct reply *reply,
                       struct error *error)
{
    static const struct list EXCEPTIONS = {.name = "exceptions",
                                           .columns = 1u << COLUMNS_EXCEPTION,
                                           .state_bytes = sizeof(struct exceptions),
                                           .rows_most = EXPORT_ROWS_MOST,
                                           .begin = begin_exceptions,
                                           .read = read_exceptions,
                                           .write = write_item,
                                           .write_next = write_no_next,
                                           .write_rest = write_problem};

    return list_answer(worker, request, &EXCEPTIONS, reply, error);
}

/* ---- the preview ---------------------------------------------------------------------------- */

static void write_effect(struct json_writer *json, const struct effect *effect)
{
    json_object_begin(json, NULL);
    json_integer(json, "logins", effect->logins);
    json_integer(json, "users", effect->users);
    json_integer(json, "step_ups", effect->step_ups);
    json_integer(json, "denials", effect->denials);
    json_bool(json, "complete", effect->complete);
    json_array_begin(json, "examples");
    for (size_t i = 0; i < effect->examples; i++)
        login_json(json, NULL, &effect->example[i], false, NULL);
    json_array_end(json);
    json_object_end(json);
}

bool preview_exception(struct worker *worker, const struct request *request, struct reply *reply,
                       struct error *error)
{
    int64_t since_us = request->now_us - EFFECT_DAYS * S_PER_DAY * US_PER_S;
    struct exemption exemption = {.is_network = false};
    struct error wrong = ERROR_NONE;
    struct effect *effect;
    struct store *store;
    bool done;

    if (!read_subject(request->json, &exemption, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    store = worker_store(worker, error);
    if (store == NULL)
        return false;
    effect = calloc(1, sizeof(*effect));
    if (effect == NULL)
        return error_set(error, FAULT_STORE, "no memory to look at the last %d days", EFFECT_DAYS);
    done = effect_read(store, &exemption, since_us, effect, error);
    if (done)
        write_effect(&reply->json, effect);
    free(effect);
    return done;
}

/* ---- making and ending one ------------------------------------------------------------------ */

struct search {
    const struct exemption *wanted;
    size_t others;
    bool found;
};

static bool is_same(const struct exemption *one, const struct exemption *other)
{
    return one->is_network == other->is_network && strcmp(one->subject, other->subject) == 0;
}

static bool look_at(void *context, const struct decision *decision)
{
    struct search *search = context;

    if (is_same(&decision->word.exemption, search->wanted))
        search->found = true;
    else
        search->others++;
    return true;
}

static bool find_exception(struct worker *worker, const struct exemption *wanted, int64_t now_us,
                           struct search *search, struct error *error)
{
    struct store *store = worker_store(worker, error);

    *search = (struct search){.wanted = wanted};
    return store != NULL && store_exceptions(store, now_us, look_at, search, error);
}

static bool say(struct worker *worker, const struct word *word, struct reply *reply,
                struct error *error)
{
    struct exception_entry entry = exception_of_word(word);

    return word_append(worker->config->store, word, error) && exception_write(&reply->json, &entry);
}

bool make_exception(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    struct error wrong = ERROR_NONE;
    struct search search;
    struct word word;

    spoken_begin(&word, request);
    word.kind = WORD_EXCEPTION;
    if (!read_subject(request->json, &word.exemption, &wrong) ||
        !read_end(request->json, request->now_us, &word.exemption, &wrong) ||
        !spoken_why(&word, request->json, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    if (!find_exception(worker, &word.exemption, request->now_us, &search, error))
        return false;
    if (search.others >= EXCEPTIONS_MOST)
        return reply_refuse(reply, 409, "there are %d exceptions already; revoke one first",
                            EXCEPTIONS_MOST);
    return say(worker, &word, reply, error);
}

bool revoke_exception(struct worker *worker, const struct request *request, struct reply *reply,
                      struct error *error)
{
    struct error wrong = ERROR_NONE;
    struct search search;
    struct word word;

    spoken_begin(&word, request);
    word.kind = WORD_EXCEPTION;
    if (!read_subject(request->json, &word.exemption, &wrong) ||
        !spoken_why(&word, request->json, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    if (!find_exception(worker, &word.exemption, request->now_us, &search, error))
        return false;
    if (!search.found)
        return reply_refuse(reply, 404,
                            "no exception of the %s %s was made on the dashboard; \"anomalyctl "
                            "revoke\" ends one that was made with \"anomalyctl allow\"",
                            exemption_kind_name(&word.exemption), word.exemption.subject);
    return say(worker, &word, reply, error);
}
