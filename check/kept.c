#include "check/kept.h"

#include <string.h>
#include <unistd.h>

bool check_keep_store(struct check_kept *kept, const struct config *config, struct store **store,
                      struct error *error)
{
    if (kept->store != NULL && !store_is_current(kept->store, config->store)) {
        store_close(kept->store);
        kept->store = NULL;
    }
    if (kept->store == NULL && !store_open(&kept->store, config->store, STORE_READ, error))
        return false;
    *store = kept->store;
    return true;
}

bool check_keep_geo(struct check_kept *kept, const struct config *config, const struct geo **geo,
                    struct error *error)
{
    if (kept->geo != NULL && !geo_is_current(kept->geo, config->geo)) {
        geo_close(kept->geo);
        kept->geo = NULL;
    }
    if (kept->geo == NULL && !geo_open(&kept->geo, config->geo, error))
        return false;
    *geo = kept->geo;
    return true;
}

bool check_keep_model(struct check_kept *kept, const struct config *config,
                      const struct risk_model **model, struct error *error)
{
    if (kept->has_model && !model_is_current(&kept->model, config)) {
        model_close(&kept->model);
        kept->has_model = false;
    }
    if (!kept->has_model)
        kept->has_model = model_open(&kept->model, config, error);
    *model = &kept->model.risk;
    return kept->has_model;
}

const struct exemption_list *
check_keep_exemptions(struct check_kept *kept, const struct config *config, struct error *damage)
{
    (void)!exemption_list_refresh(&kept->exemptions, config->exemptions, geteuid(), damage);
    return &kept->exemptions;
}

const struct exemption_list *
check_keep_exceptions(struct check_kept *kept, const struct config *config, struct error *damage)
{
    (void)!exemption_list_refresh_store(&kept->exceptions, config->store, damage);
    return &kept->exceptions;
}

void check_kept_drop(struct check_kept *kept)
{
    store_close(kept->store);
    geo_close(kept->geo);
    if (kept->has_model)
        model_close(&kept->model);
    exemption_list_finish(&kept->exemptions);
    exemption_list_finish(&kept->exceptions);
    memset(kept, 0, sizeof *kept);
}
