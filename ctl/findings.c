#include "ctl/findings.h"

#include <stdarg.h>
#include <stdlib.h>

#include "common/utf8.h"

static const struct {
    const char *name, *mark, *colour;
} SEVERITIES[] = {
    [FINDING_GOOD] = {"good", "ok", "\033[32m"},
    [FINDING_WARNING] = {"warning", "warning", "\033[33m"},
    [FINDING_REFUSAL] = {"refusal", "REFUSED", "\033[1;31m"},
};

void findings_add(struct findings *findings, enum severity severity, const char *area,
                  const char *format, ...)
{
    findings->warnings += severity == FINDING_WARNING;
    findings->refusals += severity == FINDING_REFUSAL;
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity == 0 ? 16 : 2 * findings->capacity;
        struct finding *list = reallocarray(findings->list, capacity, sizeof *list);
        if (list == NULL) {
            findings->failed = true;
            return;
        }
        findings->list = list;
        findings->capacity = capacity;
    }
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    if (length < 0) {
        findings->failed = true;
    } else {
        utf8_show(text, (size_t)length); /* it may quote files that others write */
        findings->list[findings->count++] = (struct finding){severity, area, text};
    }
    va_end(arguments);
}

void findings_print(const struct findings *findings, bool colour, FILE *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        fprintf(out, "%s%-8s%s %-14s %s\n", colour ? SEVERITIES[finding->severity].colour : "",
                SEVERITIES[finding->severity].mark, colour ? "\033[0m" : "", finding->area,
                finding->text);
    }
}

void findings_print_json(const struct findings *findings, struct json_writer *json)
{
    json_array_begin(json, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        json_object_begin(json, NULL);
        json_text(json, "severity", SEVERITIES[findings->list[i].severity].name);
        json_text(json, "area", findings->list[i].area);
        json_text(json, "text", findings->list[i].text);
        json_object_end(json);
    }
    json_array_end(json);
}

void findings_finish(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i].text);
    free(findings->list);
    *findings = (struct findings){0};
}
