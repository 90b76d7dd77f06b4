#include "trainer/draw.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void draw_seed(struct draw *draw, uint64_t seed, uint64_t stream)
{
    uint64_t state = stream;
    state = splitmix(&state) ^ seed;
    for (int i = 0; i < 4; i++)
        draw->state[i] = splitmix(&state);
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

uint64_t draw_bits(struct draw *draw)
{
    uint64_t *s = draw->state;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double draw_unit(struct draw *draw)
{
    return (double)(draw_bits(draw) >> 11) * 0x1p-53;
}

double draw_between(struct draw *draw, double low, double high)
{
    return low + (high - low) * draw_unit(draw);
}

uint32_t draw_below(struct draw *draw, uint32_t count)
{
    return (uint32_t)(((draw_bits(draw) >> 32) * count) >> 32);
}

bool draw_chance(struct draw *draw, double probability)
{
    return draw_unit(draw) < probability;
}

double draw_normal(struct draw *draw, double mean, double deviation)
{
    double radius = sqrt(-2.0 * log(1.0 - draw_unit(draw)));
    return mean + deviation * radius * cos(6.283185307179586 * draw_unit(draw));
}

double draw_lognormal(struct draw *draw, double median, double sigma)
{
    return median * exp(draw_normal(draw, 0.0, sigma));
}

uint32_t draw_poisson(struct draw *draw, double mean)
{
    double limit = exp(-mean);
    double product = draw_unit(draw);
    uint32_t count = 0;

    while (product > limit && count < 10000) {
        product *= draw_unit(draw);
        count++;
    }
    return count;
}
