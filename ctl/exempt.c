/* anomalyctl allow, revoke */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "common/exemptions.h"
#include "ctl/ctl.h"
#include "store/journal_state.h"
#include "store/word.h"

#define DEFAULT_DURATION "1h"

/* A network when it reads as one, otherwise a user. */
static bool name_subject(const char *text, struct exemption *exemption, struct error *error)
{
    struct ip_network network;
    *exemption = (struct exemption){.is_network = ip_network_parse(text, &network, NULL)};
    if (exemption->is_network) {
        char address[IP_TEXT_BYTES];
        snprintf(exemption->subject, sizeof exemption->subject, "%s/%u",
                 ip_format(&network.address, address), network.prefix_bits);
        return true;
    }
    if (strpbrk(text, "/:") != NULL) {
        (void)!ip_network_parse(text, &network, error);
        return false;
    }
    if (text[0] == '\0' || strlen(text) >= sizeof exemption->subject ||
        strpbrk(text, " \t\r\n#") != NULL)
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is neither a network nor a user name that can be exempt", text);
    strcpy(exemption->subject, text);
    return true;
}

struct listing {
    const struct command_line *line;
    struct json_writer *json;
    struct text_table *table;
    int64_t now_s;
    size_t count;
    const char *from;
};

static bool list_one(void *context, const struct exemption *exemption)
{
    struct listing *listing = context;
    const char *kind = exemption_kind_name(exemption);
    char time[CLOCK_TEXT_BYTES], span[32];
    if (exemption->until_s <= listing->now_s)
        return true;
    listing->count++;
    if (listing->line->json) {
        json_object_begin(listing->json, NULL);
        json_text(listing->json, kind, exemption->subject);
        json_time(listing->json, "until", exemption->until_s * US_PER_S);
        json_text(listing->json, "from", listing->from);
        json_object_end(listing->json);
        return true;
    }
    text_table_cell(listing->table, "%s", kind);
    text_table_cell(listing->table, "%s", exemption->subject);
    text_table_cell(listing->table, "%s",
                    ctl_time(listing->line, exemption->until_s * US_PER_S, time));
    text_table_cell(listing->table, "%s",
                    ctl_span((exemption->until_s - listing->now_s) * US_PER_S, span));
    text_table_cell(listing->table, "%s", listing->from);
    return true;
}

/*
 * What is sound is in force, so it is listed whatever else stands in the file. Who may not look
 * into the store sees what the command made.
 */
static bool list_files(const struct config *config, struct listing *listing, struct error *error)
{
    struct error hidden = ERROR_NONE;
    listing->from = "command";
    bool done = exemptions_visit(config->exemptions, geteuid(), list_one, listing, error);
    listing->from = "dashboard";
    if (!exemptions_visit_store(config->store, list_one, listing, &hidden))
        command_note(listing->line, "those of the dashboard: %s", hidden.text);
    return done;
}

static int list_all(const struct command_line *line, const struct config *config)
{
    struct error error = ERROR_NONE;
    struct json_writer json = json_writer_to(stdout);
    struct text_table table;
    struct listing listing = {
        .line = line, .json = &json, .table = &table, .now_s = clock_utc_us() / US_PER_S};
    static const char *const HEADING[] = {"WHAT", "WHO", "UNTIL", "FOR", "FROM"};
    text_table_init(&table, "lllll");
    for (size_t i = 0; i < sizeof HEADING / sizeof *HEADING; i++)
        text_table_cell(&table, "%s", HEADING[i]);
    if (line->json) {
        json_object_begin(&json, NULL);
        json_array_begin(&json, "exemptions");
    }
    bool done = list_files(config, &listing, &error);
    if (line->json) {
        json_array_end(&json);
        json_object_end(&json);
        done = json_writer_end(&json, &error) && done;
    } else if (listing.count > 0) {
        done = text_table_print(&table, command_colour(stdout), stdout, &error) && done;
    } else if (done) {
        puts("no temporary exemption");
    }
    text_table_finish(&table);
    int status = command_finish_output(line);
    return done ? status : command_fail(line, &error);
}

