/* anomalyctl label */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "store/journal_state.h"
#include "store/login_json.h"

/* ---- what ----------------------------------------------------------------------------------- */

static bool take_family(const char *family, struct login_label *label, struct error *error)
{
    if (!login_family_is_sound(family))
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is not the name of a family: 1 to %zu letters, digits, '-', '_' "
                         "or '.'",
                         family, sizeof label->family - 1);
    strcpy(label->family, family);
    return true;
}

static bool take_reason(const char *why, struct login_label *label, struct error *error)
{
    if (strlen(why) >= sizeof label->why)
        return error_set(error, FAULT_CONFIG, "the text of --why has %zu bytes, at most %zu fit",
                         strlen(why), sizeof label->why - 1);
    strcpy(label->why, why);
    return true;
}

static bool read_line(const struct command_line *line, struct login_label *label,
                      struct error *error)
{
    const struct label_values *values = line->values;
    *label = (struct login_label){.time_us = clock_utc_us()};
    if (!login_id_parse(line->operands[0], &label->id))
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is not a login's id: 20 letters and digits, as in the log",
                         line->operands[0]);
    if (!login_label_from_name(line->operands[1], &label->value))
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is not a label; they are attack, legitimate and none",
                         line->operands[1]);
    if (values->family != NULL && label->value != LABEL_ATTACK)
        return error_set(error, FAULT_CONFIG, "only an attack has a --family");
    return (values->family == NULL || take_family(values->family, label, error)) &&
           (values->why == NULL || take_reason(values->why, label, error));
}

/* ---- which ---------------------------------------------------------------------------------- */

struct search {
    const struct login_id *id;
    struct stored_login *login;
    bool found;
};

static bool keep_stored(void *context, const struct stored_login *login)
{
    struct search *search = context;
    *search->login = *login;
    search->found = true;
    return false;
}

/* As much of it as its first record tells. */
static bool keep_pending(void *context, const void *payload, size_t size, int64_t next)
{
    struct search *search = context;
    struct login_record record;
    (void)next;
    if (!login_record_decode(&record, payload, size, NULL) ||
        !login_id_equal(&record.event.id, search->id))
        return true;
    if (!search->found)
        *search->login = (struct stored_login){.record = record, .label = LABEL_NONE};
    if (record.event.stage > search->login->reached)
        search->login->reached = record.event.stage;
    search->found = true;
    return true;
}

/* In the store, or among the logins that are still in the journal. */
static bool find_login(struct store *store, const struct login_id *id, struct stored_login *login,
                       struct error *error)
{
    const struct login_filter filter = {.id = id, .limit = 1};
    struct search search = {.id = id, .login = login};
    struct journal_positions positions;
    char text[LOGIN_ID_TEXT_BYTES];
    if (!store_logins(store, &filter, keep_stored, &search, error))
        return false;
    if (!search.found && (!store_positions_load(store, "login", &positions, error) ||
                          !journal_read_tail(store_directory_fd(store), "login", &positions, 0,
                                             keep_pending, &search, error)))
        return false;
    return search.found || error_set(error, FAULT_STORE,
                                     "there is no login %s; \"anomalyctl logins\" lists their ids",
                                     login_id_format(id, text));
}

/* ---- the command ---------------------------------------------------------------------------- */

static void print_done(const struct login_label *label, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    char id[LOGIN_ID_TEXT_BYTES], address[IP_TEXT_BYTES];
    login_id_format(&label->id, id);
    printf("login %s from %s: ", id,
           event->source.family == 0 ? "the console" : ip_format(&event->source, address));
    if (label->value == LABEL_NONE)
        puts("no label any more");
    else
        printf("labelled %s%s%s\n", login_label_name(label->value),
               label->family[0] != '\0' ? ", " : "", label->family);
}

static bool print_json(const struct login_label *label, const struct stored_login *login,
                       bool writer_running, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);
    char id[LOGIN_ID_TEXT_BYTES];
    json_object_begin(&json, NULL);
    json_text(&json, "id", login_id_format(&label->id, id));
    json_text(&json, "user", login->record.event.user);
    json_text(&json, "label", login_label_name(label->value));
    json_text(&json, "family", label->family[0] != '\0' ? label->family : NULL);
    json_text(&json, "before", login_label_name((enum login_label_value)login->label));
    login_json_label(&json, label);
    json_bool(&json, "writer_running", writer_running);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static bool give_label(const struct command_line *line, struct store *store,
                       const struct login_label *label, struct error *error)
{
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES];
    struct stored_login login;
    struct journal_state state;
    if (!find_login(store, &label->id, &login, error) ||
        !journal_append(store_directory_fd(store), LABEL_PRODUCER, bytes,
                        login_label_encode(label, bytes), error) ||
        !journal_state_read(store, store_directory_fd(store), &state, error))
        return false;
    if (line->json && !print_json(label, &login, state.writer_running, error))
        return false;
    if (!line->json)
        print_done(label, &login);
    if (label->value == LABEL_LEGITIMATE && login.reached == STAGE_ATTEMPT)
        command_note(line, "that login was never accepted, so there is nothing to learn of it");
    if (!state.writer_running)
        command_note(line, "anomalyd is not running: the label has its effect when it runs again, "
                           "or after \"anomalyctl journal drain\"");
    return true;
}

int run_label(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct login_label label;
    struct config config;
    struct store *store;
    if (!read_line(line, &label, &error))
        return command_misused(line, "%s", error.text);
    ctl_name_person(label.by, sizeof label.by, &label.uid);
    if (!ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    bool done = give_label(line, store, &label, &error);
    store_close(store);
    return done ? command_finish_output(line) : command_fail(line, &error);
}
