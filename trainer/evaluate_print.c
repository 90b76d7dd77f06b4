/* An evaluation on a terminal. */
#include <inttypes.h>

#include "common/text_table.h"
#include "trainer/evaluate_text.h"

static bool finish(struct text_table *table, const char *title, FILE *out, bool colour,
                   struct error *error)
{
    fprintf(out, "\n%s\n", title);
    bool printed = text_table_print(table, colour, out, error);
    text_table_finish(table);
    return printed;
}

static bool print_methods(const struct evaluation *evaluation, FILE *out, bool colour,
                          struct error *error)
{
    static const char *const HEADING[] = {
        "", "AUC", "average precision", "recall at 1 %", "at 0.1 %", "false alarms", "asked"};
    char text[EVALUATE_TEXT_BYTES];
    struct text_table table;

    text_table_init(&table, "lrrrrrr");
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++)
        text_table_cell(&table, "%s", HEADING[i]);
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        const struct evaluate_group *group = &evaluation->groups[method][ROW_LEGITIMATE][DEPTH_ALL];
        text_table_cell(&table, "%s", EVALUATE_METHOD_TABLE[method].meaning);
        text_table_cell(&table, "%s", evaluate_number(group->measures.auc, text));
        text_table_cell(&table, "%s", evaluate_number(group->measures.average_precision, text));
        for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
            text_table_cell(&table, "%s", evaluate_interval(&group->recall[budget], text));
        text_table_cell(&table, "%s", evaluate_percent(group->false_alarms[0], text));
        text_table_cell(&table, "%s", evaluate_percent(group->measures.reauthentication, text));
    }
    return finish(&table, "All takeovers, beside the model's parts and the baselines", out, colour,
                  error);
}

static void family_cells(struct text_table *table, const char *name,
                         const struct evaluate_group *group, const struct evaluate_group *known)
{
    char text[EVALUATE_TEXT_BYTES];

    text_table_cell(table, "%s", name);
    text_table_cell(table, "%" PRId64, group->attacks);
    text_table_cell(table, "%" PRId64, group->victims);
    text_table_cell(table, "%s", evaluate_number(group->measures.auc, text));
    for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
        text_table_cell(table, "%s", evaluate_interval(&group->recall[budget], text));
    text_table_cell(table, "%s", known == NULL ? "-" : evaluate_interval(&known->recall[0], text));
}

static bool print_families(const struct evaluation *evaluation, FILE *out, bool colour,
                           struct error *error)
{
    static const char *const HEADING[] = {"family",        "attacks",  "victims",    "AUC",
                                          "recall at 1 %", "at 0.1 %", "10+ at 1 %", ""};
    struct text_table table;

    text_table_init(&table, "lrrrrrrl");
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++)
        text_table_cell(&table, "%s", HEADING[i]);
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        const struct evaluate_group *groups = evaluation->groups[METHOD_OF_STACK][family];
        if (!evaluate_has_family(evaluation, family))
            continue;
        family_cells(&table, row_family_name((enum row_family)family), &groups[DEPTH_ALL],
                     &groups[DEPTH_MANY]);
        text_table_cell(&table, "%s", evaluate_family_note(family));
    }
    if (evaluation->hijacks.attacks > 0) {
        family_cells(&table, "session-hijack, ended", &evaluation->hijacks, NULL);
        text_table_cell(&table, "by the volume that the session moved");
    }
    return finish(&table,
                  "The model, by family of attack; 10+: of users with ten or more past logins", out,
                  colour, error);
}

static bool print_depths(const struct evaluation *evaluation, FILE *out, bool colour,
                         struct error *error)
{
    static const char *const HEADING[] = {"past logins",   "logins",   "takeovers",    "AUC",
                                          "recall at 1 %", "at 0.1 %", "false alarms", "asked"};
    char text[EVALUATE_TEXT_BYTES];
    struct text_table table;

    text_table_init(&table, "lrrrrrrr");
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++)
        text_table_cell(&table, "%s", HEADING[i]);
    for (int depth = DEPTH_NONE; depth < DEPTH_COUNT; depth++) {
        const struct evaluate_group *group =
            &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][depth];
        text_table_cell(&table, "%s", EVALUATE_DEPTH_NAMES[depth]);
        text_table_cell(&table, "%" PRId64, group->logins);
        text_table_cell(&table, "%" PRId64, group->attacks);
        text_table_cell(&table, "%s", evaluate_number(group->measures.auc, text));
        for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
            text_table_cell(&table, "%s", evaluate_interval(&group->recall[budget], text));
        text_table_cell(&table, "%s", evaluate_percent(group->false_alarms[0], text));
        text_table_cell(&table, "%s", evaluate_percent(group->measures.reauthentication, text));
    }
    return finish(&table, "The model, by depth of the user's history", out, colour, error);
}

bool evaluate_print(const struct evaluate_output *output, FILE *out, bool colour,
                    struct error *error)
{
    const struct evaluation *evaluation = output->evaluation;
    char text[EVALUATE_TEXT_BYTES];

    for (unsigned i = 0; evaluate_sentence(output, i, text)[0] != '\0'; i++)
        fprintf(out, "%s\n", text);
    if (!print_methods(evaluation, out, colour, error) ||
        !print_families(evaluation, out, colour, error) ||
        !print_depths(evaluation, out, colour, error))
        return false;
    fprintf(out, "\nProbabilities are off by %.1f points on average, Brier score %.4f.\n",
            100 * evaluation->calibration.error, evaluation->calibration.brier);
    return true;
}
