/* A model file to its first score: mapped, opened, one row. Exits on an error. */
#ifndef BENCH_FIRST_SCORE_H
#define BENCH_FIRST_SCORE_H

typedef double first_score_function(const char *path, const float *features);

__attribute__((visibility("default"))) first_score_function first_score;

#endif
