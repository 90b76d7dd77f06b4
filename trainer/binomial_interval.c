#include "trainer/binomial_interval.h"

#include <float.h>
#include <math.h>

#define MOST_TERMS      1000000 /* it needs about sqrt(a + b) of them */
#define MOST_BISECTIONS 200

static double away_from_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* DLMF 8.17.22, evaluated by Lentz's method (1976); it converges for x < (a + 1) / (a + b + 2). */
static double continued_fraction(double a, double b, double x)
{
    double numerator = 1, denominator = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
    double fraction = denominator;

    for (double m = 1; m < MOST_TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        denominator = 1 / away_from_zero(1 + even * denominator);
        numerator = away_from_zero(1 + even / numerator);
        fraction *= numerator * denominator;
        denominator = 1 / away_from_zero(1 + odd * denominator);
        numerator = away_from_zero(1 + odd / numerator);
        fraction *= numerator * denominator;
        if (fabs(numerator * denominator - 1) < DBL_EPSILON)
            break;
    }
    return fraction;
}

double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b));
    if (x < (a + 1) / (a + b + 2))
        return front * continued_fraction(a, b, x) / a;
    return 1 - front * continued_fraction(b, a, 1 - x) / b;
}

/* The x at which I_x(a, b), which rises with x, is `chance`. */
static double inverse(double a, double b, double chance)
{
    double low = 0, high = 1;
    for (int i = 0; i < MOST_BISECTIONS; i++) {
        double middle = (low + high) / 2;
        if (middle <= low || middle >= high)
            break;
        if (incomplete_beta(a, b, middle) < chance)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct binomial_interval binomial_interval(int64_t hits, int64_t trials, double confidence)
{
    double beyond = (1 - confidence) / 2, k = (double)hits, n = (double)trials;
    return (struct binomial_interval){
        .lowest = hits <= 0 ? 0 : inverse(k, n - k + 1, beyond),
        .highest = hits >= trials ? 1 : inverse(k + 1, n - k, 1 - beyond),
    };
}
