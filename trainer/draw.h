/*
 * Random numbers of one seed: xoshiro256++ (Blackman and Vigna 2021), seeded by splitmix64. One
 * call an expression: C leaves the order of two open.
 */
#ifndef TRAINER_DRAW_H
#define TRAINER_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw {
    uint64_t state[4];
};

/* Streams of one seed with different numbers are independent. */
void draw_seed(struct draw *draw, uint64_t seed, uint64_t stream);
uint64_t draw_bits(struct draw *draw);
double draw_unit(struct draw *draw);                             /* [0, 1) */
double draw_between(struct draw *draw, double low, double high); /* [low, high) */
uint32_t draw_below(struct draw *draw, uint32_t count);          /* 0 to count - 1; count above 0 */
bool draw_chance(struct draw *draw, double probability);
double draw_normal(struct draw *draw, double mean, double deviation);
double draw_lognormal(struct draw *draw, double median, double sigma);
uint32_t draw_poisson(struct draw *draw, double mean); /* for small means */

#endif
