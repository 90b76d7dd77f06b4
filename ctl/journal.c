/* anomalyctl journal */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/owner.h"
#include "ctl/ctl.h"
#include "store/drain.h"
#include "store/journal_state.h"

static void show_progress(int64_t records)
{
    command_progress("records folded in", records, 0);
}

static int print_drained(const struct command_line *line, const struct drain_result *total)
{
    struct error error = ERROR_NONE;
    if (!line->json) {
        printf("%" PRId64 " records folded in, %" PRId64 " refused, %" PRIu64
               " damaged places (%" PRIu64 " bytes) skipped\n",
               total->records, total->refused, total->damage.spots, total->damage.bytes);
        return command_finish_output(line);
    }
    struct json_writer json = json_writer_to(stdout);
    json_object_begin(&json, NULL);
    json_integer(&json, "records", total->records);
    json_integer(&json, "refused", total->refused);
    json_integer(&json, "damage_bytes", (int64_t)total->damage.bytes);
    json_integer(&json, "damage_spots", (int64_t)total->damage.spots);
    json_object_end(&json);
    return json_writer_end(&json, &error) ? COMMAND_DONE : command_fail(line, &error);
}

static int run_drain(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct drain_result total = {0};
    struct config config;
    struct store *store = NULL;
    if (!command_config(line, &config, &error) || !owner_become(config.store, &error))
        return command_fail(line, &error);
    errno = 0;
    bool done = store_open(&store, config.store, STORE_WRITE, &error);
    if (!done && errno == EWOULDBLOCK) {
        error = ERROR_NONE;
        error_set(
            &error, FAULT_STORE,
            "another program is writing to %s, most likely anomalyd, which folds the journals "
            "in by itself",
            config.store);
    }
    done = done && drain_everything(store, &config, show_progress, &total, &error);
    command_progress_end();
    if (done && total.distrust.fault != FAULT_NONE)
        command_note(line, "%s", total.distrust.text);
    store_close(store);
    return done ? print_drained(line, &total) : command_fail(line, &error);
}

void ctl_journal_json(struct json_writer *json, const struct journal_state *state)
{
    json_bool(json, "writer_running", state->writer_running);
    json_integer(json, "pending_records", state->pending_records);
    json_time(json, "oldest_pending", state->oldest_pending_us);
    json_array_begin(json, "journals");
    for (size_t i = 0; i < state->files; i++) {
        const struct journal_file_state *file = &state->file[i];
        json_object_begin(json, NULL);
        json_text(json, "file", file->name);
        json_integer(json, "bytes", file->bytes);
        json_integer(json, "pending_records", file->pending_records);
        json_integer(json, "pending_bytes", file->pending_bytes);
        json_integer(json, "damage_bytes", (int64_t)file->damage.bytes);
        json_integer(json, "damage_spots", (int64_t)file->damage.spots);
        json_object_end(json);
    }
    json_array_end(json);
}

static bool print_state(const struct command_line *line, const struct journal_state *state,
                        struct error *error)
{
    struct text_table table;
    char text[32], time[CLOCK_TEXT_BYTES];
    text_table_init(&table, "lrrrr");
    text_table_cell(&table, "JOURNAL");
    text_table_cell(&table, "SIZE");
    text_table_cell(&table, "NOT FOLDED IN");
    text_table_cell(&table, "DAMAGED PLACES");
    text_table_cell(&table, "DAMAGED BYTES");
    for (size_t i = 0; i < state->files; i++) {
        text_table_cell(&table, "%s", state->file[i].name);
        text_table_cell(&table, "%s", ctl_bytes(state->file[i].bytes, text));
        text_table_cell(&table, "%" PRId64, state->file[i].pending_records);
        text_table_cell(&table, "%" PRIu64, state->file[i].damage.spots);
        text_table_cell(&table, "%" PRIu64, state->file[i].damage.bytes);
    }
    bool done = true;
    if (state->files == 0)
        puts("no journal: nobody has logged in yet");
    else
        done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    if (state->pending_records > 0)
        printf("oldest record not folded in: %s\n", ctl_time(line, state->oldest_pending_us, time));
    if (!state->writer_running)
        puts(
            "anomalyd is not running: logins are scored all the same; \"anomalyctl journal drain\" "
            "folds their records in");
    return done;
}

int run_journal(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct journal_state state;
    struct config config;
    struct store *store;
    if (line->operand_count == 1 && strcmp(line->operands[0], "drain") == 0)
        return run_drain(line);
    if (line->operand_count == 1)
        return command_misused(line, "there is no \"journal %s\", only \"journal drain\"",
                               line->operands[0]);
    if (!ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    bool done = journal_state_read(store, store_directory_fd(store), &state, &error);
    store_close(store);
    if (done && line->json) {
        struct json_writer json = json_writer_to(stdout);
        json_object_begin(&json, NULL);
        ctl_journal_json(&json, &state);
        json_object_end(&json);
        done = json_writer_end(&json, &error);
    } else if (done) {
        done = print_state(line, &state, &error);
    }
    return done ? command_finish_output(line) : command_fail(line, &error);
}
