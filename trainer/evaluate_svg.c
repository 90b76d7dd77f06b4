#include "trainer/evaluate_svg.h"

#include <inttypes.h>
#include <math.h>

#include "trainer/evaluate_text.h"

/* Where a plot's field lies in its drawing. */
struct field {
    double left, top, width, height;
};

static const struct field CURVES = {52, 14, 640, 320};
static const struct field RELIABILITY = {52, 14, 300, 300};

static double across(const struct field *field, double share)
{
    return field->left + share * field->width;
}

static double up(const struct field *field, double share)
{
    return field->top + (1 - share) * field->height;
}

static void begin(FILE *out, double width, double height, const char *label)
{
    fprintf(out,
            "<svg viewBox=\"0 0 %g %g\" style=\"max-width:%gpx\" role=\"img\" "
            "aria-label=\"%s\">\n",
            width, height, width, label);
}

static void line(FILE *out, const char *class, double x1, double y1, double x2, double y2)
{
    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
            x1, y1, x2, y2);
}

static void text(FILE *out, const char *anchor, double x, double y, const char *words)
{
    fprintf(out, "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", anchor, x, y, words);
}

/* Quarters from 0 to 100 % up the left side. */
static void draw_left_axis(FILE *out, const struct field *field)
{
    static const char *const SHARES[] = {"0 %", "25 %", "50 %", "75 %", "100 %"};
    for (int i = 0; i <= 4; i++) {
        double y = up(field, i / 4.0);
        line(out, "grid", field->left, y, field->left + field->width, y);
        text(out, "end", field->left - 8, y + 4, SHARES[i]);
    }
}

static double log_share(double share)
{
    return 1 + log10(share) / 4; /* 1e-4 at the left, 1 at the right */
}

void svg_curves(const struct evaluation *evaluation, FILE *out)
{
    static const char *const SHARES[] = {"0.01 %", "0.1 %", "1 %", "10 %", "100 %"};
    const struct field *field = &CURVES;

    begin(out, 716, 380, "recall against false alarms");
    draw_left_axis(out, field);
    for (int i = 0; i <= 4; i++) {
        double x = across(field, i / 4.0);
        line(out, i == 1 || i == 2 ? "budget" : "grid", x, field->top, x,
             field->top + field->height);
        text(out, "middle", x, field->top + field->height + 18, SHARES[i]);
    }
    text(out, "middle", across(field, 0.5), field->top + field->height + 38,
         "share of logins that raise a false alarm, logarithmic");
    for (int method = EVALUATE_METHOD_COUNT - 1; method >= 0; method--) {
        fprintf(out, "<polyline class=\"curve m%d\" points=\"", method);
        for (unsigned i = 0; i < EVALUATE_CURVE_POINTS; i++)
            fprintf(out, "%.1f,%.1f ", across(field, log_share(evaluate_curve_share(i))),
                    up(field, evaluation->curves[method][i]));
        fputs("\"/>\n", out);
    }
    fputs("</svg>\n", out);
}

void svg_reliability(const struct calibration *calibration, FILE *out)
{
    const struct field *field = &RELIABILITY;
    double most = 1;

    begin(out, 376, 360, "observed share of attacks against the risk");
    draw_left_axis(out, field);
    for (int i = 0; i <= 4; i++) {
        char share[16];
        snprintf(share, sizeof share, "%g", i / 4.0);
        double x = across(field, i / 4.0);
        line(out, "grid", x, field->top, x, field->top + field->height);
        text(out, "middle", x, field->top + field->height + 18, share);
    }
    line(out, "ideal", across(field, 0), up(field, 0), across(field, 1), up(field, 1));
    for (int i = 0; i < CALIBRATION_BINS; i++)
        most = fmax(most, calibration->bins[i].weight);
    for (int i = 0; i < CALIBRATION_BINS; i++) {
        const struct calibration_bin *bin = &calibration->bins[i];
        if (bin->rows == 0)
            continue;
        fprintf(out,
                "<circle class=\"bin\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>risk %.3f, "
                "observed %.3f, %zu rows</title></circle>\n",
                across(field, bin->predicted), up(field, bin->observed),
                3 + 9 * sqrt(bin->weight / most), bin->predicted, bin->observed, bin->rows);
    }
    text(out, "middle", across(field, 0.5), field->top + field->height + 38, "risk");
    fputs("</svg>\n", out);
}

static void draw_family(FILE *out, const struct field *field, double y, const char *name,
                        const struct evaluate_group *group)
{
    const struct bootstrap_interval *recall = &group->recall[BUDGET_PERCENT];

    text(out, "end", field->left - 10, y + 4, name);
    line(out, "grid", field->left, y, field->left + field->width, y);
    line(out, "whisker", across(field, recall->lowest), y, across(field, recall->highest), y);
    fprintf(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>\n",
            across(field, recall->mean), y);
}

void svg_families(const struct evaluation *evaluation, FILE *out)
{
    static const char *const SHARES[] = {"0 %", "25 %", "50 %", "75 %", "100 %"};
    struct field field = {150, 14, 520, 0};
    double y = field.top + 10;

    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++)
        field.height += evaluate_has_family(evaluation, family) ? 24 : 0;
    begin(out, 716, field.height + 48, "recall at 1 % false alarms by family");
    for (int i = 0; i <= 4; i++) {
        double x = across(&field, i / 4.0);
        line(out, "grid", x, field.top, x, field.top + field.height);
        text(out, "middle", x, field.top + field.height + 18, SHARES[i]);
    }
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        if (!evaluate_has_family(evaluation, family))
            continue;
        draw_family(out, &field, y, row_family_name((enum row_family)family),
                    &evaluation->groups[METHOD_OF_STACK][family][DEPTH_ALL]);
        y += 24;
    }
    fputs("</svg>\n", out);
}
