/* The default forest's bytes, taken into the code as they are. */
#include "scorer/risk_model.h"

__asm__(".section .rodata\n"
        ".balign 8\n"
        ".hidden default_forest_start\n"
        ".global default_forest_start\n"
        "default_forest_start:\n"
        ".incbin \"" DEFAULT_FOREST_FILE "\"\n"
        ".hidden default_forest_end\n"
        ".global default_forest_end\n"
        "default_forest_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const unsigned char default_forest_start[] __attribute__((visibility("hidden")));
extern const unsigned char default_forest_end[] __attribute__((visibility("hidden")));

void risk_model_open_default(struct risk_model *model)
{
    risk_model_of_program(model, default_forest_start);
}
