#include "trainer/drift_print.h"

#include <inttypes.h>
#include <math.h>

#include "common/clock.h"
#include "common/owner.h"
#include "common/text_table.h"
#include "trainer/drift.h"

/* An index is read beyond what chance makes of so few logins. */
static const char *reading_of(const struct drift_change *change)
{
    if (change->shift < DISTRIBUTION_SHIFTED || change->shift < 2 * change->noise)
        return "stable";
    return change->shift < DISTRIBUTION_CHANGED ? "shifted" : "changed";
}

static const char *level_reading(const struct drift_level *level)
{
    if (level->share.lowest > level->budget)
        return "above its budget";
    return level->share.highest < level->budget ? "below its budget" : "within its budget";
}

/* ---- JSON ---- */

static void write_change(struct json_writer *json, const char *name,
                         const struct drift_change *change)
{
    json_object_begin(json, name);
    json_text(json, "name", change->name);
    json_number(json, "psi", change->shift);
    json_number(json, "psi_by_chance", change->noise);
    json_text(json, "reading", reading_of(change));
    json_number(json, "missing_then", change->missing_then);
    json_number(json, "missing_now", change->missing_now);
    json_object_end(json);
}

static void write_levels(struct json_writer *json, const struct drift *drift)
{
    json_object_begin(json, "levels");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct drift_level *level = &drift->levels[i];
        json_object_begin(json, risk_level_name((enum risk_level)i));
        json_number(json, "budget", level->budget);
        json_integer(json, "logins", level->reached);
        json_number(json, "share",
                    drift->scored > 0 ? (double)level->reached / (double)drift->scored : NAN);
        json_number(json, "lowest", level->share.lowest);
        json_number(json, "highest", level->share.highest);
        json_text(json, "reading", drift->scored > 0 ? level_reading(level) : NULL);
        json_object_end(json);
    }
    json_object_end(json);
}

static bool write_drift(const struct drift *drift, const struct risk_model *model, const char *path,
                        struct error *error)
{
    struct json_writer json = json_writer_to(stdout);
    bool enough = drift->logins >= DRIFT_LEAST_LOGINS;

    json_object_begin(&json, NULL);
    json_text(&json, "model", path);
    json_integer(&json, "trained_us", model->header->trained_us);
    json_integer(&json, "logins", drift->logins);
    json_integer(&json, "scored_by_this_model", drift->scored);
    json_integer(&json, "least_logins", DRIFT_LEAST_LOGINS);
    json_bool(&json, "enough", enough);
    json_array_begin(&json, "features");
    for (int i = 0; enough && i < FEATURE_COUNT; i++)
        write_change(&json, NULL, &drift->changes[i]);
    json_array_end(&json);
    if (drift->scored >= DRIFT_LEAST_LOGINS)
        write_change(&json, "risk", &drift->risk);
    else
        json_null(&json, "risk");
    write_levels(&json, drift);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

/* ---- for people ---- */

static void change_cells(struct text_table *table, const struct drift_change *change)
{
    text_table_cell(table, "%s", change->name);
    text_table_cell(table, "%.3f", change->shift);
    text_table_cell(table, "%s", reading_of(change));
    text_table_cell(table, "%.1f %%", 100 * change->missing_then);
    text_table_cell(table, "%.1f %%", 100 * change->missing_now);
}

static bool print_changes(const struct drift *drift, struct error *error)
{
    static const char *const HEADING[] = {"FEATURE", "PSI", "READING", "MISSING THEN", "NOW"};
    struct text_table table;

    text_table_init(&table, "lrlrr");
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++)
        text_table_cell(&table, "%s", HEADING[i]);
    if (drift->scored >= DRIFT_LEAST_LOGINS)
        change_cells(&table, &drift->risk);
    for (int i = 0; i < FEATURE_COUNT; i++)
        change_cells(&table, &drift->changes[i]);
    bool printed = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return printed;
}

static bool print_levels(const struct drift *drift, struct error *error)
{
    struct text_table table;

    text_table_init(&table, "lrrl");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct drift_level *level = &drift->levels[i];
        text_table_cell(&table, "%s", risk_level_name((enum risk_level)i));
        text_table_cell(&table, "budget %.3g %%", 100 * level->budget);
        text_table_cell(&table, "reached by %" PRId64 ", %.3g to %.3g %%", level->reached,
                        100 * level->share.lowest, 100 * level->share.highest);
        text_table_cell(&table, "%s", level_reading(level));
    }
    bool printed = text_table_print(&table, false, stdout, error);
    text_table_finish(&table);
    return printed;
}

static bool print_drift(const struct drift *drift, const struct risk_model *model, bool utc,
                        struct error *error)
{
    char time[CLOCK_TEXT_BYTES];

    printf("%" PRId64 " logins since %s, %" PRId64 " of them scored by this model\n", drift->logins,
           clock_format(model->header->trained_us, utc, time), drift->scored);
    if (drift->scored > 0 && !print_levels(drift, error))
        return false;
    if (drift->logins < DRIFT_LEAST_LOGINS) {
        printf("too few to tell a change from chance: at least %d are needed\n",
               DRIFT_LEAST_LOGINS);
        return true;
    }
    putchar('\n');
    return print_changes(drift, error);
}

bool drift_show(const struct command_line *line, const struct risk_model *model, const char *path,
                struct error *error)
{
    struct fit_budgets budgets;
    struct store *store = NULL;
    struct config config;
    struct drift drift;

    if (!command_config(line, &config, error) || !owner_become_for_files(config.store, error) ||
        !store_open(&store, config.store, STORE_READ, error))
        return false;
    budgets = fit_budgets_of(&config);
    bool measured = drift_measure(store, model, &budgets, &drift, error);
    store_close(store);
    if (!measured)
        return false;
    return line->json ? write_drift(&drift, model, path, error)
                      : print_drift(&drift, model, line->utc, error);
}
