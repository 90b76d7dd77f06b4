#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_reader.h"
#include "common/json_writer.h"
#include "common/text_table.h"
#include "store/model_file.h"
#include "store/model_json.h"
#include "store/table_model_file.h"
#include "trainer/commands.h"
#include "trainer/drift_print.h"
#include "trainer/fit.h"
#include "trainer/table_model_print.h"

static bool show_json(const struct risk_model *model, const char *path, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    model_json_members(&json, model, path);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

/* ---- for people ---- */

static void show_files(struct text_table *table, const struct risk_model *model, bool utc)
{
    const struct risk_model_header *header = model->header;
    char time[CLOCK_TEXT_BYTES];

    text_table_cell(table, "trained");
    text_table_cell(table, "%s", clock_format(header->trained_us, utc, time));
    text_table_cell(table, "forest");
    text_table_cell(table, "%s: %" PRIu32 " trees, %" PRIu32 " nodes, %" PRIu32 " features",
                    fit_forest_name(model->forest.kind), header->forest_trees, header->forest_nodes,
                    header->feature_count);
    text_table_cell(table, "isolation");
    text_table_cell(table, "%" PRIu32 " trees of %" PRIu32 " logins, %" PRIu32 " nodes",
                    header->isolation_trees, header->isolation_sample, header->isolation_nodes);
    text_table_cell(table, "size");
    text_table_cell(table, "%" PRIu64 " bytes", header->file_bytes);
    text_table_cell(table, "geolocation");
    text_table_cell(table, "%.*s", (int)sizeof header->geo_type,
                    header->geo_type[0] != '\0' ? header->geo_type : "none");
}

static void show_stack(struct text_table *table, const struct risk_stack *stack)
{
    text_table_cell(table, "log-odds");
    text_table_cell(table,
                    "%.3f + %.3f forest's log-odds + %.3f isolation score + %.3f likelihood ratio "
                    "(%.2f where missing)",
                    stack->intercept, stack->forest, stack->isolation, stack->likelihood,
                    stack->likelihood_mean);
}

static void show_thresholds(struct text_table *table, const struct risk_model_header *header)
{
    static const char *const NAMES[RISK_LEVEL_COUNT] = {"log", "step up", "deny"};

    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct risk_threshold *threshold = &header->thresholds[i];
        text_table_cell(table, "%s", NAMES[i]);
        if (threshold->risk > 1)
            text_table_cell(table, "never");
        else
            text_table_cell(
                table,
                "risk from %.3f on, for %g %% of legitimate logins; held out it is %.2g to "
                "%.2g %% with 95 %% confidence",
                (double)threshold->risk, (double)threshold->budget * 100,
                (double)threshold->lowest * 100, (double)threshold->highest * 100);
    }
}

static double number_of(struct json_value object, const char *name)
{
    return json_to_number(json_member(object, name));
}

static void show_training(struct text_table *table, struct json_value summary)
{
    struct json_value validation = json_member(summary, "validation");
    struct json_value candidates = json_member(summary, "candidates");
    struct json_value calibration = json_member(summary, "calibration");

    text_table_cell(table, "rows");
    text_table_cell(table, "%.0f, %.0f of them of simulated machines", number_of(summary, "rows"),
                    number_of(summary, "prior_rows"));
    for (int kind = 0; kind < FOREST_KIND_COUNT; kind++) {
        struct json_value candidate =
            json_member(candidates, forest_kind_name((enum forest_kind)kind));
        double precision = number_of(candidate, "average_precision");
        text_table_cell(table, "%s", fit_forest_name((enum forest_kind)kind));
        if (isnan(precision))
            text_table_cell(table, "%s",
                            number_of(candidate, "trees") > 0 &&
                                    number_of(validation, "attacks") == 0
                                ? "no attack to measure it by"
                                : "not tried");
        else
            text_table_cell(table, "average precision %.4f on %.0f later logins", precision,
                            number_of(validation, "logins"));
    }
    text_table_cell(table, "held out");
    text_table_cell(table, "%.0f logins, %.0f attacks", number_of(summary, "held_out_logins"),
                    number_of(summary, "held_out_attacks"));
    text_table_cell(table, "calibration");
    text_table_cell(table, "Brier score %.4f, probabilities off by %.1f points on average",
                    number_of(calibration, "brier"), 100 * number_of(calibration, "error"));
}

static void measure_cells(struct text_table *table, const char *name, struct json_value measures,
                          struct json_value attacks)
{
    text_table_cell(table, "%s", name);
    text_table_cell(table, "%.0f", json_to_number(attacks));
    if (!(json_to_number(attacks) > 0)) {
        text_table_cell(table, "-");
        text_table_cell(table, "-");
        return;
    }
    text_table_cell(table, "%.4f", number_of(measures, "auc"));
    text_table_cell(table, "%.1f %%", 100 * number_of(measures, "recall_at_1pct"));
}

