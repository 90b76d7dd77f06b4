/* An evaluation as one page: no script, nothing loaded from elsewhere. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "trainer/evaluate_svg.h"
#include "trainer/evaluate_text.h"

static const char STYLE[] =
    ":root{color-scheme:light dark;--ground:#fbfbf9;--ink:#22252a;--soft:#6b7078;--line:#dddfe2;"
    "--band:#f1f2f0;--warn:#8a4b08;--warnground:#fdf3e3;--m0:#1c5fb8;--m1:#2f8f83;--m2:#8a63b8;"
    "--m3:#c2571a;--m4:#a33a57;--m5:#7d7a3a}"
    "@media(prefers-color-scheme:dark){:root{--ground:#16181b;--ink:#e4e6e8;--soft:#989ea6;"
    "--line:#34383d;--band:#1e2124;--warn:#f2c078;--warnground:#33270f;--m0:#6ea8f2;--m1:#5cc4b4;"
    "--m2:#b995e6;--m3:#f0925a;--m4:#ea7f9d;--m5:#c4c06a}}"
    "body{margin:0 auto;padding:2.5rem 1.25rem 4rem;max-width:76rem;background:var(--ground);"
    "color:var(--ink);font:16px/1.55 system-ui,sans-serif}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}"
    "h2{font-size:1.1rem;margin:2.75rem 0 .5rem}p{margin:.4rem 0;max-width:46rem}"
    ".soft{color:var(--soft)}.warn{color:var(--warn);background:var(--warnground);"
    "padding:.6rem .9rem;border-radius:.4rem;max-width:none}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;"
    "font-variant-numeric:tabular-nums;white-space:nowrap;margin-top:.75rem}"
    "th,td{padding:.35rem .55rem;text-align:right;border-bottom:1px solid var(--line)}"
    "th{font-weight:600;color:var(--soft)}th:first-child,td:first-child,td.note{text-align:left;"
    "padding-left:0}td.note{color:var(--soft);padding-left:.8rem;white-space:normal;min-width:9rem}"
    "tr.own td{font-weight:600}"
    "svg{display:block;width:100%;height:auto;margin:.75rem 0}"
    "svg text{fill:var(--soft);font:12px system-ui,sans-serif}"
    ".grid{stroke:var(--line)}.budget{stroke:var(--soft);stroke-dasharray:2 4}"
    ".ideal{stroke:var(--soft);stroke-dasharray:5 5}"
    ".curve{fill:none;stroke-width:1.75;stroke-linejoin:round}"
    ".m0{stroke:var(--m0);stroke-width:3}.m1{stroke:var(--m1)}.m2{stroke:var(--m2)}"
    ".m3{stroke:var(--m3)}.m4{stroke:var(--m4);stroke-dasharray:7 4}"
    ".m5{stroke:var(--m5);stroke-dasharray:2 4}.bin,.dot{fill:var(--m0)}.bin{fill-opacity:.75}"
    ".whisker{stroke:var(--m0);stroke-width:2.5;stroke-linecap:round}"
    ".key{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;font-size:.875rem;list-style:none;padding:0}"
    ".key svg{display:inline-block;width:28px;height:8px;margin:0 .5rem .1rem 0;"
    "vertical-align:middle}";

static void escape(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < ' ' ? '?' : *text, out);
        }
    }
}

static void paragraph(FILE *out, const char *class, const char *words)
{
    fprintf(out, "<p class=\"%s\">", class);
    escape(out, words);
    fputs("</p>\n", out);
}

static void cell(FILE *out, const char *words)
{
    fputs("<td>", out);
    escape(out, words);
    fputs("</td>", out);
}

static void count_cell(FILE *out, int64_t count)
{
    fprintf(out, "<td>%" PRId64 "</td>", count);
}

/* headings: separated by '|'. */
static void begin_table(FILE *out, const char *headings)
{
    fputs("<div class=\"wide\"><table><tr><th>", out);
    for (; *headings != '\0'; headings++) {
        if (*headings == '|')
            fputs("</th><th>", out);
        else
            fputc(*headings, out);
    }
    fputs("</th></tr>\n", out);
}

static void end_table(FILE *out)
{
    fputs("</table></div>\n", out);
}

static void recall_cells(FILE *out, const struct evaluate_group *group)
{
    char text[EVALUATE_TEXT_BYTES];
    for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
        cell(out, evaluate_interval(&group->recall[budget], text));
}

/* ---- sections ---- */

static void write_methods(const struct evaluation *evaluation, FILE *out)
{
    char text[EVALUATE_TEXT_BYTES];

    fputs("<h2>All takeovers, beside the model's parts and the baselines</h2>\n", out);
    begin_table(out, "|AUC|average precision|recall at 1 %|at 0.1 %|false alarms|asked");
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        const struct evaluate_group *group = &evaluation->groups[method][ROW_LEGITIMATE][DEPTH_ALL];
        fprintf(out, "<tr%s>", method == METHOD_OF_STACK ? " class=\"own\"" : "");
        cell(out, EVALUATE_METHOD_TABLE[method].meaning);
        cell(out, evaluate_number(group->measures.auc, text));
        cell(out, evaluate_number(group->measures.average_precision, text));
        recall_cells(out, group);
        cell(out, evaluate_percent(group->false_alarms[BUDGET_PERCENT], text));
        cell(out, evaluate_percent(group->measures.reauthentication, text));
        fputs("</tr>\n", out);
    }
    end_table(out);
}

