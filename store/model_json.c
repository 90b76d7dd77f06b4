#include "store/model_json.h"

#include <string.h>

#include "common/json_reader.h"
#include "scorer/risk.h"

static void write_evidence(struct json_writer *json, const struct risk_model_header *header)
{
    json_object_begin(json, "stack");
    json_number(json, "intercept", header->stack.intercept);
    json_number(json, "forest", header->stack.forest);
    json_number(json, "isolation", header->stack.isolation);
    json_number(json, "likelihood", header->stack.likelihood);
    json_number(json, "likelihood_mean", header->stack.likelihood_mean);
    json_object_end(json);
    json_object_begin(json, "thresholds");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++)
        json_number(json, risk_level_name((enum risk_level)i), (double)header->thresholds[i].risk);
    json_object_end(json);
}

void model_json_members(struct json_writer *json, const struct risk_model *model, const char *path)
{
    const struct risk_model_header *header = model->header;
    struct json_value summary = json_parse(model->summary, header->summary_bytes);

    json_text(json, "model", path);
    json_bool(json, "sound", true);
    json_integer(json, "bytes", (int64_t)header->file_bytes);
    json_text(json, "kind", forest_kind_name(model->forest.kind));
    json_integer(json, "trees", header->forest_trees);
    json_integer(json, "nodes", header->forest_nodes);
    json_integer(json, "isolation_trees", header->isolation_trees);
    json_integer(json, "isolation_nodes", header->isolation_nodes);
    json_integer(json, "features", header->feature_count);
    json_number(json, "base", risk_base(model));
    write_evidence(json, header);
    json_integer(json, "trained_us", header->trained_us);
    json_text_bytes(json, "geo", header->geo_type,
                    strnlen(header->geo_type, sizeof header->geo_type));
    if (summary.begin != NULL)
        json_raw(json, "summary", summary.begin, (size_t)(summary.end - summary.begin));
    else
        json_null(json, "summary");
}
