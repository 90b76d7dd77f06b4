#include "trainer/fit_summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static void write_counts(struct json_writer *json, const char *name,
                         const struct fit_counts *counts)
{
    json_object_begin(json, name);
    json_integer(json, "logins", counts->logins);
    json_integer(json, "attacks", counts->attacks);
    json_integer(json, "prior_rows", counts->prior_rows);
    json_object_end(json);
}

static void write_candidates(struct json_writer *json, const struct fit_result *result)
{
    json_object_begin(json, "candidates");
    for (int kind = 0; kind < FOREST_KIND_COUNT; kind++) {
        json_object_begin(json, forest_kind_name((enum forest_kind)kind));
        json_integer(json, "trees", result->candidates[kind].trees);
        json_number(json, "average_precision", result->candidates[kind].average_precision);
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_stack(struct json_writer *json, const struct fit_result *result)
{
    const struct risk_stack *stack = &result->stack;

    json_object_begin(json, "isolation");
    json_integer(json, "trees", result->isolation_trees);
    json_integer(json, "rows", (int64_t)result->isolation_rows);
    json_object_end(json);
    json_object_begin(json, "stack");
    json_number(json, "intercept", stack->intercept);
    json_number(json, "forest", stack->forest);
    json_number(json, "isolation", stack->isolation);
    json_number(json, "likelihood", stack->likelihood);
    json_number(json, "likelihood_mean", stack->likelihood_mean);
    json_object_end(json);
}

static void write_curve(struct json_writer *json, const struct ranking *measures)
{
    json_array_begin(json, "recall_curve");
    for (int i = 0; i < RECALL_CURVE_POINTS; i++) {
        json_array_begin(json, NULL);
        json_number(json, NULL, RECALL_CURVE_SHARES[i]);
        json_number(json, NULL, measures->recall_curve[i]);
        json_array_end(json);
    }
    json_array_end(json);
}

static void write_measures(struct json_writer *json, const struct fit_result *result)
{
    json_number(json, "auc", result->measures.auc);
    json_number(json, "average_precision", result->measures.average_precision);
    json_number(json, "recall_at_1pct", result->measures.recall_at_1pct);
    write_curve(json, &result->measures);
    json_object_begin(json, "alone");
    for (int i = 0; i < EVIDENCE_COUNT; i++) {
        json_object_begin(json, fit_evidence_name((enum fit_evidence)i));
        json_number(json, "auc", result->alone[i].auc);
        json_number(json, "average_precision", result->alone[i].average_precision);
        json_number(json, "recall_at_1pct", result->alone[i].recall_at_1pct);
        write_curve(json, &result->alone[i]);
        json_object_end(json);
    }
    json_object_end(json);
    json_object_begin(json, "families");
    for (int i = ROW_ATTACK_FIRST; i < ROW_FAMILY_COUNT; i++) {
        if (result->measures.family[i].rows == 0)
            continue;
        json_object_begin(json, row_family_name((enum row_family)i));
        json_integer(json, "attacks", result->measures.family[i].rows);
        json_number(json, "auc", result->measures.family[i].auc);
        json_number(json, "recall_at_1pct", result->measures.family[i].recall_at_1pct);
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_thresholds(struct json_writer *json, const struct fit_threshold *thresholds)
{
    json_object_begin(json, "thresholds");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++)
        json_number(json, risk_level_name((enum risk_level)i), (double)thresholds[i].found.risk);
    json_object_end(json);
    json_object_begin(json, "budgets");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++)
        json_number(json, risk_level_name((enum risk_level)i), thresholds[i].budget);
    json_object_end(json);
    json_object_begin(json, "realised");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        json_object_begin(json, risk_level_name((enum risk_level)i));
        json_integer(json, "logins", thresholds[i].reached);
        json_number(json, "lowest", (double)thresholds[i].found.lowest);
        json_number(json, "highest", (double)thresholds[i].found.highest);
        json_object_end(json);
    }
    json_object_end(json);
    json_array_begin(json, "budgets_not_measurable");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        if (thresholds[i].extrapolated)
            json_text(json, NULL, risk_level_name((enum risk_level)i));
    }
    json_array_end(json);
}

void fit_write(struct json_writer *json, const struct fit_result *result)
{
    json_text(json, "learner", fit_forest_name(result->kind));
    json_integer(json, "logins", result->logins);
    json_integer(json, "rows", result->rows);
    json_integer(json, "prior_rows", result->prior_rows);
    json_integer(json, "trees", result->trees);
    write_counts(json, "validation", &result->validation);
    write_candidates(json, result);
    write_stack(json, result);
    json_integer(json, "held_out_logins", result->held_out.logins);
    json_integer(json, "held_out_attacks", result->held_out.attacks);
    write_measures(json, result);
    calibration_write(json, &result->calibration);
    write_thresholds(json, result->thresholds);
}

static void write_distributions(struct json_writer *json, const struct fit_result *result)
{
    json_object_begin(json, "distributions");
    distribution_write(json, "risk", &result->risk);
    json_object_begin(json, "features");
    for (int i = 0; i < FEATURE_COUNT; i++)
        distribution_write(json, FEATURE_TABLE[i].name, &result->features[i]);
    json_object_end(json);
    json_object_end(json);
}

char *fit_summary(const struct fit_result *result, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out != NULL) {
        struct json_writer json = json_writer_to(out);
        json_object_begin(&json, NULL);
        fit_write(&json, result);
        write_distributions(&json, result);
        json_object_end(&json);
        if (fclose(out) == 0)
            return text;
    }
    free(text);
    error_set_errno(error, FAULT_MODEL, ENOMEM, "the training summary does not fit into memory");
    return NULL;
}
