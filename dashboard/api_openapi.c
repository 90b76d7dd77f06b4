/*
 * The OpenAPI 3.1 document of this service: paths from routes.def, query parameters from
 * parameters.def, what POST /predict takes from predict_fields.def, other schemas from
 * openapi/schemas.json. A schema named as an operation ("get_api_state": method and path) is its
 * reply's; with "_body" behind, its request's.
 */
#include <stdlib.h>
#include <string.h>

#include "dashboard/asset.h"
#include "dashboard/handlers.h"

#define OPERATION_BYTES 96
#define PREDICT_BODY    "post_predict_body"

static const struct parameter {
    const char *name, *type, *help;
} PARAMETERS[] = {
#define PARAMETER(name, type, help) {#name, type, help},
#include "dashboard/parameters.def"
#undef PARAMETER
};

static const struct parameter PREDICT_FIELDS[] = {
#define PREDICT_FIELD(name, type, reader, help) {name, type, help},
#include "dashboard/predict_fields.def"
#undef PREDICT_FIELD
};

static const char *const METHODS[] = {
    [HTTP_GET] = "get", [HTTP_POST] = "post", [HTTP_DELETE] = "delete"};

/* "get_api_logins_id" of GET /api/logins/{id}. */
static void name_operation(const struct route *route, char operation[OPERATION_BYTES])
{
    size_t used = (size_t)snprintf(operation, OPERATION_BYTES, "%s", METHODS[route->method]);

    for (const char *at = route->path; *at != '\0' && used + 1 < OPERATION_BYTES; at++) {
        if (*at == '/')
            operation[used++] = '_';
        else if (*at != '{' && *at != '}')
            operation[used++] = *at;
    }
    operation[used] = '\0';
}

static void write_schema(struct json_writer *json, const char *name, const char *type)
{
    json_object_begin(json, name);
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        json_text(json, "type", type);
    else if (strcmp(type, "flag") == 0)
        json_raw(json, "enum", "[\"0\",\"1\"]", 9);
    else
        json_text(json, "type", "string");
    json_object_end(json);
}

/* "a|b|c" up to a blank, as an enumeration. */
static void write_choices(struct json_writer *json, const char *choices)
{
    json_object_begin(json, "schema");
    json_array_begin(json, "enum");
    for (;;) {
        size_t length = strcspn(choices, "| ");

        json_text_bytes(json, NULL, choices, length);
        if (choices[length] != '|')
            break;
        choices += length + 1;
    }
    json_array_end(json);
    json_object_end(json);
}

/* One word of route->parameters. */
static void write_query_parameter(struct json_writer *json, const char *word)
{
    size_t length = strcspn(word, " =");

    for (size_t i = 0; i < sizeof(PARAMETERS) / sizeof(PARAMETERS[0]); i++) {
        const struct parameter *parameter = &PARAMETERS[i];

        if (strlen(parameter->name) != length || strncmp(parameter->name, word, length) != 0)
            continue;
        json_object_begin(json, NULL);
        json_text(json, "name", parameter->name);
        json_text(json, "in", "query");
        json_text(json, "description", parameter->help);
        if (word[length] == '=')
            write_choices(json, word + length + 1);
        else
            write_schema(json, "schema", parameter->type);
        json_object_end(json);
    }
}

