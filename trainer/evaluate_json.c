/* An evaluation for programs. */
#include "common/json_writer.h"
#include "trainer/evaluate_text.h"

static void write_recall(struct json_writer *json, const struct evaluate_group *group)
{
    char name[64];

    for (int i = 0; i < EVALUATE_BUDGET_COUNT; i++) {
        const struct bootstrap_interval *recall = &group->recall[i];
        snprintf(name, sizeof name, "recall_at_%s", EVALUATE_BUDGET_TABLE[i].name);
        json_number(json, name, recall->mean);
        snprintf(name, sizeof name, "recall_at_%s_interval", EVALUATE_BUDGET_TABLE[i].name);
        json_array_begin(json, name);
        json_number(json, NULL, recall->lowest);
        json_number(json, NULL, recall->highest);
        json_array_end(json);
    }
}

static void write_group(struct json_writer *json, const struct evaluate_group *group)
{
    json_integer(json, "attacks", group->attacks);
    json_integer(json, "victims", group->victims);
    json_integer(json, "logins", group->logins);
    json_number(json, "auc", group->measures.auc);
    json_number(json, "average_precision", group->measures.average_precision);
    json_number(json, "reauthentication_at_99pct", group->measures.reauthentication);
    write_recall(json, group);
    json_number(json, "realised_fpr", group->false_alarms[BUDGET_PERCENT]);
    json_number(json, "realised_fpr_at_01pct", group->false_alarms[BUDGET_PERMILLE]);
}

static void write_depths(struct json_writer *json, const struct evaluate_group *groups)
{
    json_object_begin(json, "by_depth");
    for (int depth = DEPTH_NONE; depth < DEPTH_COUNT; depth++) {
        json_object_begin(json, EVALUATE_DEPTH_NAMES[depth]);
        write_group(json, &groups[depth]);
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_ahead(struct json_writer *json, const struct bootstrap_interval *ahead)
{
    json_array_begin(json, "model_ahead_at_1pct_interval");
    json_number(json, NULL, ahead[BUDGET_PERCENT].lowest);
    json_number(json, NULL, ahead[BUDGET_PERCENT].highest);
    json_array_end(json);
}

/* Freeman's ratio is both a part of the model and a baseline. */
static void write_methods(struct json_writer *json, const struct evaluation *evaluation,
                          bool baselines)
{
    json_object_begin(json, baselines ? "baselines" : "models");
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        const struct evaluate_method_info *info = &EVALUATE_METHOD_TABLE[method];
        if (baselines ? !evaluate_is_baseline((enum evaluate_method)method)
                      : info->role == ROLE_BASELINE)
            continue;
        json_object_begin(json, info->name);
        write_group(json, &evaluation->groups[method][ROW_LEGITIMATE][DEPTH_ALL]);
        if (info->role != ROLE_MODEL)
            write_ahead(json, evaluation->ahead[method]);
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_families(struct json_writer *json, const struct evaluation *evaluation)
{
    const struct evaluate_sessions *sessions = &evaluation->sessions;

    json_object_begin(json, "families");
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        const struct evaluate_group *groups = evaluation->groups[METHOD_OF_STACK][family];
        if (!evaluate_has_family(evaluation, family))
            continue;
        json_object_begin(json, row_family_name((enum row_family)family));
        json_bool(json, "trained_on", row_family_is_trained((enum row_family)family));
        write_group(json, &groups[DEPTH_ALL]);
        json_object_begin(json, "baselines");
        for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
            if (!evaluate_is_baseline((enum evaluate_method)method))
                continue;
            json_object_begin(json, EVALUATE_METHOD_TABLE[method].name);
            write_recall(json, &evaluation->groups[method][family][DEPTH_ALL]);
            json_object_end(json);
        }
        json_object_end(json);
        write_depths(json, groups);
        json_object_end(json);
    }
    json_object_end(json);
    json_object_begin(json, "session_hijack_by_volume");
    write_group(json, &evaluation->hijacks);
    json_object_end(json);
    json_object_begin(json, "large_sessions");
    json_integer(json, "hijacked", sessions->hijacked);
    json_integer(json, "hijacked_large", sessions->hijacked_large);
    json_integer(json, "legitimate", sessions->logins);
    json_integer(json, "legitimate_large", sessions->logins_large);
    json_object_end(json);
}

static void write_split(struct json_writer *json, const struct evaluation *evaluation)
{
    json_object_begin(json, "split");
    json_integer(json, "training_rows", evaluation->training_rows);
    json_integer(json, "prior_rows", evaluation->prior_rows);
    json_integer(json, "validation_logins", evaluation->validation_logins);
    json_integer(json, "test_logins", evaluation->test_logins);
    json_bool(json, "labelled_attacks", evaluation->labelled);
    json_integer(json, "left_out_by_victim", evaluation->left_out_victims);
    json_integer(json, "left_out_by_address", evaluation->left_out_addresses);
    json_integer(json, "bootstrap_rounds", EVALUATE_ROUNDS);
    json_object_end(json);
}

void evaluate_write_json(const struct evaluate_output *output, struct json_writer *json)
{
    const struct evaluation *evaluation = output->evaluation;
    const struct evaluate_group *groups = evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE];
    char text[EVALUATE_TEXT_BYTES];

    json_object_begin(json, NULL);
    write_group(json, &groups[DEPTH_ALL]);
    write_methods(json, evaluation, true);
    write_methods(json, evaluation, false);
    write_families(json, evaluation);
    write_depths(json, groups);
    calibration_write(json, &evaluation->calibration);
    write_split(json, evaluation);
    json_array_begin(json, "warnings");
    for (unsigned i = 0; i < evaluation->warning_count; i++) {
        evaluate_warning_text(&evaluation->warnings[i], text, sizeof text);
        json_text(json, NULL, text);
    }
    json_array_end(json);
    json_text(json, "model", output->model);
    json_number(json, "seconds", output->seconds);
    json_object_end(json);
}
