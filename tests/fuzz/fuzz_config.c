/* No text crashes the parser, and what it takes survives being printed and read again. */
#include <stdlib.h>
#include <string.h>

#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char *print(const struct config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL || !config_print(config, out) || fclose(out) != 0)
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct config config;
    static struct config again;
    char *text = strndup((const char *)bytes, size);
    if (text == NULL)
        abort();
    config_init(&config);
    config_init(&again);
    struct error error = ERROR_NONE;
    if (config_parse(&config, text, "fuzz", &error)) {
        char *printed = print(&config);
        if (error.text[0] != '\0' || !config_parse(&again, printed, "printed", &error))
            abort();
        char *printed_again = print(&again);
        if (strcmp(printed, printed_again) != 0 || config.deny_budget != again.deny_budget)
            abort();
        free(printed_again);
        free(printed);
    } else if (error.fault != FAULT_CONFIG || error.text[0] == '\0') {
        abort();
    }
    free(text);
    return 0;
}