static int say_set(const struct command_line *line, const struct exemption *exemption, bool found)
{
    struct error error = ERROR_NONE;
    const char *kind = exemption_kind_name(exemption);
    char time[CLOCK_TEXT_BYTES];
    if (line->json) {
        struct json_writer json = json_writer_to(stdout);
        json_object_begin(&json, NULL);
        json_text(&json, kind, exemption->subject);
        json_time(&json, "until", exemption->until_s * US_PER_S);
        json_bool(&json, "found", found);
        json_object_end(&json);
        return json_writer_end(&json, &error) ? COMMAND_DONE : command_fail(line, &error);
    }
    if (exemption->until_s == 0)
        printf("%s %s is no longer exempt\n", kind, exemption->subject);
    else
        printf("%s %s is neither asked nor denied until %s\n", kind, exemption->subject,
               ctl_time(line, exemption->until_s * US_PER_S, time));
    return command_finish_output(line);
}

/* When the configuration itself is broken, the exemptions' usual place is still good. */
static void load_config(const struct command_line *line, struct config *config)
{
    struct error error = ERROR_NONE;
    if (command_config(line, config, &error))
        return;
    config_init(config);
    command_note(line, "%s; using %s", error.text, config->exemptions);
}

int run_allow(const struct command_line *line)
{
    const struct allow_values *values = line->values;
    struct error error = ERROR_NONE;
    struct exemption exemption;
    struct config config;
    int64_t now_s = clock_utc_us() / US_PER_S, duration_s;
    bool found;
    load_config(line, &config);
    if (line->operand_count == 0 && values->duration != NULL)
        return command_misused(line, "--for needs a user or a network");
    if (line->operand_count == 0)
        return list_all(line, &config);
    const char *duration = values->duration != NULL ? values->duration : DEFAULT_DURATION;
    if (!duration_parse(duration, &duration_s, &error) ||
        !name_subject(line->operands[0], &exemption, &error))
        return command_misused(line, "%s", error.text);
    exemption.until_s = now_s + duration_s;
    if (!exemption.is_network && getpwnam(exemption.subject) == NULL)
        command_note(line, "this machine has no user %s; the exemption is written all the same",
                     exemption.subject);
    if (!exemptions_set(config.exemptions, &exemption, now_s, &found, &error))
        return command_fail(line, &error);
    return say_set(line, &exemption, found);
}

/* ---- exceptions of the dashboard's ---- */

struct search {
    const struct exemption *wanted;
    bool found;
};

static bool compare(void *context, const struct exemption *exemption)
{
    struct search *search = context;
    search->found = exemption->is_network == search->wanted->is_network &&
                    strcmp(exemption->subject, search->wanted->subject) == 0;
    return !search->found;
}

/* anomalyd keeps these: it is told through the journal, as it is of labels. */
static bool revoke_word(const struct command_line *line, struct config *config, struct word *word,
                        struct error *error)
{
    uint8_t bytes[WORD_MAX_BYTES];
    struct journal_state state;
    struct store *store;
    if (!ctl_store_open(line, config, &store, error))
        return false;
    bool done = journal_append(store_directory_fd(store), LABEL_PRODUCER, bytes,
                               word_encode(word, bytes), error) &&
                journal_state_read(store, store_directory_fd(store), &state, error);
    store_close(store);
    if (done && !state.writer_running)
        command_note(line, "anomalyd is not running: the exception of the dashboard ends when it "
                           "runs again, or after \"anomalyctl journal drain\"");
    return done;
}

/* *found is true when it was made on the dashboard. */
static bool revoke_on_dashboard(const struct command_line *line, struct config *config,
                                const struct exemption *exemption, bool *found, struct error *error)
{
    struct search search = {.wanted = exemption};
    struct error hidden = ERROR_NONE; /* the store may be gone */
    if (!exemptions_visit_store(config->store, compare, &search, &hidden))
        command_note(line, "those of the dashboard: %s", hidden.text);
    if (!search.found)
        return true;
    *found = true;
    struct word word = {.kind = WORD_EXCEPTION, .time_us = clock_utc_us(), .exemption = *exemption};
    ctl_name_person(word.by, sizeof word.by, &word.uid);
    return revoke_word(line, config, &word, error);
}

int run_revoke(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct exemption exemption;
    struct config config;
    bool found;
    load_config(line, &config);
    if (!name_subject(line->operands[0], &exemption, &error))
        return command_misused(line, "%s", error.text);
    if (!exemptions_set(config.exemptions, &exemption, clock_utc_us() / US_PER_S, &found, &error) ||
        !revoke_on_dashboard(line, &config, &exemption, &found, &error))
        return command_fail(line, &error);
    if (!found) {
        error_set(&error, FAULT_CONFIG,
                  "%s has no exemption in %s; \"anomalyctl allow\" lists them", exemption.subject,
                  config.exemptions);
        return command_fail(line, &error);
    }
    return say_set(line, &exemption, found);
}
