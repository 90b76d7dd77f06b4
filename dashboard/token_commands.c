#include "dashboard/token_commands.h"

#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/moment.h"
#include "common/text_table.h"
#include "dashboard/identity.h"
#include "dashboard/token.h"

#define BOOTSTRAP_NAME   "bootstrap"
#define BOOTSTRAP_LIFE_S (15 * 60)
#define TOKEN_LIFE_S     (90 * S_PER_DAY)

/* The service's own directory, as the user whose the files there have to be. */
static bool open_directory(const struct command_line *line, char directory[DIRECTORY_PATH_BYTES],
                           struct error *error)
{
    static struct config config;
    bool root;

    umask(027);
    return command_config(line, &config, error) &&
           identity_become(&config, directory, &root, error);
}

static int print_secret(const struct command_line *line, const char *name, enum role role,
                        int64_t over_s, const char *text)
{
    char time[CLOCK_TEXT_BYTES];
    struct error error = ERROR_NONE;

    clock_format(over_s * US_PER_S, line->utc || line->json, time);
    if (!line->json) {
        printf("%s\n", text);
        command_note(line, "%s (%s), until %s; it is not shown again", name, role_name(role), time);
        return command_finish_output(line);
    }
    struct json_writer json = json_writer_to(stdout);
    json_object_begin(&json, NULL);
    json_text(&json, "name", name);
    json_text(&json, "role", role_name(role));
    json_text(&json, "until", time);
    json_text(&json, "token", text);
    json_object_end(&json);
    return json_writer_end(&json, &error) ? COMMAND_DONE : command_fail(line, &error);
}

static int add(const struct command_line *line, const char *name, enum role role, bool once,
               int64_t life_s)
{
    struct error error = ERROR_NONE;
    char directory[DIRECTORY_PATH_BYTES], text[SECRET_TEXT_BYTES];
    int64_t now_s = clock_utc_us() / US_PER_S;

    if (!open_directory(line, directory, &error) ||
        !token_add(directory, name, role, once, now_s, life_s, text, &error))
        return command_fail(line, &error);
    int status = print_secret(line, name, role, now_s + life_s, text);
    explicit_bzero(text, sizeof(text));
    return status;
}

int run_bootstrap(const struct command_line *line)
{
    return add(line, BOOTSTRAP_NAME, ROLE_ANALYST, true, BOOTSTRAP_LIFE_S);
}

static int run_add(const struct command_line *line, const char *name)
{
    const struct token_values *values = line->values;
    struct error error = ERROR_NONE;
    enum role role = ROLE_VIEWER;
    int64_t life_s = TOKEN_LIFE_S;

    if (values->role != NULL && !role_parse(values->role, &role))
        return command_misused(line, "--role is viewer or analyst, not %s", values->role);
    if (values->life != NULL && !duration_parse(values->life, &life_s, &error))
        return command_misused(line, "%s", error.text);
    return add(line, name, role, false, life_s);
}

static bool print_table(const struct command_line *line, const struct token_list *list,
                        struct error *error)
{
    static const char *const HEADING[] = {"name", "role", "made", "until"};
    struct text_table table;
    char time[CLOCK_TEXT_BYTES];

    text_table_init(&table, "llll");
    for (size_t i = 0; i < sizeof(HEADING) / sizeof(HEADING[0]); i++)
        text_table_cell(&table, "%s", HEADING[i]);
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];

        text_table_cell(&table, "%s", token->name);
        text_table_cell(&table, "%s%s", role_name(token->role), token->once ? ", once" : "");
        text_table_cell(&table, "%s", clock_format(token->made_s * US_PER_S, line->utc, time));
        text_table_cell(&table, "%s", clock_format(token->over_s * US_PER_S, line->utc, time));
    }
    bool done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

static bool print_json(const struct token_list *list, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);
    char time[CLOCK_TEXT_BYTES];

    json_object_begin(&json, NULL);
    json_array_begin(&json, "tokens");
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];

        json_object_begin(&json, NULL);
        json_text(&json, "name", token->name);
        json_text(&json, "role", role_name(token->role));
        json_bool(&json, "once", token->once);
        json_text(&json, "made", clock_format(token->made_s * US_PER_S, true, time));
        json_text(&json, "until", clock_format(token->over_s * US_PER_S, true, time));
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static int run_list(const struct command_line *line)
{
    static struct token_list list;
    struct error error = ERROR_NONE;
    char directory[DIRECTORY_PATH_BYTES];

    if (!open_directory(line, directory, &error) || !token_list_read(directory, &list, &error) ||
        !(line->json ? print_json(&list, &error) : print_table(line, &list, &error)))
        return command_fail(line, &error);
    return command_finish_output(line);
}

static int run_revoke(const struct command_line *line, const char *name)
{
    struct error error = ERROR_NONE;
    char directory[DIRECTORY_PATH_BYTES];
    bool found;

    if (!open_directory(line, directory, &error) || !token_remove(directory, name, &found, &error))
        return command_fail(line, &error);
    if (!found) {
        error_set(&error, FAULT_NONE, "there is no token %s", name);
        return command_fail(line, &error);
    }
    return command_finish_output(line);
}

int run_token(const struct command_line *line)
{
    const char *action = line->operands[0];
    const char *name = line->operand_count == 2 ? line->operands[1] : NULL;
    bool gives = command_option_given(line, "role") || command_option_given(line, "for");

    if (strcmp(action, "add") == 0 && name != NULL)
        return run_add(line, name);
    if (gives)
        return command_misused(line, "--role and --for go with token add NAME");
    if (strcmp(action, "list") == 0 && name == NULL)
        return run_list(line);
    if (strcmp(action, "revoke") == 0 && name != NULL)
        return run_revoke(line, name);
    return command_misused(line, "token add NAME, token list or token revoke NAME");
}
