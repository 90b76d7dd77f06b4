/* An alert as JSON: what anomalyctl prints and the dashboard answers. */
#ifndef STORE_ALERT_JSON_H
#define STORE_ALERT_JSON_H

#include "common/json_writer.h"
#include "store/alert.h"

/* An object, with the ids of its worst logins and its latest deliveries, which are read for it. */
bool alert_json(struct json_writer *json, struct store *store, const struct alert *alert,
                struct error *error) MUST_USE;

/* The members of a delivery, inside an open object. */
void alert_delivery_json(struct json_writer *json, const struct alert_delivery *delivery);

#endif
