#include "trainer/bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "trainer/simulation.h"

#define BOOTSTRAP_TREES         40
#define BOOTSTRAP_DEPTH         9
#define BOOTSTRAP_SMALLEST_LEAF 20

#define NEVER      UINT32_MAX
#define ALIGNED_US 1e12

/* Firms, offices whose hundred people share one address, teams, and machines of a few friends. */
static const struct {
    unsigned copies;
    struct simulation_options options;
} MACHINES[] = {
    {1, {.users = 120, .days = 45, .offices = 1}},
    {1, {.users = 80, .days = 60, .offices = 1}},
    {1, {.users = 60, .days = 120}},
    {1, {.users = 24, .days = 90, .place_evidence = PLACE_EVIDENCE_NO_REPUTATION}},
    {1, {.users = 24, .days = 90, .place_evidence = PLACE_EVIDENCE_COUNTRY}},
    {1, {.users = 24, .days = 90, .place_evidence = PLACE_EVIDENCE_NONE}},
    {1, {.users = 24, .days = 90, .client_from_day = NEVER}},
    {1, {.users = 24, .days = 90, .client_from_day = 45}},
    {1,
     {.users = 150,
      .days = 30,
      .offices = 1,
      .place_evidence = PLACE_EVIDENCE_NONE,
      .client_from_day = NEVER}},
    {6, {.users = 6, .days = 90}},
    {3, {.users = 6, .days = 90, .place_evidence = PLACE_EVIDENCE_NO_REPUTATION}},
    {2, {.users = 6, .days = 90, .place_evidence = PLACE_EVIDENCE_NONE}},
    {4, {.users = 2, .days = 120}},
};

static bool add_login(void *context, const struct stored_login *login, struct error *error)
{
    return row_builder_add(context, login, error);
}

static bool add_machine(const struct simulation_options *options, struct training_rows *rows,
                        struct error *error)
{
    struct row_options row_options = {.seed = options->seed, .injection_share = 1.0};
    struct row_builder *builder = NULL;

    if (!row_builder_create(&builder, &row_options, rows, error))
        return false;
    bool added =
        simulation_run(options, add_login, builder, error) && row_builder_finish(builder, error);
    row_builder_destroy(builder);
    return added;
}

/*
 * Machines lived for different times: each row's time becomes the part of its machine's past, so
 * that whoever parts the rows by time gets the earlier logins of each machine, and its later ones.
 */
static void align_times(struct training_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        rows->rows[i].time_us =
            SIMULATION_START_US + (int64_t)((double)i / (double)rows->count * ALIGNED_US);
}

static bool append_rows(struct training_rows *all, const struct training_rows *more,
                        struct error *error)
{
    struct training_row *grown =
        reallocarray(all->rows, all->count + more->count + 1, sizeof *grown);
    if (grown == NULL)
        return error_set(error, FAULT_MODEL, "the training rows do not fit into memory");
    if (more->count > 0)
        memcpy(grown + all->count, more->rows, more->count * sizeof *grown);
    all->rows = grown;
    all->count += more->count;
    all->capacity = all->count + 1;
    all->legitimate += more->legitimate;
    return true;
}

bool bootstrap_rows(uint64_t seed, struct training_rows *rows, struct error *error)
{
    *rows = (struct training_rows){.rows = NULL};
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof MACHINES / sizeof MACHINES[0]; i++) {
        for (unsigned copy = 0; copy < MACHINES[i].copies; copy++) {
            struct simulation_options options = MACHINES[i].options;
            struct training_rows more = {.rows = NULL};
            options.seed = seed * 100 + number++;
            options.start_us = SIMULATION_START_US;
            bool added = add_machine(&options, &more, error);
            align_times(&more);
            added = added && append_rows(rows, &more, error);
            training_rows_finish(&more);
            if (!added)
                return false;
        }
    }
    return true;
}

bool bootstrap_add_prior(uint64_t seed, struct training_rows *rows, struct error *error)
{
    struct training_rows prior;

    bool added = bootstrap_rows(seed, &prior, error);
    for (size_t i = 0; added && i < prior.count; i++)
        prior.rows[i].prior = true;
    prior.legitimate = 0;
    added = added && append_rows(rows, &prior, error);
    training_rows_finish(&prior);
    return added;
}

bool bootstrap_model(uint64_t seed, unsigned threads, struct fit_result *result,
                     struct error *error)
{
    struct training_rows rows;
    /*
     * It judges machines that are unlike those it learned from. Boosted trees rank later logins of
     * the simulated machines better, and logins of a past made by hand worse: they learn the
     * simulator's habits too well.
     */
    const struct fit_options options = {.forest = {.trees = BOOTSTRAP_TREES,
                                                   .depth = BOOTSTRAP_DEPTH,
                                                   .threads = threads,
                                                   .smallest_leaf = BOOTSTRAP_SMALLEST_LEAF,
                                                   .seed = seed},
                                        .bagged_only = true};
    struct config config;
    /* A fixed time: the same bytes from every build. */
    const struct risk_model_facts facts = {.trained_us = SIMULATION_START_US};

    config_init(&config);
    struct fit_budgets budgets = fit_budgets_of(&config);
    bool fitted = bootstrap_rows(seed, &rows, error) &&
                  fit_model(&rows, &options, &budgets, &facts, result, error);
    training_rows_finish(&rows);
    return fitted;
}
