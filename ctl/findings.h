/* What a check found, in the order found: said at once or as JSON. */
#ifndef CTL_FINDINGS_H
#define CTL_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "common/json_writer.h"

enum severity { FINDING_GOOD, FINDING_WARNING, FINDING_REFUSAL };

struct finding {
    enum severity severity;
    const char *area; /* "configuration", "store", …: a literal */
    char *text;       /* one sentence */
};

struct findings {
    struct finding *list;
    size_t count, capacity;
    size_t warnings, refusals;
    bool failed; /* memory ran out */
};

void findings_add(struct findings *findings, enum severity severity, const char *area,
                  const char *format, ...) PRINTF_LIKE(4, 5);
void findings_print(const struct findings *findings, bool colour, FILE *out);
void findings_print_json(const struct findings *findings, struct json_writer *json);
void findings_finish(struct findings *findings);

#endif
