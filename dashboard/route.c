#include "dashboard/route.h"

#include <stdio.h>
#include <string.h>

#include "dashboard/handlers.h"

const struct route ROUTES[] = {
#define ROUTE(method, path, role, body, handler, parameters, summary)                              \
    {HTTP_##method, path, ROLE_##role, BODY_##body, handler, parameters, summary},
#include "dashboard/routes.def"
#undef ROUTE
};
const size_t ROUTE_COUNT = sizeof(ROUTES) / sizeof(ROUTES[0]);

static const char *const ROLE_NAMES[] = {
#define ROLE(symbol, name) name,
    ROLES
#undef ROLE
};

const char *role_name(enum role role)
{
    return ROLE_NAMES[role];
}

bool role_parse(const char *name, enum role *role)
{
    for (size_t i = ROLE_VIEWER; i < sizeof(ROLE_NAMES) / sizeof(ROLE_NAMES[0]); i++) {
        if (strcmp(name, ROLE_NAMES[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    }
    return false;
}

/* Whether path has the route's shape; *begin and *size: the part that stands for {…}. */
static bool shape_matches(const char *shape, const char *path, const char **begin, size_t *size)
{
    *begin = NULL;
    while (*shape != '\0') {
        if (*shape == '{') {
            *begin = path;
            *size = strcspn(path, "/");
            path += *size;
            shape += strcspn(shape, "}") + 1;
            if (*size == 0)
                return false;
        } else if (*shape++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

const struct route *route_find(enum http_method method, const char *path, char *parameter,
                               size_t capacity, bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const char *begin;
        size_t size;

        if (!shape_matches(ROUTES[i].path, path, &begin, &size))
            continue;
        parameter[0] = '\0';
        if (begin != NULL && !target_decode(begin, size, false, parameter, capacity))
            continue;
        *path_known = true;
        if (ROUTES[i].method == method)
            return &ROUTES[i];
    }
    return NULL;
}

const char *route_methods(const char *path, char text[32])
{
    static const char *const NAMES[] = {
        [HTTP_GET] = "GET, HEAD", [HTTP_POST] = "POST", [HTTP_DELETE] = "DELETE"};
    char parameter[REQUEST_PARAMETER_MAX];
    bool path_known;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (route_find((enum http_method)i, path, parameter, sizeof(parameter), &path_known))
            used +=
                (size_t)snprintf(text + used, 32 - used, "%s%s", used > 0 ? ", " : "", NAMES[i]);
    }
    return text;
}

const char *route_parameter(const struct route *route, const char *name)
{
    size_t length = strlen(name);

    if (strcmp(route->parameters, "*") == 0)
        return route->parameters;
    for (const char *at = route->parameters; *at != '\0';) {
        size_t word = strcspn(at, " ");

        if (strncmp(at, name, length) == 0 && strcspn(at, " =") == length)
            return at;
        at += word;
        at += strspn(at, " ");
    }
    return NULL;
}

bool route_parameter_allows(const char *parameter, const char *value)
{
    size_t length = strlen(value);
    const char *at = parameter + strcspn(parameter, " =");

    if (*at != '=')
        return true;
    while (*at == '=' || *at == '|') {
        size_t word = strcspn(++at, "| ");

        if (word == length && strncmp(at, value, length) == 0)
            return true;
        at += word;
    }
    return false;
}
