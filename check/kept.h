/*
 * What a checker keeps open from one job to the next: the store, the databases, the model, who
 * is exempt for a time. Each is opened anew when its file was replaced or the configuration names
 * another.
 */
#ifndef CHECK_KEPT_H
#define CHECK_KEPT_H

#include "check/model.h"
#include "common/exemption_list.h"
#include "store/geo.h"
#include "store/store.h"

/* Begins as zeros. */
struct check_kept {
    struct store *store;
    struct geo *geo;
    struct model model;
    bool has_model;
    struct exemption_list exemptions, exceptions;
};

/* What they give stays the keeper's. */
bool check_keep_store(struct check_kept *kept, const struct config *config, struct store **store,
                      struct error *error) MUST_USE;
bool check_keep_geo(struct check_kept *kept, const struct config *config, const struct geo **geo,
                    struct error *error) MUST_USE;
bool check_keep_model(struct check_kept *kept, const struct config *config,
                      const struct risk_model **model, struct error *error) MUST_USE;

/*
 * The exemptions of anomalyctl allow, and the exceptions made on the dashboard. *damage says what
 * of the file cannot be read; the rest holds.
 */
const struct exemption_list *
check_keep_exemptions(struct check_kept *kept, const struct config *config, struct error *damage);
const struct exemption_list *
check_keep_exceptions(struct check_kept *kept, const struct config *config, struct error *damage);

/* Closes all of it. */
void check_kept_drop(struct check_kept *kept);

#endif
