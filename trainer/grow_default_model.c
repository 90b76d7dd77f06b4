/* Grows the default model at build time: grow_default_model FILE. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "trainer/bootstrap.h"

int main(int argc, char **argv)
{
    struct error error = ERROR_NONE;
    struct fit_result result = {.bytes = NULL};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (argc != 2) {
        fputs("usage: grow_default_model FILE\n", stderr);
        return 2;
    }
    unsigned threads = processors > 1 && processors < 16 ? (unsigned)processors : 2;
    if (!bootstrap_model(BOOTSTRAP_SEED, threads, &result, &error)) {
        fprintf(stderr, "grow_default_model: %s\n", error.text);
        return 1;
    }
    FILE *out = fopen(argv[1], "wb");
    bool written = out != NULL && fwrite(result.bytes, 1, result.size, out) == result.size;
    if (out == NULL || fclose(out) != 0 || !written) {
        fprintf(stderr, "grow_default_model: cannot write %s\n", argv[1]);
        free(result.bytes);
        return 1;
    }
    printf("default model: %s, %zu bytes, held-out AUC %.4f, recall at 1%% %.3f\n",
           fit_forest_name(result.kind), result.size, result.measures.auc,
           result.measures.recall_at_1pct);
    free(result.bytes);
    return 0;
}
