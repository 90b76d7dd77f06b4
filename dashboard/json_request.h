/*
 * jansson, to read what was sent. Two names that it has for making values are the writer's here
 * (common/json_writer.h), which is what replies are made with.
 */
#ifndef DASHBOARD_JSON_REQUEST_H
#define DASHBOARD_JSON_REQUEST_H

#define json_integer jansson_make_integer
#define json_null    jansson_make_null
#include <jansson.h>
#undef json_integer
#undef json_null

#endif
