/*
 * cold_start MODEL [LIBRARY]
 * Nanoseconds from main() to the first score of a model file: by the scorer in this program or, in
 * cold_start_library, by one that dlopen() brings, as PAM brings a module.
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

#ifdef FROM_LIBRARY
static first_score_function *find_score(const char *path)
{
    first_score_function *score = NULL;
    void *library = path != NULL ? dlopen(path, RTLD_NOW) : NULL;
    void *found = library != NULL ? dlsym(library, "first_score") : NULL;

    memcpy(&score, &found, sizeof score);
    return score;
}
#else
static first_score_function *find_score(const char *path)
{
    return path == NULL ? first_score : NULL;
}
#endif

int main(int argc, char **argv)
{
    long long begin = now_ns();
    first_score_function *score = argc > 1 ? find_score(argv[2]) : NULL;
    float features[FEATURE_COUNT];

    if (score == NULL) {
        fprintf(stderr, "usage: cold_start MODEL, cold_start_library MODEL LIBRARY\n");
        return 2;
    }
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        features[i] = (float)i / 7;
    double risk = score(argv[1], features);
    printf("%lld\n", now_ns() - begin);
    return risk >= 0 && risk <= 1 ? 0 : 1;
}