static void write_curves(const struct evaluation *evaluation, FILE *out)
{
    fputs("<h2>Takeovers found, against false alarms</h2>\n", out);
    paragraph(out, "soft", "On the last part itself, whatever the thresholds.");
    svg_curves(evaluation, out);
    fputs("<ul class=\"key\">\n", out);
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        fprintf(out,
                "<li><svg viewBox=\"0 0 28 8\"><line class=\"m%d\" x1=\"0\" y1=\"4\" x2=\"28\" "
                "y2=\"4\" stroke-width=\"2\"/></svg>",
                method);
        escape(out, EVALUATE_METHOD_TABLE[method].meaning);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void family_row(FILE *out, const char *name, const struct evaluate_group *group,
                       const struct evaluate_group *known, const char *note)
{
    char text[EVALUATE_TEXT_BYTES];

    fputs("<tr>", out);
    cell(out, name);
    count_cell(out, group->attacks);
    count_cell(out, group->victims);
    cell(out, evaluate_number(group->measures.auc, text));
    recall_cells(out, group);
    cell(out, known == NULL ? "-" : evaluate_interval(&known->recall[BUDGET_PERCENT], text));
    cell(out, evaluate_percent(group->measures.reauthentication, text));
    fputs("<td class=\"note\">", out);
    escape(out, note);
    fputs("</td></tr>\n", out);
}

static void write_families(const struct evaluation *evaluation, FILE *out)
{
    fputs("<h2>The model, by family of attack</h2>\n", out);
    paragraph(out, "soft",
              "Found at 1 % false alarms, with the interval; 10+: attacks on users with ten or "
              "more past logins.");
    svg_families(evaluation, out);
    begin_table(out, "family|attacks|victims|AUC|recall at 1 %|at 0.1 %|10+, at 1 %|asked|");
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        const struct evaluate_group *groups = evaluation->groups[METHOD_OF_STACK][family];
        if (evaluate_has_family(evaluation, family))
            family_row(out, row_family_name((enum row_family)family), &groups[DEPTH_ALL],
                       &groups[DEPTH_MANY], evaluate_family_note(family));
    }
    if (evaluation->hijacks.attacks > 0)
        family_row(out, "session-hijack, ended", &evaluation->hijacks, NULL,
                   "by the volume that the session moved");
    end_table(out);
}

static void write_depths(const struct evaluation *evaluation, FILE *out)
{
    char text[EVALUATE_TEXT_BYTES];

    fputs("<h2>The model, by depth of the user's history</h2>\n", out);
    begin_table(out, "past logins|logins|takeovers|AUC|recall at 1 %|at 0.1 %|false alarms|asked");
    for (int depth = DEPTH_NONE; depth < DEPTH_COUNT; depth++) {
        const struct evaluate_group *group =
            &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][depth];
        fputs("<tr>", out);
        cell(out, EVALUATE_DEPTH_NAMES[depth]);
        count_cell(out, group->logins);
        count_cell(out, group->attacks);
        cell(out, evaluate_number(group->measures.auc, text));
        recall_cells(out, group);
        cell(out, evaluate_percent(group->false_alarms[BUDGET_PERCENT], text));
        cell(out, evaluate_percent(group->measures.reauthentication, text));
        fputs("</tr>\n", out);
    }
    end_table(out);
}

static void write_reliability(const struct evaluation *evaluation, FILE *out)
{
    char text[EVALUATE_TEXT_BYTES];

    fputs("<h2>Are the probabilities what they say?</h2>\n", out);
    snprintf(text, sizeof text,
             "The share of attacks among what has a risk, tenth by tenth; dots are as large as "
             "there are rows. Off by %.1f points on average, Brier score %.4f. Attacks weigh as in "
             "training, 35 for 100 logins, each family the same.",
             100 * evaluation->calibration.error, evaluation->calibration.brier);
    paragraph(out, "soft", text);
    svg_reliability(&evaluation->calibration, out);
}

static void write_head(const struct evaluate_output *output, FILE *out)
{
    const struct evaluation *evaluation = output->evaluation;
    char text[EVALUATE_TEXT_BYTES];

    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
            "<title>pam_anomaly: evaluation</title>\n<style>%s</style>\n<body>\n"
            "<h1>What the model finds, and what it costs</h1>\n",
            STYLE);
    for (unsigned i = 0; i < evaluation->warning_count; i++) {
        evaluate_warning_text(&evaluation->warnings[i], text, sizeof text);
        paragraph(out, "warn", text);
    }
    if (evaluate_budget_note(evaluation, text)[0] != '\0')
        paragraph(out, "warn", text);
    for (unsigned i = 0; evaluate_sentence(output, i, text)[0] != '\0'; i++)
        paragraph(out, "", text);
}

bool evaluate_write_html(const struct evaluate_output *output, FILE *out, struct error *error)
{
    write_head(output, out);
    write_methods(output->evaluation, out);
    write_curves(output->evaluation, out);
    write_families(output->evaluation, out);
    write_depths(output->evaluation, out);
    write_reliability(output->evaluation, out);
    fputs("</body>\n</html>\n", out);
    return (fflush(out) == 0 && !ferror(out)) ||
           error_set_errno(error, FAULT_MODEL, errno, "cannot write the report");
}
