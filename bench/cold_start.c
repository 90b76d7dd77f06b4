/*
 * cold_start MODEL [LIBRARY]
 * Nanoseconds from main() to the first score of a model file: by the scorer in this program, or by
 * one that dlopen() brings, as PAM brings a module.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/first_score.h"
#include "scorer/features.h"

static long long now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    long long begin = now_ns();
    float features[FEATURE_COUNT];
    first_score_function *score = first_score;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: cold_start MODEL [LIBRARY]\n");
        return 2;
    }
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        features[i] = (float)i / 7;
    if (argc == 3) {
        void *library = dlopen(argv[2], RTLD_NOW);
        void *found = library != NULL ? dlsym(library, "first_score") : NULL;
        if (found == NULL) {
            fprintf(stderr, "cold_start: %s\n", dlerror());
            return 1;
        }
        memcpy(&score, &found, sizeof found);
    }
    double risk = score(argv[1], features);
    printf("%lld\n", now_ns() - begin);
    return risk >= 0 && risk <= 1 ? 0 : 1;
}
