#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/text_table.h"
#include "scorer/forest.h"
#include "trainer/commands.h"

/* The whole file, which is aligned as malloc() aligns. */
static void *read_file(const char *path, size_t *size, struct error *error)
{
    FILE *in = fopen(path, "rbe");
    struct stat status;
    void *bytes = NULL;

    if (in == NULL || fstat(fileno(in), &status) != 0) {
        error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    } else if (!S_ISREG(status.st_mode) || status.st_size > FOREST_MAX_BYTES) {
        error_set(error, FAULT_MODEL, "%s is not a model file", path);
    } else {
        *size = (size_t)status.st_size;
        bytes = malloc(*size + 1);
        if (bytes == NULL || fread(bytes, 1, *size, in) != *size) {
            error_set(error, FAULT_MODEL, "cannot read %s", path);
            free(bytes);
            bytes = NULL;
        }
    }
    if (in != NULL)
        fclose(in);
    return bytes;
}

static bool show_json(const struct forest *forest, const char *path, struct error *error)
{
    const struct forest_header *header = forest->header;
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_text(&json, "model", path);
    json_bool(&json, "sound", true);
    json_integer(&json, "bytes", (int64_t)header->file_bytes);
    json_integer(&json, "trees", header->tree_count);
    json_integer(&json, "nodes", header->node_count);
    json_integer(&json, "features", header->feature_count);
    json_number(&json, "base", (double)header->base);
    json_object_begin(&json, "thresholds");
    json_number(&json, "log", (double)header->thresholds.log);
    json_number(&json, "step_up", (double)header->thresholds.step_up);
    json_number(&json, "deny", (double)header->thresholds.deny);
    json_object_end(&json);
    json_integer(&json, "trained_us", header->trained_us);
    json_text_bytes(&json, "geo", header->geo_type,
                    strnlen(header->geo_type, sizeof header->geo_type));
    if (header->summary_bytes > 0)
        json_raw(&json, "summary", forest->summary, header->summary_bytes);
    else
        json_null(&json, "summary");
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static bool show_text(const struct forest *forest, const char *path, bool utc, struct error *error)
{
    const struct forest_header *header = forest->header;
    char time[CLOCK_TEXT_BYTES];
    struct text_table table;

    text_table_init(&table, "ll");
    text_table_cell(&table, "model");
    text_table_cell(&table, "%s", path);
    text_table_cell(&table, "trained");
    text_table_cell(&table, "%s", clock_format(header->trained_us, utc, time));
    text_table_cell(&table, "forest");
    text_table_cell(
        &table, "%" PRIu32 " trees, %" PRIu32 " nodes, %" PRIu32 " features, %" PRIu64 " bytes",
        header->tree_count, header->node_count, header->feature_count, header->file_bytes);
    text_table_cell(&table, "thresholds");
    text_table_cell(&table, "log %.3f, step up %.3f, deny %.3f", (double)header->thresholds.log,
                    (double)header->thresholds.step_up, (double)header->thresholds.deny);
    text_table_cell(&table, "geolocation");
    text_table_cell(&table, "%.*s", (int)sizeof header->geo_type,
                    header->geo_type[0] != '\0' ? header->geo_type : "none");
    text_table_cell(&table, "training");
    text_table_cell(&table, "%.*s", (int)header->summary_bytes, forest->summary);
    bool printed = text_table_print(&table, false, stdout, error);
    text_table_finish(&table);
    return printed;
}

static int run_model(const struct command_line *line)
{
    const char *path = line->operands[1];
    bool show = strcmp(line->operands[0], "show") == 0;
    struct error error = ERROR_NONE;
    struct forest forest;
    size_t size = 0;

    if (!show && strcmp(line->operands[0], "check") != 0)
        return command_misused(line, "unknown word %s; known: show, check", line->operands[0]);
    void *bytes = read_file(path, &size, &error);
    bool done = bytes != NULL && forest_open(&forest, bytes, size, &error);
    if (done && line->json)
        done = show_json(&forest, path, &error);
    else if (done && show)
        done = show_text(&forest, path, line->utc, &error);
    else if (done)
        printf("%s is sound\n", path);
    free(bytes);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command MODEL_COMMAND = {
    .name = "model",
    .operands = "show|check FILE",
    .operands_min = 2,
    .operands_max = 2,
    .help = "what a model file is, or whether it is sound",
    .run = run_model,
};
