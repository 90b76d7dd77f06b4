#include "dashboard/asset.h"

#include <string.h>

#include "dashboard/handlers.h"

const struct asset *asset_find(const char *path)
{
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        if (strcmp(ASSETS[i].path, path) == 0)
            return &ASSETS[i];
    }
    return NULL;
}

bool answer_page(struct worker *worker, const struct request *request, struct reply *reply,
                 struct error *error)
{
    (void)worker;
    (void)request;
    reply->asset = asset_find("/index.html");
    return reply->asset != NULL || error_set(error, FAULT_NONE, "the program has no page in it");
}

bool answer_asset(struct worker *worker, const struct request *request, struct reply *reply,
                  struct error *error)
{
    (void)worker;
    (void)error;
    reply->asset = asset_find(request->path);
    return reply->asset != NULL || reply_not_found(reply, "file", request->parameter);
}
