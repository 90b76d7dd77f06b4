/* A login as JSON: what commands print, the dashboard answers and exports are made of. */
#ifndef STORE_LOGIN_JSON_H
#define STORE_LOGIN_JSON_H

#include "common/json_writer.h"
#include "store/login_label.h"

/*
 * An object: the member `name`, or a value where that is NULL. features: whether all features of
 * its assessment come too. label: by whom and why it was labelled, NULL when that is not asked or
 * not known.
 */
void login_json(struct json_writer *json, const char *name, const struct stored_login *login,
                bool features, const struct login_label *label);

/* The members of a login alone, inside an open object. */
void login_json_members(struct json_writer *json, const struct stored_login *login, bool features,
                        const struct login_label *label);

/* Why it was judged so, the weightiest first: the member "reasons" of an open object. */
void login_json_reasons(struct json_writer *json, const struct assessment *assessment);

/* What is known of a place: members of an open object, none for what is not known. */
void login_json_place(struct json_writer *json, const struct place *place);

/* By whom, when and why: the member "labelled" of an open object. */
void login_json_label(struct json_writer *json, const struct login_label *label);

#endif