static void write_parameters(struct json_writer *json, const struct route *route)
{
    const char *brace = strchr(route->path, '{');

    json_array_begin(json, "parameters");
    if (brace != NULL) {
        json_object_begin(json, NULL);
        json_text_bytes(json, "name", brace + 1, strcspn(brace + 1, "}"));
        json_text(json, "in", "path");
        json_bool(json, "required", true);
        write_schema(json, "schema", "text");
        json_object_end(json);
    }
    for (const char *word = route->parameters; *word != '\0' && *word != '*';) {
        write_query_parameter(json, word);
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    json_array_end(json);
}

static void write_media_type(struct json_writer *json, const char *type, const char *schema)
{
    char reference[128];

    json_object_begin(json, type);
    if (schema != NULL) {
        snprintf(reference, sizeof(reference), "#/components/schemas/%s", schema);
        json_object_begin(json, "schema");
        json_text(json, "$ref", reference);
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_content(struct json_writer *json, const char *type, const char *schema)
{
    json_object_begin(json, "content");
    write_media_type(json, type, schema);
    json_object_end(json);
}

/* What a list can be had as besides JSON. */
static bool has_files(const struct route *route)
{
    return strstr(route->parameters, "format=json|csv|ecs") != NULL;
}

static void write_reply(struct json_writer *json, const struct route *route, const char *type,
                        const char *schema)
{
    json_object_begin(json, "200");
    json_text(json, "description", route->summary);
    json_object_begin(json, "content");
    write_media_type(json, type, schema);
    if (has_files(route)) {
        write_media_type(json, "text/csv", NULL);
        write_media_type(json, "application/x-ndjson", NULL);
    }
    json_object_end(json);
    json_object_end(json);
}

static void write_request_body(struct json_writer *json, const struct route *route,
                               const char *operation, const json_t *schemas)
{
    char name[OPERATION_BYTES + 8];
    bool predict;

    if (route->body == BODY_NONE)
        return;
    snprintf(name, sizeof(name), "%s_body", operation);
    predict = strcmp(name, PREDICT_BODY) == 0;
    json_object_begin(json, "requestBody");
    json_bool(json, "required", true);
    if (route->body == BODY_STREAM)
        write_content(json, "application/octet-stream", NULL);
    else
        write_content(json, "application/json",
                      predict || json_object_get(schemas, name) != NULL ? name : NULL);
    json_object_end(json);
}

/* A page's row takes any parameter; nothing else does. */
static const char *media_type(const struct route *route, const json_t *schema)
{
    const char *type = json_string_value(json_object_get(schema, "contentMediaType"));

    if (strcmp(route->parameters, "*") == 0)
        return "text/html";
    if (route->handle == answer_asset)
        return "*/*";
    return type != NULL ? type : "application/json";
}

static void write_operation(struct json_writer *json, const struct route *route,
                            const json_t *schemas)
{
    char operation[OPERATION_BYTES];

    name_operation(route, operation);
    const json_t *schema = json_object_get(schemas, operation);

    json_object_begin(json, METHODS[route->method]);
    json_text(json, "operationId", operation);
    json_text(json, "summary", route->summary);
    json_text(json, "x-role", role_name(route->role));
    if (route->role == ROLE_NONE)
        json_raw(json, "security", "[]", 2);
    write_parameters(json, route);
    write_request_body(json, route, operation, schemas);
    json_object_begin(json, "responses");
    write_reply(json, route, media_type(route, schema), schema != NULL ? operation : NULL);
    json_object_begin(json, "default");
    json_text(json, "description", "a refusal, or a failure of the service");
    write_content(json, "application/json", "Error");
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

/* All methods of a path stand together, where its first row is. */
static void write_paths(struct json_writer *json, const json_t *schemas)
{
    json_object_begin(json, "paths");
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        bool seen = false;

        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(ROUTES[j].path, ROUTES[i].path) == 0;
        if (seen)
            continue;
        json_object_begin(json, ROUTES[i].path);
        for (size_t j = i; j < ROUTE_COUNT; j++) {
            if (strcmp(ROUTES[j].path, ROUTES[i].path) == 0)
                write_operation(json, &ROUTES[j], schemas);
        }
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_predict_body(struct json_writer *json)
{
    json_object_begin(json, PREDICT_BODY);
    json_text(json, "type", "object");
    json_object_begin(json, "properties");
    for (size_t i = 0; i < sizeof(PREDICT_FIELDS) / sizeof(PREDICT_FIELDS[0]); i++) {
        json_object_begin(json, PREDICT_FIELDS[i].name);
        json_text(json, "description", PREDICT_FIELDS[i].help);
        json_object_end(json);
    }
    json_object_end(json);
    json_object_end(json);
}

static bool write_components(struct json_writer *json, const json_t *schemas)
{
    static const char SECURITY[] =
        "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
        "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"session\"}}";
    const char *name;
    json_t *schema;
    bool complete = true;

    json_object_begin(json, "components");
    json_raw(json, "securitySchemes", SECURITY, sizeof(SECURITY) - 1);
    json_object_begin(json, "schemas");
    write_predict_body(json);
    json_object_foreach((json_t *)(uintptr_t)schemas, name, schema)
    {
        char *text = json_dumps(schema, JSON_COMPACT | JSON_ENCODE_ANY);

        if (text != NULL)
            json_raw(json, name, text, strlen(text));
        complete = complete && text != NULL;
        free(text);
    }
    json_object_end(json);
    json_object_end(json);
    return complete;
}

bool answer_openapi(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    const struct asset *file = asset_find("/schemas.json");
    json_t *schemas =
        file == NULL ? NULL : json_loadb((const char *)file->plain, file->plain_size, 0, NULL);
    struct json_writer *json = &reply->json;
    bool complete;
    (void)worker;
    (void)request;

    if (schemas == NULL)
        return error_set(error, FAULT_NONE, "the program has no schemas in it");
    json_object_begin(json, NULL);
    json_text(json, "openapi", "3.1.0");
    json_object_begin(json, "info");
    json_text(json, "title", "anomaly-dashboard");
    json_text(json, "version", PAM_ANOMALY_VERSION);
    json_object_end(json);
    json_raw(json, "security", "[{\"bearer\":[]},{\"session\":[]}]", 30);
    write_paths(json, schemas);
    complete = write_components(json, schemas);
    json_object_end(json);
    json_decref(schemas);
    return complete || error_set(error, FAULT_NONE, "no memory");
}
