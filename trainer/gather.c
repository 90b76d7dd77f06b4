#include "trainer/gather.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "trainer/bootstrap.h"

#define PRIOR_MOST_LOGINS 40000

struct gathering {
    struct row_builder *builder;
    bool (*also)(void *context, const struct stored_login *login, struct error *error);
    void *context;
    struct error *error;
    int64_t done, total;
    bool failed;
};

static bool gather_login(void *context, const struct stored_login *login)
{
    struct gathering *gathering = context;
    if ((gathering->also != NULL &&
         !gathering->also(gathering->context, login, gathering->error)) ||
        !row_builder_add(gathering->builder, login, gathering->error))
        gathering->failed = true;
    command_progress("replaying logins", ++gathering->done, gathering->total);
    return !gathering->failed;
}

bool gather_rows(struct store *store, const struct row_options *options, struct training_rows *rows,
                 bool (*also)(void *context, const struct stored_login *login, struct error *error),
                 void *context, struct error *error)
{
    struct gathering gathering = {.also = also, .context = context, .error = error};
    struct login_filter filter = {.user = NULL};
    struct store_counts counts;

    *rows = (struct training_rows){.rows = NULL};
    bool gathered = store_counts(store, clock_utc_us(), &counts, error) &&
                    row_builder_create(&gathering.builder, options, rows, error);
    gathering.total = gathered ? counts.logins : 0;
    gathered = gathered && store_logins(store, &filter, gather_login, &gathering, error) &&
               !gathering.failed && row_builder_finish(gathering.builder, error);
    row_builder_destroy(gathering.builder);
    command_progress_end();
    return gathered;
}

bool gather_prior(struct training_rows *rows, uint64_t seed, struct error *error)
{
    return rows->legitimate < FIT_LEAST_LOGINS || rows->legitimate > PRIOR_MOST_LOGINS ||
           bootstrap_add_prior(seed, rows, error);
}

struct fit_options gather_fit_options(unsigned trees, unsigned depth, unsigned threads,
                                      uint64_t seed)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads == 0)
        threads = processors > 0 ? (unsigned)processors : 1;
    return (struct fit_options){.forest = {.trees = trees,
                                           .depth = depth,
                                           .threads = threads,
                                           .smallest_leaf = GATHER_SMALLEST_LEAF,
                                           .seed = seed}};
}
