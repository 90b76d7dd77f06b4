/*
 * make_table ROWS SEED [FILE]: logins as a CSV table of twenty columns and a label, the same bytes
 * for the same seed. Counts, times, distances, flags and categories, some missing; the label is
 * drawn from a logistic of a few of them, of products of two and of thresholds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "trainer/draw.h"

#define COLUMNS 20

static const char *const NAMES[COLUMNS] = {
    "hour",          "weekday",     "gap_h",       "distance_km", "speed_kmh",
    "address_known", "prefix_seen", "asn_share",   "country",     "device_known",
    "device_users",  "failures_1m", "failures_1h", "names_tried", "rtt_ms",
    "bytes_in",      "bytes_out",   "duration_s",  "days_known",  "logins",
};

static void make_row(struct draw *draw, double v[COLUMNS])
{
    bool travels = draw_chance(draw, 0.08), machine = draw_chance(draw, 0.2);

    v[0] = fmod(24 + draw_normal(draw, machine ? 3 : 13, 4), 24);
    v[1] = draw_below(draw, 7);
    v[2] = draw_lognormal(draw, machine ? 1 : 12, 1.2);
    v[3] = travels ? draw_lognormal(draw, 900, 1) : draw_lognormal(draw, 8, 1.1);
    v[4] = v[3] / (v[2] + 0.1);
    v[5] = draw_chance(draw, travels ? 0.1 : 0.85);
    v[6] = draw_poisson(draw, travels ? 0.5 : 6);
    v[7] = travels ? draw_unit(draw) * 0.1 : draw_unit(draw);
    v[8] = travels ? draw_below(draw, 60) : draw_below(draw, 4);
    v[9] = draw_chance(draw, travels ? 0.7 : 0.92);
    v[10] = 1 + draw_poisson(draw, 1.5);
    v[11] = draw_chance(draw, 0.05) ? draw_poisson(draw, 6) : draw_poisson(draw, 0.05);
    v[12] = v[11] + draw_poisson(draw, 0.4);
    v[13] = v[11] > 2 ? draw_poisson(draw, 4) : draw_poisson(draw, 0.1);
    v[14] = draw_lognormal(draw, 10 + v[3] / 50, 0.4);
    v[15] = draw_lognormal(draw, 30e3, 1.5);
    v[16] = draw_lognormal(draw, 200e3, 1.8);
    v[17] = draw_lognormal(draw, 900, 1.4);
    v[18] = draw_below(draw, 900);
    v[19] = draw_poisson(draw, 3 + v[18] / 30);
}

static double chance_of_attack(const double v[COLUMNS])
{
    double logit = -6.2 + 1.6 * (v[5] < 1) + 1.5 * (v[9] < 1) + 1.2 * (v[4] > 700) +
                   0.5 * fmin(v[11], 6) + 0.4 * fmin(v[13], 5) + 1.4 * (v[0] < 5) +
                   0.35 * log1p(v[3]) * (v[9] < 1) + 0.25 * (log(v[16]) - 12) - 1.2 * v[7] -
                   0.4 * log1p(v[19]) + 1.1 * (v[8] > 30);
    return 1 / (1 + exp(-logit));
}

/* Coordinates, round trips and volumes are what real logs lack. */
static bool is_missing(struct draw *draw, unsigned column)
{
    if (column == 3 || column == 4)
        return draw_chance(draw, 0.07);
    return column >= 14 && column <= 17 && draw_chance(draw, 0.15);
}

static bool print_row(struct draw *draw, FILE *binary)
{
    double v[COLUMNS];
    float numbers[COLUMNS + 1];
    char text[32];

    make_row(draw, v);
    for (unsigned c = 0; c < COLUMNS; c++) {
        bool missing = is_missing(draw, c);
        snprintf(text, sizeof text, "%.6g", v[c]);
        numbers[c] = missing ? NAN : (float)strtod(text, NULL);
        printf("%s,", missing ? "" : text);
    }
    bool attack = draw_chance(draw, chance_of_attack(v));
    numbers[COLUMNS] = attack;
    puts(attack ? "1" : "0");
    return binary == NULL || fwrite(numbers, sizeof numbers, 1, binary) == 1;
}

int main(int argc, char **argv)
{
    struct draw draw;
    FILE *binary = NULL;
    bool written = true;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: make_table ROWS SEED [FILE]\n");
        return 2;
    }
    if (argc == 4 && (binary = fopen(argv[3], "wb")) == NULL) {
        perror(argv[3]);
        return 1;
    }
    draw_seed(&draw, strtoull(argv[2], NULL, 10), 1);
    for (unsigned c = 0; c < COLUMNS; c++)
        printf("%s,", NAMES[c]);
    puts("attack");
    for (unsigned long row = strtoul(argv[1], NULL, 10); row > 0 && written; row--)
        written = print_row(&draw, binary);
    if (binary != NULL)
        written &= fclose(binary) == 0;
    return written && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
