/* POST /api/labels and GET /api/decisions */
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "dashboard/column.h"
#include "dashboard/export.h"
#include "dashboard/handlers.h"
#include "dashboard/list_cursor.h"
#include "dashboard/spoken.h"
#include "store/decision.h"

#define IDS_MOST 500

/* ---- what is asked -------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* "later" is no label: the login only leaves the queue until it gets one. */
static bool read_label(const json_t *body, struct word *word, struct error *wrong)
{
    const char *label = text_of(body, "label");

    if (label != NULL && strcmp(label, "later") == 0) {
        word->kind = WORD_LATER;
        word->later = true;
        return true;
    }
    word->kind = WORD_LABEL;
    return (label != NULL && login_label_from_name(label, &word->label)) ||
           error_set(wrong, FAULT_CONFIG,
                     "label has to be \"attack\", \"legitimate\", \"none\" or \"later\"");
}

static bool read_family(const json_t *body, struct word *word, struct error *wrong)
{
    const json_t *value = json_object_get(body, "family");
    const char *family = json_string_value(value);

    if (value == NULL || json_is_null(value))
        return true;
    if (word->kind != WORD_LABEL || word->label != LABEL_ATTACK)
        return error_set(wrong, FAULT_CONFIG, "only an attack has a family");
    if (family == NULL || !login_family_is_sound(family))
        return error_set(wrong, FAULT_CONFIG,
                         "family has to be 1 to %d letters, digits, '-', '_' or '.'",
                         LOGIN_FAMILY_BYTES - 1);
    memcpy(word->family, family, strlen(family) + 1);
    return true;
}

static bool read_ids(const json_t *body, const json_t **ids, struct error *wrong)
{
    size_t count;

    *ids = json_object_get(body, "ids");
    count = json_array_size(*ids);
    if (!json_is_array(*ids) || count == 0 || count > IDS_MOST)
        return error_set(wrong, FAULT_CONFIG, "ids has to be an array of 1 to %d logins' ids",
                         IDS_MOST);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(*ids, i)))
            return error_set(wrong, FAULT_CONFIG, "ids[%zu] is not a text", i);
    }
    return true;
}

/* ---- each login ----------------------------------------------------------------------------- */

enum finding { FOUND_NONE, FOUND_JUDGED, FOUND_WAITING };

/* Whether the login is in the queue: at or above log, and without a label. */
static bool note_found(void *context, const struct stored_login *login)
{
    bool waits = login->record.assessed && login->record.assessment.verdict >= VERDICT_LOG &&
                 login->label == LABEL_NONE;

    *(enum finding *)context = waits ? FOUND_WAITING : FOUND_JUDGED;
    return false;
}

/* *takes is false with a sentence in `why` for a login of which that cannot be said. */
static bool find_login(struct store *store, const char *text, struct word *word, bool *takes,
                       struct error *why, struct error *error)
{
    const struct login_filter filter = {.id = &word->login, .limit = 1};
    enum finding finding = FOUND_NONE;

    *takes = false;
    if (!login_id_parse(text, &word->login)) {
        error_set(why, FAULT_CONFIG, "\"%.40s\" is not a login's id", text);
        return true;
    }
    if (!store_logins(store, &filter, note_found, &finding, error))
        return false;
    *takes = finding == FOUND_WAITING || (finding == FOUND_JUDGED && word->kind == WORD_LABEL);
    if (finding == FOUND_NONE)
        error_set(why, FAULT_CONFIG, "there is no login %s in the store", text);
    else if (!*takes)
        error_set(why, FAULT_CONFIG,
                  "login %s does not wait: it has a label, or was judged below log", text);
    return true;
}

static bool label_all(struct worker *worker, const json_t *ids, struct word *word, bool refused,
                      struct reply *reply, struct error *error)
{
    struct store *store = worker_store(worker, error);

    if (store == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        struct error why = ERROR_NONE;
        bool takes;

        if (!find_login(store, id, word, &takes, &why, error))
            return false;
        if (takes && !refused) {
            if (!word_append(worker->config->store, word, error))
                return false;
            json_text(&reply->json, NULL, id);
        } else if (!takes && refused) {
            json_object_begin(&reply->json, NULL);
            json_text(&reply->json, "id", id);
            json_text(&reply->json, "message", why.text);
            json_object_end(&reply->json);
        }
    }
    return true;
}

bool take_labels(struct worker *worker, const struct request *request, struct reply *reply,
                 struct error *error)
{
    struct json_writer *json = &reply->json;
    struct error wrong = ERROR_NONE;
    struct word word;
    const json_t *ids;

    spoken_begin(&word, request);
    if (!read_ids(request->json, &ids, &wrong) || !read_label(request->json, &word, &wrong) ||
        !read_family(request->json, &word, &wrong) || !spoken_why(&word, request->json, &wrong))
        return reply_refuse(reply, 422, "%s", wrong.text);
    json_object_begin(json, NULL);
    json_array_begin(json, "applied");
    if (!label_all(worker, ids, &word, false, reply, error))
        return false;
    json_array_end(json);
    json_array_begin(json, "refused");
    if (!label_all(worker, ids, &word, true, reply, error))
        return false;
    json_array_end(json);
    json_object_end(json);
    return true;
}

/* ---- GET /api/decisions --------------------------------------------------------------------- */

static bool begin_decisions(struct worker *worker, const struct request *request, void *state,
                            struct reply *reply)
{
    (void)worker;
    return list_begin_numbered(request, state, reply);
}

static bool give_decision(void *context, const struct decision *decision)
{
    return list_give_numbered(context, decision->number, &(struct list_item){.decision = decision});
}

static bool read_decisions(void *state, struct list_page *page)
{
    struct list_numbered *numbered = state;

    list_page_numbered(numbered, page);
    return store_decisions(page->store, NULL, numbered->before, (int64_t)page->limit + 1,
                           give_decision, numbered, page->error);
}

static bool write_decision(struct list_page *page, const struct list_item *item)
{
    json_object_begin(page->json, NULL);
    decision_json_members(page->json, item->decision);
    json_object_end(page->json);
    return true;
}

bool answer_decisions(struct worker *worker, const struct request *request, struct reply *reply,
                      struct error *error)
{
    static const struct list DECISIONS = {.name = "decisions",
                                          .columns = 1u << COLUMNS_DECISION,
                                          .state_bytes = sizeof(struct list_numbered),
                                          .rows_most = EXPORT_ROWS_MOST,
                                          .begin = begin_decisions,
                                          .read = read_decisions,
                                          .write = write_decision,
                                          .write_next = list_write_next_number};

    return list_answer(worker, request, &DECISIONS, reply, error);
}
