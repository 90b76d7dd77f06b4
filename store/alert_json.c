#include "store/alert_json.h"

#define DELIVERIES_SHOWN 20

void alert_delivery_json(struct json_writer *json, const struct alert_delivery *delivery)
{
    json_text(json, "channel", delivery->channel);
    json_time(json, "time", delivery->time_us);
    if (delivery->state == DELIVERY_PENDING)
        json_null(json, "ok");
    else
        json_bool(json, "ok", delivery->state == DELIVERY_DONE);
    json_integer(json, "count", delivery->count);
    json_integer(json, "attempts", delivery->attempts);
    json_text(json, "message", delivery->message[0] != '\0' ? delivery->message : NULL);
}

static bool write_delivery(void *context, const struct alert_delivery *delivery)
{
    struct json_writer *json = context;

    json_object_begin(json, NULL);
    alert_delivery_json(json, delivery);
    json_object_end(json);
    return true;
}

static void write_acknowledged(struct json_writer *json, const struct alert *alert)
{
    if (alert->acknowledged_us == 0) {
        json_null(json, "acknowledged");
        return;
    }
    json_object_begin(json, "acknowledged");
    json_text(json, "by", alert->acknowledged_by);
    json_time(json, "time", alert->acknowledged_us);
    json_object_end(json);
}

bool alert_json(struct json_writer *json, struct store *store, const struct alert *alert,
                struct error *error)
{
    char summary[ALERT_SUMMARY_BYTES], id[LOGIN_ID_TEXT_BYTES];
    bool done;

    json_object_begin(json, NULL);
    json_integer(json, "id", alert->id);
    json_text(json, "rule", alert->rule);
    json_time(json, "time", alert->first_us);
    json_time(json, "last", alert->last_us);
    json_integer(json, "count", alert->count);
    json_text(json, "group", alert->subject[0] != '\0' ? alert->subject : NULL);
    json_text(json, "summary", alert_summary(alert, summary));
    json_bool(json, "over", alert->due_us == 0);
    json_array_begin(json, "logins");
    for (unsigned i = 0; i < alert->login_count; i++)
        json_text(json, NULL, login_id_format(&alert->logins[i].id, id));
    json_array_end(json);
    write_acknowledged(json, alert);
    json_array_begin(json, "deliveries");
    done = store_deliveries(store, alert->id, DELIVERIES_SHOWN, write_delivery, json, error);
    json_array_end(json);
    json_object_end(json);
    return done;
}