/* How well attacks are told from logins: by the risk, by its parts, by family. */
static void show_measures(struct text_table *table, struct json_value summary)
{
    struct json_value alone = json_member(summary, "alone");
    struct json_value families = json_member(summary, "families");
    struct json_value attacks = json_member(summary, "held_out_attacks");

    text_table_cell(table, "told by");
    text_table_cell(table, "attacks");
    text_table_cell(table, "AUC");
    text_table_cell(table, "found at 1 %% false alarms");
    measure_cells(table, "risk", summary, attacks);
    for (int i = 0; i < EVIDENCE_COUNT; i++) {
        const char *name = fit_evidence_name((enum fit_evidence)i);
        measure_cells(table, name, json_member(alone, name), attacks);
    }
    for (int i = ROW_ATTACK_FIRST; i < ROW_FAMILY_COUNT; i++) {
        const char *name = row_family_name((enum row_family)i);
        struct json_value family = json_member(families, name);
        char label[64];
        if (family.begin == NULL)
            continue;
        snprintf(label, sizeof label, "risk, %s", name);
        measure_cells(table, label, family, json_member(family, "attacks"));
    }
}

static void show_reliability(struct text_table *table, struct json_value bins)
{
    text_table_cell(table, "risk");
    text_table_cell(table, "held-out rows");
    text_table_cell(table, "mean risk");
    text_table_cell(table, "attacks");
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        struct json_value bin = json_element(bins, i);
        if (!(number_of(bin, "rows") > 0))
            continue;
        text_table_cell(table, "from %.1f on", number_of(bin, "from"));
        text_table_cell(table, "%.0f", number_of(bin, "rows"));
        text_table_cell(table, "%.3f", number_of(bin, "predicted"));
        text_table_cell(table, "%.3f", number_of(bin, "observed"));
    }
}

static bool print_table(struct text_table *table, struct error *error)
{
    bool printed = text_table_print(table, false, stdout, error);
    text_table_finish(table);
    return printed;
}

static bool show_text(const struct risk_model *model, const char *path, bool utc,
                      struct error *error)
{
    struct json_value summary = json_parse(model->summary, model->header->summary_bytes);
    struct text_table table;

    text_table_init(&table, "ll");
    text_table_cell(&table, "model");
    text_table_cell(&table, "%s", path);
    show_files(&table, model, utc);
    show_stack(&table, &model->header->stack);
    show_thresholds(&table, model->header);
    if (summary.begin != NULL)
        show_training(&table, summary);
    if (!print_table(&table, error))
        return false;
    if (summary.begin == NULL)
        return true;
    putchar('\n');
    text_table_init(&table, "lrrr");
    show_measures(&table, summary);
    if (!print_table(&table, error))
        return false;
    putchar('\n');
    text_table_init(&table, "lrrr");
    show_reliability(&table, json_member(json_member(summary, "calibration"), "bins"));
    return print_table(&table, error);
}

struct model_values {
    bool drift;
};

static const struct command_option OPTIONS[] = {
    COMMAND_FLAG(struct model_values, drift, "drift",
                 "show: how the store's logins have changed since it was trained"),
};

static bool run_word(const struct command_line *line, const struct risk_model *model, bool show,
                     struct error *error)
{
    const struct model_values *values = line->values;
    const char *path = line->operands[1];

    if (values->drift)
        return drift_show(line, model, path, error);
    if (line->json)
        return show_json(model, path, error);
    if (show)
        return show_text(model, path, line->utc, error);
    printf("%s is sound\n", path);
    return true;
}

/* A model of a table instead of logins. */
static int run_table_model(const struct command_line *line, bool show)
{
    const struct model_values *values = line->values;
    const char *path = line->operands[1];
    struct table_model_file file;
    struct error error = ERROR_NONE;

    if (values->drift)
        return command_misused(line, "--drift is of a model of logins, %s is one of a table", path);
    if (!table_model_file_read(&file, path, &error))
        return command_fail(line, &error);
    bool done = true;
    if (line->json)
        done = table_model_print_json(&file.model, path, &error);
    else if (show)
        done = table_model_print(&file.model, path, line->utc, &error);
    else
        printf("%s is sound\n", path);
    table_model_file_close(&file);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

static int run_model(const struct command_line *line)
{
    const struct model_values *values = line->values;
    bool show = strcmp(line->operands[0], "show") == 0;
    struct error error = ERROR_NONE;
    struct model_file model;

    if (!show && strcmp(line->operands[0], "check") != 0)
        return command_misused(line, "unknown word %s; known: show, check", line->operands[0]);
    if (!show && values->drift)
        return command_misused(line, "--drift goes with show");
    if (table_model_file_is(line->operands[1]))
        return run_table_model(line, show);
    if (!model_file_read(&model, line->operands[1], &error))
        return command_fail(line, &error);
    bool done = run_word(line, &model.risk, show, &error);
    model_file_close(&model);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command MODEL_COMMAND = {
    .name = "model",
    .operands = "show|check FILE",
    .operands_min = 2,
    .operands_max = 2,
    .help = "what a model file is, or whether it is sound",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct model_values),
    .run = run_model,
};
